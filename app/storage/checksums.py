"""Checksums of stored data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from app.storage.errors import DamagedCheckpoint

MISMATCH = "the checksum does not match"


def digest_of(*parts: bytes) -> bytes:
    """SHA-256 of one part; of several parts, SHA-256 of their concatenated digests."""
    if len(parts) == 1:
        return hashlib.sha256(parts[0]).digest()
    return hashlib.sha256(b"".join(map(digest_of, parts))).digest()


def check(data: bytes, digest: bytes | None) -> None:
    """Compare data with their digest; rows of the first revision have none.

    Raises:
        DamagedCheckpoint: they differ.
    """
    if digest is not None and digest_of(data) != bytes(digest):
        raise DamagedCheckpoint(MISMATCH)


def check_parts(parts: Sequence[bytes], digest: bytes) -> None:
    """Compare several parts with their common digest.

    Raises:
        DamagedCheckpoint: they differ.
    """
    if digest_of(*parts) != bytes(digest):
        raise DamagedCheckpoint(MISMATCH)
