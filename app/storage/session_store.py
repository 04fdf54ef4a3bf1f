"""The store of session checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from app.storage.capacity import StoreCapacity
from app.storage.checkpoint_codec import Encoded, decode_row, digest_of, encode
from app.storage.database import READING, insert_into, make_engine, migrate
from app.storage.errors import translate_db_errors
from app.storage.expiry import Expiry, remove_expired
from app.storage.schema import contents, sessions, set_aside, texts
from app.storage.set_aside import SetAsideStore
from app.storage.share_store import ShareStore
from app.storage.text_store import TextStore, insert_missing
from app.training.checkpoint import Checkpoint

FILE = "sessions.sqlite"


@dataclass(frozen=True)
class StoredSession:
    """A stored checkpoint.

    Attributes:
        checkpoint: the checkpoint.
        saved_at: Unix time when it was saved.
    """

    checkpoint: Checkpoint
    saved_at: float


def default_url(data_dir: Path) -> str:
    """The URL of the default store: an SQLite file in the data directory."""
    file = URL.create("sqlite", database=str(data_dir.absolute() / FILE))
    return file.render_as_string(hide_password=False)


class Store:
    """Stores the newest checkpoint of every session; thread-safe.

    Every method may raise `StoreError`; the stored data are then unchanged.

    If several processes train sessions of one store, each has a lease owner's name. Only the last
    process to claim a session may write it: a machine that was cut off and replaced cannot
    overwrite newer checkpoints.

    Attributes:
        shares: the shared copies.
        texts: the texts, each stored once.
        set_aside: checkpoints that cannot be used now.
        capacity: the size of the store, and its limit.
    """

    def __init__(
        self, engine: sa.Engine, lease_owner: str | None = None, limit: int | None = None
    ) -> None:
        self._engine = engine
        self._lease_owner = lease_owner
        self.shares = ShareStore(engine)
        self.set_aside = SetAsideStore(engine)
        self.capacity = StoreCapacity(engine, limit)
        self.texts = TextStore(engine, self.capacity)

    @classmethod
    def open(cls, url: str, lease_owner: str | None = None, limit: int | None = None) -> Store:
        """The store at a URL, created or migrated to the current schema.

        Args:
            url: a SQLAlchemy URL.
            lease_owner: a unique name; None if no other process trains these sessions.
            limit: bytes from which on it takes no new sessions and copies; None for no limit.

        Raises:
            StoreError: the database is unreachable, or its driver is not installed.
        """
        with translate_db_errors():
            engine = make_engine(url)
            migrate(engine)
        return cls(engine, lease_owner, limit)

    @property
    def kind(self) -> str:
        """The SQLAlchemy dialect of the database."""
        return self._engine.dialect.name

    def save(self, checkpoints: Sequence[Checkpoint], at: float) -> frozenset[str]:
        """Save these checkpoints in one transaction, at this Unix time.

        Returns:
            The sessions that another owner has claimed; they are not saved.
        """
        rows = [_Row(checkpoint, encode(checkpoint)) for checkpoint in _in_order(checkpoints)]
        if not rows:
            return frozenset()
        self.capacity.check_existing()
        with translate_db_errors(), self._engine.begin() as connection:
            claimed = self._leased_by_others(connection, rows)
            own = [row for row in rows if row.checkpoint.session_id not in claimed]
            if own:
                _write(connection, own, at, self._lease_owner)
        return claimed

    def claim(self, session_id: str) -> None:
        """Make this process the session's lease owner; without an owner's name, do nothing."""
        if self._lease_owner is None:
            return
        claim = (
            sa.update(sessions)
            .where(sessions.c.session_id == session_id)
            .values(lease_owner=self._lease_owner)
        )
        with translate_db_errors(), self._engine.begin() as connection:
            connection.execute(claim)

    def load(self, session_id: str) -> StoredSession | None:
        """The session's checkpoint; None if there is none.

        Raises:
            DamagedCheckpoint: it cannot be read; see `set_aside`.
        """
        query = (
            sa.select(
                sessions.c.saved_at,
                sessions.c.state,
                sessions.c.state_digest,
                sessions.c.arrays,
                sa.func.coalesce(contents.c.text, texts.c.text).label("text"),
                sa.func.coalesce(sessions.c.text_digest, texts.c.text_digest).label("text_digest"),
            )
            .outerjoin(texts)
            .outerjoin(contents, sessions.c.text_digest == contents.c.digest)
            .where(sessions.c.session_id == session_id)
        )
        with translate_db_errors(), self._engine.connect() as connection:
            connection.execution_options(**{READING: True})
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return StoredSession(decode_row(session_id, row), row.saved_at)

    def has(self, session_id: str) -> bool:
        """Whether there is a checkpoint of the session, or one that was set aside."""
        queries = [
            sa.select(sa.literal(1)).where(table.c.session_id == session_id).limit(1)
            for table in (sessions, set_aside)
        ]
        with translate_db_errors(), self._engine.connect() as connection:
            connection.execution_options(**{READING: True})
            return any(connection.execute(query).first() is not None for query in queries)

    def touch(self, session_ids: Sequence[str], at: float) -> None:
        """Record that these sessions were in use at this Unix time."""
        update = (
            sa.update(sessions)
            .where(sessions.c.session_id.in_(sa.bindparam("ids", expanding=True)))
            .values(seen_at=at, expiring_since=None)
        )
        with translate_db_errors(), self._engine.begin() as connection:
            connection.execute(update, {"ids": list(session_ids)})

    def remove_expired(self, unused_since: float, now: float) -> Expiry:
        """Remove the sessions that have been unused since this Unix time; see `Expiry`."""
        with translate_db_errors(), self._engine.begin() as connection:
            return remove_expired(connection, sessions, sessions.c.seen_at < unused_since, now)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _leased_by_others(self, connection: sa.Connection, rows: Sequence[_Row]) -> frozenset[str]:
        if self._lease_owner is None:
            return frozenset()
        ids = [row.checkpoint.session_id for row in rows]
        query = (
            sa.select(sessions.c.session_id)
            .where(sessions.c.session_id.in_(ids), sessions.c.lease_owner != self._lease_owner)
            .with_for_update()
        )
        return frozenset(connection.execute(query).scalars())


@dataclass(frozen=True)
class _Row:
    checkpoint: Checkpoint
    parts: Encoded


def _in_order(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """The last checkpoint of each session, sorted: a common lock order avoids deadlocks."""
    newest = {checkpoint.session_id: checkpoint for checkpoint in checkpoints}
    return [newest[session_id] for session_id in sorted(newest)]


def _write(
    connection: sa.Connection, rows: Sequence[_Row], at: float, lease_owner: str | None
) -> None:
    given = {row.checkpoint.text_digest: row.checkpoint.text for row in rows}
    insert_missing(connection, given, at)
    _upsert(
        connection,
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
                "expiring_since": None,
                "text_digest": row.checkpoint.text_digest,
            }
            for row in rows
        ],
    )
    ids = [row.checkpoint.session_id for row in rows]
    connection.execute(sa.delete(texts).where(texts.c.session_id.in_(ids)))


def _upsert(connection: sa.Connection, rows: list[dict[str, object]]) -> None:
    """Insert the sessions, or update those that exist."""
    insert = insert_into(sessions, connection)
    changed = {name: insert.excluded[name] for name in rows[0] if name != "session_id"}
    connection.execute(
        insert.on_conflict_do_update(index_elements=["session_id"], set_=changed), rows
    )
