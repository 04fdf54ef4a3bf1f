"""Texts in the database: each is stored once, and referred to by its SHA-256."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from app.storage.capacity import StoreCapacity
from app.storage.checkpoint_codec import decode_text, digest_of, encode_text
from app.storage.database import READING, insert_into
from app.storage.errors import translate_db_errors
from app.storage.expiry import GRACE_SECONDS, Expiry
from app.storage.schema import contents, sessions, set_aside, shares

MAX_UNUSED_SHARE = 0.1
"""Share of the store's limit for texts that were uploaded and that nothing refers to yet."""

_REFERENCES = sa.union(
    *(
        sa.select(table.c.text_digest).where(table.c.text_digest.is_not(None))
        for table in (sessions, shares, set_aside)
    )
)
_IS_UNUSED = contents.c.digest.not_in(_REFERENCES)


class TextStore:
    """Stores texts that were uploaded, until sessions and copies refer to them; thread-safe.

    Every method may raise `StoreError`; the stored data are then unchanged.
    """

    def __init__(self, engine: sa.Engine, capacity: StoreCapacity) -> None:
        self._engine = engine
        self._capacity = capacity

    def put(self, text: str, at: float) -> str:
        """Store a text at this Unix time; returns its checksum in hexadecimal digits.

        It stays a day, unless a session or a copy refers to it by then. The oldest texts without a
        reference make room for new ones.

        Raises:
            BusyError: the store is full.
        """
        content = encode_text(text)
        digest = digest_of(content)
        self._capacity.check_new()
        with translate_db_errors(), self._engine.begin() as connection:
            if self._capacity.limit is not None:
                room = MAX_UNUSED_SHARE * self._capacity.limit - len(content)
                _remove(connection, _beyond(connection, room))
            insert_missing(connection, {digest: text}, at)
        return digest.hex()

    def get(self, checksum: str) -> str | None:
        """The text with this checksum; None if there is none.

        Raises:
            DamagedCheckpoint: it cannot be read.
        """
        query = sa.select(contents.c.text).where(contents.c.digest == bytes.fromhex(checksum))
        with translate_db_errors(), self._engine.connect() as connection:
            connection.execution_options(**{READING: True})
            content = connection.execute(query).scalar_one_or_none()
        return None if content is None else decode_text(bytes(content))

    def remove_unused(self, now: float) -> Expiry:
        """Remove texts to which nothing has referred for a day before this Unix time."""
        since = contents.c.expiring_since
        with translate_db_errors(), self._engine.begin() as connection:
            used = sa.update(contents).where(since.is_not(None), sa.not_(_IS_UNUSED))
            connection.execute(used.values(expiring_since=None))
            due = sa.select(contents.c.digest).where(_IS_UNUSED, since <= now - GRACE_SECONDS)
            removed = _remove(connection, list(connection.execute(due).scalars()))
            unmarked = sa.or_(since.is_(None), since > now)
            marks = sa.update(contents).where(_IS_UNUSED, unmarked).values(expiring_since=now)
            return Expiry(connection.execute(marks).rowcount, removed)


def insert_missing(connection: sa.Connection, texts: Mapping[bytes, str], at: float) -> None:
    """Store the texts that are missing, by their digests, and lock the others until the commit.

    A lock prevents that a text is removed before the transaction refers to it.
    """
    query = (
        sa.select(contents.c.digest)
        .where(contents.c.digest.in_(texts))
        .order_by(contents.c.digest)
        .with_for_update(read=True)  # SQLite has one writer, and needs none
    )
    there = set(map(bytes, connection.execute(query).scalars()))
    insert = insert_into(contents, connection)
    for digest in sorted(texts.keys() - there):
        content = encode_text(texts[digest])
        row = {"digest": digest, "size": len(content), "stored_at": at, "text": content}
        connection.execute(insert.on_conflict_do_nothing(), row)


def _beyond(connection: sa.Connection, room: float) -> list[bytes]:
    """The texts without a reference that exceed so many bytes together, but for the newest."""
    query = (
        sa.select(contents.c.digest, contents.c.size)
        .where(_IS_UNUSED)
        .order_by(contents.c.stored_at.desc())
    )
    found, total = [], 0
    for digest, size in connection.execute(query):
        total += size
        if total > room:
            found.append(bytes(digest))
    return found


def _remove(connection: sa.Connection, digests: list[bytes]) -> int:
    """Remove those of these texts that are unused; returns how many.

    The rows are locked first: a transaction that is about to refer to one commits before they are
    looked at again.
    """
    if not digests:
        return 0
    chosen = contents.c.digest.in_(digests)
    connection.execute(sa.select(contents.c.digest).where(chosen).with_for_update())
    return connection.execute(sa.delete(contents).where(chosen, _IS_UNUSED)).rowcount
