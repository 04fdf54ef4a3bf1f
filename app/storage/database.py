"""Connects to the database and migrates its tables."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.storage.errors import StoreError

BUSY_SECONDS = 5.0
"""How long to wait for another process that writes to the same file."""
CONNECT_SECONDS = 3
STATEMENT_MS = 10_000
"""A database that does not answer for so long counts as unreachable."""
READING = "charnn_reading"
"""The option of a connection that only reads, and so need not wait for who writes."""
MOST_OF_THE_LOG = 64 * 2**20
"""Bytes that SQLite's log may keep on the disk after a large checkpoint."""

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x636861726E6E  # "charnn": serialises servers that start together

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
}


def make_engine(url: str) -> sa.Engine:
    """SQLAlchemy's engine for an address; PostgreSQL is not asked yet.

    Raises:
        StoreError: the address cannot be used, or there is no driver for it.
        OSError, SQLAlchemyError: the file of SQLite cannot be used.
    """
    parsed = _parsed(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        return _postgresql(parsed)
    except ImportError:
        raise StoreError(
            'The driver of PostgreSQL is not installed: pip install "charnn[postgres]".'
        ) from None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number, say
        raise StoreError(
            "The database's address cannot be read: write it like "
            "postgresql://user:password@host/name."
        ) from None
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StoreError(
            f"Sessions cannot be kept in {parsed.drivername}: take sqlite or postgresql."
        )
    return parsed.set(drivername=driver)


def _postgresql(url: URL) -> sa.Engine:
    """A pool that looks whether its connections are still alive before it hands them out."""
    patience = {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": STATEMENT_MS,  # a host that vanished sends no word of it
        "keepalives_idle": CONNECT_SECONDS,
        "keepalives_interval": CONNECT_SECONDS,
        "keepalives_count": 3,
    }
    engine = sa.create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        # What the address itself says goes first.
        connect_args={name: value for name, value in patience.items() if name not in url.query},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"SET statement_timeout = {STATEMENT_MS}")
        connection.commit()

    return engine


def _sqlite(url: URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("Sessions are kept in a file: write it like sqlite:////folder/file.")
    file = Path(url.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Its readers can read people's texts; SQLite gives its log the same rights.
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    _write_ahead(file)
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # `_begin` says when a transaction begins
        connection.execute("PRAGMA synchronous=NORMAL")  # a killed process loses nothing by it
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA journal_size_limit={MOST_OF_THE_LOG}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get(READING, False)
        # Who writes says so at once: two who read first would block each other.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(file: Path) -> None:
    """Have the file written ahead in a log, for good: who reads does not wait for who writes.

    SQLite does not wait by itself where two processes ask for it at once.
    """
    until = time.monotonic() + BUSY_SECONDS
    with contextlib.closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Migrate the database to a revision in one transaction.

    Raises:
        StoreError: the tables belong to another version of charnn.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # A migration, or the wait for another server's, may take any time.
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        try:
            command.upgrade(alembic_config(connection), revision)
        except CommandError as error:
            raise StoreError(
                "The store cannot be used: its tables are of another charnn, probably a newer one "
                f"({error}). Run that one, or choose another database."
            ) from error


def alembic_config(connection: sa.Connection) -> Config:
    """The Alembic configuration, built in code instead of an ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings
