"""The store itself: whole checkpoints in, whole checkpoints out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from app.checkpoint import Checkpoint
from app.store.codec import Encoded, decode, encode
from app.store.errors import StoreError
from app.store.migrate import migrate
from app.store.tables import sessions, texts

FILE = "sessions.sqlite"
BUSY_SECONDS = 5.0
"""How long to wait for another process that writes to the same file."""
CONNECT_SECONDS = 3
STATEMENT_MS = 10_000
"""A database that does not answer for so long counts as unreachable."""


@dataclass(frozen=True)
class Stored:
    """What the store holds of a session.

    Attributes:
        checkpoint: the session.
        saved_at: Unix time when it was taken in.
    """

    checkpoint: Checkpoint
    saved_at: float


def default_url(data_dir: Path) -> str:
    """The store of a server that was told of no other: a file in its data folder."""
    return f"sqlite:///{data_dir.absolute() / FILE}"


class Store:
    """Keeps the newest checkpoint of every session; safe to use from several threads.

    Every method may raise `StoreError`; what was there before is there still.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at an address as SQLAlchemy writes it, made or brought up to date.

        Raises:
            StoreError: it cannot be reached, or there is no driver for it.
        """
        engine = _engine(_with_driver(url))
        with _errors_in_words():
            migrate(engine)
        return cls(engine)

    @property
    def kind(self) -> str:
        """The name of the database's make."""
        return self._engine.dialect.name

    def save(self, checkpoints: Sequence[Checkpoint], at: float) -> None:
        """Take in these checkpoints, all of them or none, at this Unix time."""
        encoded = [(checkpoint, encode(checkpoint)) for checkpoint in checkpoints]
        with _errors_in_words(), self._engine.begin() as connection:
            for checkpoint, parts in encoded:
                _write(connection, checkpoint, parts, at)

    def load(self, session_id: str) -> Stored | None:
        """The session's checkpoint; None where there is none.

        Raises:
            DamagedCheckpoint: it cannot be read.
        """
        wanted = (
            sa.select(sessions.c.saved_at, sessions.c.state, sessions.c.arrays, texts.c.text)
            .join(texts)
            .where(sessions.c.session_id == session_id)
        )
        with _errors_in_words(), self._engine.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        encoded = Encoded(bytes(row.state), bytes(row.arrays), bytes(row.text))
        return Stored(decode(session_id, encoded), row.saved_at)

    def touch(self, session_ids: Sequence[str], at: float) -> None:
        """Note that these sessions were in use at this Unix time."""
        touched = (
            sa.update(sessions)
            .where(sessions.c.session_id.in_(sa.bindparam("ids", expanding=True)))
            .values(seen_at=at)
        )
        with _errors_in_words(), self._engine.begin() as connection:
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

    def _remove(self, which: sa.ColumnElement[bool]) -> int:
        gone = sa.select(sessions.c.session_id).where(which)
        with _errors_in_words(), self._engine.begin() as connection:
            connection.execute(sa.delete(texts).where(texts.c.session_id.in_(gone)))
            return connection.execute(sa.delete(sessions).where(which)).rowcount


def _write(connection: sa.Connection, checkpoint: Checkpoint, parts: Encoded, at: float) -> None:
    session_id = checkpoint.session_id
    values = {
        "saved_at": at,
        "seen_at": at,
        "version": checkpoint.version,
        "state": parts.state,
        "arrays": parts.arrays,
    }
    known = connection.execute(
        sa.select(texts.c.version).where(texts.c.session_id == session_id)
    ).scalar_one_or_none()
    if known is None:
        connection.execute(sa.insert(sessions).values(session_id=session_id, **values))
        connection.execute(
            sa.insert(texts).values(
                session_id=session_id, version=checkpoint.version, text=parts.text
            )
        )
        return
    connection.execute(
        sa.update(sessions).where(sessions.c.session_id == session_id).values(**values)
    )
    if known != checkpoint.version:
        connection.execute(
            sa.update(texts)
            .where(texts.c.session_id == session_id)
            .values(version=checkpoint.version, text=parts.text)
        )


def _with_driver(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            "The database's address cannot be read: write it like "
            "postgresql://user:password@host/name."
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _engine(url: URL) -> sa.Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        options = {
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_MS}",
        }
        return sa.create_engine(url, pool_pre_ping=True, connect_args=options)
    except ModuleNotFoundError:
        raise StoreError(
            'The driver of PostgreSQL is not installed: pip install "charnn[postgres]".'
        ) from None
    except NoSuchModuleError:
        raise StoreError(
            f"Sessions cannot be kept in {url.drivername}: take sqlite or postgresql."
        ) from None


def _sqlite(url: URL) -> sa.Engine:
    if url.database and url.database != ":memory:":
        file = Path(url.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        # Whoever may read it may read what people wrote.
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # `_begin` says when a transaction begins
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")  # who reads does not wait for who writes
        cursor.execute("PRAGMA synchronous=NORMAL")  # a killed process loses nothing by it
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # At once as one who writes: two who read first would block each other.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextlib.contextmanager
def _errors_in_words() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(_in_words(error)) from error
    except OSError as error:
        raise StoreError(f"The store cannot be used: {error.strerror or error}.") from error


def _in_words(error: SQLAlchemyError) -> str:
    """The database's own first line: SQLAlchemy's would repeat what was to be written."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"The store cannot be used: {reason[0] if reason else type(error).__name__}."
