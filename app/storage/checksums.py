"""Whether what is read is what was written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from app.storage.errors import DamagedCheckpoint

CHANGED = "it has changed since it was written"


def digest_of(*parts: bytes) -> bytes:
    """SHA-256 of these bytes; of several parts, of their digests in a row: each has its bounds."""
    if len(parts) == 1:
        return hashlib.sha256(parts[0]).digest()
    return hashlib.sha256(b"".join(map(digest_of, parts))).digest()


def check(data: bytes, digest: bytes | None) -> None:
    """Whether it is what was written; rows of the first revision have no digest.

    Raises:
        DamagedCheckpoint: it is not.
    """
    if digest is not None and digest_of(data) != bytes(digest):
        raise DamagedCheckpoint(CHANGED)


def check_parts(parts: Sequence[bytes], digest: bytes) -> None:
    """Whether all of these together are what was written.

    Raises:
        DamagedCheckpoint: they are not.
    """
    if digest_of(*parts) != bytes(digest):
        raise DamagedCheckpoint(CHANGED)
