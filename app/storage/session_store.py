"""The store itself: whole checkpoints in, whole checkpoints out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from app.storage.checkpoint_codec import Encoded, decode, encode
from app.storage.checksums import check, digest_of
from app.storage.database import READING, make_engine, migrate
from app.storage.errors import DamagedCheckpoint, translate_db_errors
from app.storage.schema import sessions, texts
from app.storage.share_store import ShareStore
from app.training.checkpoint import Checkpoint

FILE = "sessions.sqlite"


@dataclass(frozen=True)
class StoredSession:
    """What the store holds of a session.

    Attributes:
        checkpoint: the session.
        saved_at: Unix time when it was taken in.
    """

    checkpoint: Checkpoint
    saved_at: float


def default_url(data_dir: Path) -> str:
    """The store of a server that was told of no other: a file in its data folder."""
    file = URL.create("sqlite", database=str(data_dir.absolute() / FILE))
    return file.render_as_string(hide_password=False)


class Store:
    """Keeps the newest checkpoint of every session; safe to use from several threads.

    Every method may raise `StoreError`; what was there before is there still.

    Where several processes train sessions of one store, each has a holder's name. Who has claimed a
    session last is the only one to write it: a machine that was taken for dead, and was only cut
    off, cannot bring back what has gone on elsewhere since.

    Attributes:
        copies: what the sessions have shared.
    """

    def __init__(self, engine: sa.Engine, lease_owner: str | None = None) -> None:
        self._engine = engine
        self._lease_owner = lease_owner
        self.shares = ShareStore(engine)

    @classmethod
    def open(cls, url: str, lease_owner: str | None = None) -> Store:
        """The store at an address as SQLAlchemy writes it, made or brought up to date.

        Args:
            url: the address.
            lease_owner: a unique name; None if no other process trains these sessions.

        Raises:
            StoreError: it cannot be reached, or there is no driver for it.
        """
        with translate_db_errors():
            engine = make_engine(url)
            migrate(engine)
        return cls(engine, lease_owner)

    @property
    def kind(self) -> str:
        """The name of the database's make."""
        return self._engine.dialect.name

    def save(self, checkpoints: Sequence[Checkpoint], at: float) -> frozenset[str]:
        """Take in these checkpoints, all of them or none, at this Unix time.

        Returns:
            The sessions that another holder has claimed meanwhile: those are left as they are.
        """
        rows = [_Row(checkpoint, encode(checkpoint)) for checkpoint in _in_order(checkpoints)]
        if not rows:
            return frozenset()
        with translate_db_errors(), self._engine.begin() as connection:
            theirs = self._leased_by_others(connection, rows)
            ours = [row for row in rows if row.checkpoint.session_id not in theirs]
            if ours:
                _write(connection, ours, at, self._lease_owner)
        return theirs

    def claim(self, session_id: str) -> None:
        """Be the only one to write this session from now on, if it is there and holders count."""
        if self._lease_owner is None:
            return
        claimed = (
            sa.update(sessions)
            .where(sessions.c.session_id == session_id)
            .values(lease_owner=self._lease_owner)
        )
        with translate_db_errors(), self._engine.begin() as connection:
            connection.execute(claimed)

    def load(self, session_id: str) -> StoredSession | None:
        """The session's checkpoint; None where there is none.

        Raises:
            DamagedCheckpoint: it cannot be read.
        """
        wanted = (
            sa.select(
                sessions.c.saved_at,
                sessions.c.state,
                sessions.c.state_digest,
                sessions.c.arrays,
                texts.c.text,
                texts.c.text_digest,
            )
            .outerjoin(texts)
            .where(sessions.c.session_id == session_id)
        )
        with translate_db_errors(), self._engine.connect() as connection:
            connection.execution_options(**{READING: True})
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        if row.text is None:
            raise DamagedCheckpoint("its text is missing")
        encoded = Encoded(bytes(row.state), bytes(row.arrays), bytes(row.text))
        check(encoded.state, row.state_digest)  # the arrays bring checksums of their own
        check(encoded.text, row.text_digest)
        return StoredSession(decode(session_id, encoded), row.saved_at)

    def touch(self, session_ids: Sequence[str], at: float) -> None:
        """Note that these sessions were in use at this Unix time."""
        touched = (
            sa.update(sessions)
            .where(sessions.c.session_id.in_(sa.bindparam("ids", expanding=True)))
            .values(seen_at=at)
        )
        with translate_db_errors(), self._engine.begin() as connection:
            connection.execute(touched, {"ids": list(session_ids)})

    def remove(self, session_id: str) -> None:
        """Forget the session."""
        self._remove(sessions.c.session_id == session_id)

    def remove_untouched(self, before: float) -> int:
        """Forget every session that was last in use before this Unix time; how many there were."""
        return self._remove(sessions.c.seen_at < before)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _leased_by_others(self, connection: sa.Connection, rows: Sequence[_Row]) -> frozenset[str]:
        if self._lease_owner is None:
            return frozenset()
        ids = [row.checkpoint.session_id for row in rows]
        theirs = (
            sa.select(sessions.c.session_id)
            .where(sessions.c.session_id.in_(ids), sessions.c.lease_owner != self._lease_owner)
            .with_for_update()
        )
        return frozenset(connection.execute(theirs).scalars())

    def _remove(self, which: sa.ColumnElement[bool]) -> int:
        with translate_db_errors(), self._engine.begin() as connection:
            return connection.execute(sa.delete(sessions).where(which)).rowcount  # texts go along


@dataclass(frozen=True)
class _Row:
    checkpoint: Checkpoint
    parts: Encoded


def _in_order(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Each session's last one; all threads take sessions in the same order, and none blocks."""
    newest = {checkpoint.session_id: checkpoint for checkpoint in checkpoints}
    return [newest[session_id] for session_id in sorted(newest)]


def _write(
    connection: sa.Connection, rows: Sequence[_Row], at: float, lease_owner: str | None
) -> None:
    _put(
        connection,
        sessions,
        [
            {
                "session_id": row.checkpoint.session_id,
                "saved_at": at,
                "seen_at": at,
                "version": row.checkpoint.version,
                "state": row.parts.state,
                "state_digest": digest_of(row.parts.state),
                "arrays": row.parts.arrays,
                "lease_owner": lease_owner,
            }
            for row in rows
        ],
    )
    ids = [row.checkpoint.session_id for row in rows]
    known = sa.select(texts.c.session_id, texts.c.text_digest).where(texts.c.session_id.in_(ids))
    digests = {row.session_id: row.text_digest for row in connection.execute(known)}
    # A version tells a session's texts apart, but not those of a session that was begun anew
    # because the store had lost it: a digest does.
    given = [(row, digest_of(row.parts.text)) for row in rows]
    _put(
        connection,
        texts,
        [
            {
                "session_id": row.checkpoint.session_id,
                "version": row.checkpoint.version,
                "text": row.parts.text,
                "text_digest": digest,
            }
            for row, digest in given
            if digests.get(row.checkpoint.session_id) != digest
        ],
    )


def _put(connection: sa.Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    """Insert the rows, in place of those that are there already."""
    if not rows:
        return
    postgres = connection.dialect.name == "postgresql"
    insert = postgresql.insert(table) if postgres else sqlite.insert(table)
    changed = {name: insert.excluded[name] for name in rows[0] if name != "session_id"}
    connection.execute(
        insert.on_conflict_do_update(index_elements=["session_id"], set_=changed), rows
    )
