"""Shared copies in the database: written once, read by id, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.storage.checkpoint_codec import Encoded, decode, encode
from app.storage.checksums import check_parts, digest_of
from app.storage.database import READING
from app.storage.errors import translate_db_errors
from app.storage.schema import sessions, shares
from app.training.checkpoint import Checkpoint

TOUCH_SECONDS = 3600.0
"""A copy that a whole class opens is noted to be in use once an hour, not with every visitor."""


@dataclass(frozen=True)
class ShareInfo:
    """Metadata of a shared copy.

    Attributes:
        share_id: its name.
        created_at: Unix time when it was shared.
        steps: of its network's training.
        sentences: of its text.
        perplexity: as last seen; None where there is none.
    """

    share_id: str
    created_at: float
    steps: int
    sentences: int
    perplexity: float | None


class ShareStore:
    """Keeps what sessions have shared; safe to use from several threads.

    Every method may raise `StoreError`; what was there before is there still.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def keep(
        self, owner_id: str, checkpoint: Checkpoint, about: ShareInfo, most: int
    ) -> str | None:
        """Take in a copy, and return its name; None where its owner has so many already.

        Where the owner has shared just the same before, that copy's name is returned.
        """
        parts = encode(checkpoint)
        digest = digest_of(*parts)
        row = {
            "share_id": about.share_id,
            "owner_id": owner_id,
            "created_at": about.created_at,
            "seen_at": about.created_at,
            "steps": about.steps,
            "sentences": about.sentences,
            "perplexity": about.perplexity,
            "digest": digest,
            **parts._asdict(),
        }
        own = shares.c.owner_id == owner_id
        the_same = sa.select(shares.c.share_id).where(own, shares.c.digest == digest)
        how_many = sa.select(sa.func.count()).select_from(shares).where(own)
        with translate_db_errors(), self._engine.begin() as connection:
            _one_at_a_time(connection, owner_id)
            known: str | None = connection.execute(the_same).scalar()
            if known is not None:
                return known
            if connection.execute(how_many).scalar_one() >= most:
                return None
            connection.execute(sa.insert(shares), row)
        return about.share_id

    def has(self, share_id: str) -> bool:
        """Whether there is such a copy."""
        return bool(self._read(sa.select(shares.c.share_id).where(shares.c.share_id == share_id)))

    def fetch(self, share_id: str, at: float) -> Checkpoint | None:
        """What was shared, at this Unix time; None where there is no such copy.

        Raises:
            DamagedCheckpoint: it cannot be read.
        """
        wanted = sa.select(
            shares.c.state, shares.c.arrays, shares.c.text, shares.c.digest, shares.c.seen_at
        ).where(shares.c.share_id == share_id)
        found = self._read(wanted)
        if not found:
            return None
        row = found[0]
        if at - row.seen_at > TOUCH_SECONDS:
            self._touch(share_id, at)
        encoded = Encoded(bytes(row.state), bytes(row.arrays), bytes(row.text))
        check_parts(encoded, row.digest)
        return decode("", encoded)

    def of(self, owner_id: str) -> list[ShareInfo]:
        """The copies that a session has shared, the newest first."""
        wanted = (
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
        return [ShareInfo(*tuple(row)) for row in self._read(wanted)]

    def withdraw(self, owner_id: str, share_id: str) -> bool:
        """Forget a copy; whether it was there, and this session's."""
        theirs = (shares.c.share_id == share_id, shares.c.owner_id == owner_id)
        return self._write(sa.delete(shares).where(*theirs)) == 1

    def remove_untouched(self, before: float) -> int:
        """Forget the copies without an owner that were not opened since this Unix time.

        A session that is kept keeps its copies. How many there were.
        """
        kept = sa.select(sessions.c.session_id)
        return self._write(
            sa.delete(shares).where(shares.c.seen_at < before, shares.c.owner_id.not_in(kept))
        )

    def _touch(self, share_id: str, at: float) -> None:
        self._write(sa.update(shares).where(shares.c.share_id == share_id).values(seen_at=at))

    def _read(self, wanted: sa.Select[Any]) -> list[sa.Row[Any]]:
        with translate_db_errors(), self._engine.connect() as connection:
            connection.execution_options(**{READING: True})
            return list(connection.execute(wanted))

    def _write(self, change: sa.Delete | sa.Update) -> int:
        with translate_db_errors(), self._engine.begin() as connection:
            return connection.execute(change).rowcount


def _one_at_a_time(connection: sa.Connection, owner_id: str) -> None:
    """Have two servers, which share for one session at once, count one after the other.

    SQLite lets only one write at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        lock = int.from_bytes(digest_of(owner_id.encode())[:8], signed=True)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
