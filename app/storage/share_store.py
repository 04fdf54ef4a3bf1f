"""Shared copies in the database: written once, read by id, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.storage.checkpoint_codec import (
    MISMATCH,
    Encoded,
    decode,
    decode_text,
    digest_of,
    encode,
)
from app.storage.database import READING
from app.storage.errors import DamagedCheckpoint, translate_db_errors
from app.storage.expiry import Expiry, remove_expired
from app.storage.schema import contents, sessions, shares
from app.storage.text_store import insert_missing
from app.training.checkpoint import Checkpoint

TOUCH_SECONDS = 3600.0
"""Interval at which the time of last use is updated, instead of with every visitor."""


@dataclass(frozen=True)
class ShareInfo:
    """Metadata of a shared copy.

    Attributes:
        share_id: the id.
        created_at: Unix time when it was shared.
        steps: training steps of the network.
        sentences: number of sentences of the text.
        perplexity: training perplexity when it was shared; None if unknown.
    """

    share_id: str
    created_at: float
    steps: int
    sentences: int
    perplexity: float | None


class ShareStore:
    """Stores shared copies; thread-safe.

    Every method may raise `StoreError`; the stored data are then unchanged.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def save(
        self, owner_id: str, checkpoint: Checkpoint, info: ShareInfo, limit: int
    ) -> str | None:
        """Save a copy; returns its id, or None if the owner has reached the limit.

        If the owner has shared an identical copy, the id of that copy is returned.
        """
        parts, text_digest = encode(checkpoint), checkpoint.text_digest
        digest = _digest(parts, text_digest)
        row = {
            "share_id": info.share_id,
            "owner_id": owner_id,
            "created_at": info.created_at,
            "seen_at": info.created_at,
            "steps": info.steps,
            "sentences": info.sentences,
            "perplexity": info.perplexity,
            "digest": digest,
            "text": b"",
            "text_digest": text_digest,
            **parts._asdict(),
        }
        own = shares.c.owner_id == owner_id
        identical = sa.select(shares.c.share_id).where(own, shares.c.digest == digest)
        count = sa.select(sa.func.count()).select_from(shares).where(own)
        with translate_db_errors(), self._engine.begin() as connection:
            _lock_owner(connection, owner_id)
            known: str | None = connection.execute(identical).scalar()
            if known is not None:
                return known
            if connection.execute(count).scalar_one() >= limit:
                return None
            insert_missing(connection, {text_digest: checkpoint.text}, info.created_at)
            connection.execute(sa.insert(shares), row)
        return info.share_id

    def has(self, share_id: str) -> bool:
        """Whether there is such a copy."""
        return bool(self._read(sa.select(shares.c.share_id).where(shares.c.share_id == share_id)))

    def fetch(self, share_id: str, at: float) -> Checkpoint | None:
        """The shared checkpoint, used at this Unix time; None if there is no such copy.

        Raises:
            DamagedCheckpoint: the copy is unreadable.
        """
        text = sa.func.coalesce(contents.c.text, shares.c.text).label("text")
        query = (
            sa.select(shares.c.state, shares.c.arrays, text, shares.c.digest, shares.c.seen_at)
            .outerjoin(contents, shares.c.text_digest == contents.c.digest)
            .where(shares.c.share_id == share_id)
        )
        rows = self._read(query)
        if not rows:
            return None
        row = rows[0]
        if at - row.seen_at > TOUCH_SECONDS:
            self._touch(share_id, at)
        encoded, content = Encoded(bytes(row.state), bytes(row.arrays)), bytes(row.text)
        if _digest(encoded, digest_of(content)) != bytes(row.digest):
            raise DamagedCheckpoint(MISMATCH)
        return decode("", encoded, decode_text(content))

    def of(self, owner_id: str) -> list[ShareInfo]:
        """The copies that a session has shared, newest first."""
        query = (
            sa.select(
                shares.c.share_id,
                shares.c.created_at,
                shares.c.steps,
                shares.c.sentences,
                shares.c.perplexity,
            )
            .where(shares.c.owner_id == owner_id)
            .order_by(shares.c.created_at.desc(), shares.c.share_id)
        )
        return [ShareInfo(*tuple(row)) for row in self._read(query)]

    def withdraw(self, owner_id: str, share_id: str) -> bool:
        """Delete a copy of this owner; returns whether there was one."""
        own = (shares.c.share_id == share_id, shares.c.owner_id == owner_id)
        return self._write(sa.delete(shares).where(*own)) == 1

    def remove_expired(self, unused_since: float, now: float) -> Expiry:
        """Remove copies not opened since this Unix time whose owner has expired; see `Expiry`."""
        owners = sa.select(sessions.c.session_id)
        unused = sa.and_(shares.c.seen_at < unused_since, shares.c.owner_id.not_in(owners))
        with translate_db_errors(), self._engine.begin() as connection:
            return remove_expired(connection, shares, unused, now)

    def _touch(self, share_id: str, at: float) -> None:
        self._write(
            sa.update(shares)
            .where(shares.c.share_id == share_id)
            .values(seen_at=at, expiring_since=None)
        )

    def _read(self, query: sa.Select[Any]) -> list[sa.Row[Any]]:
        with translate_db_errors(), self._engine.connect() as connection:
            connection.execution_options(**{READING: True})
            return list(connection.execute(query))

    def _write(self, change: sa.Delete | sa.Update) -> int:
        with translate_db_errors(), self._engine.begin() as connection:
            return connection.execute(change).rowcount


def _digest(parts: Encoded, text_digest: bytes) -> bytes:
    """SHA-256 of the digests of the state, the arrays and the text."""
    return digest_of(b"".join((*map(digest_of, parts), text_digest)))


def _lock_owner(connection: sa.Connection, owner_id: str) -> None:
    """Lock the owner until the transaction ends, so that the limit holds across servers.

    SQLite allows only one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        lock = int.from_bytes(digest_of(owner_id.encode())[:8], signed=True)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
