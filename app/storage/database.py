"""Database connections and schema migration."""

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
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.storage.errors import StoreError

BUSY_SECONDS = 5.0
"""How long to wait for another process that writes to the same file."""
CONNECT_SECONDS = 3
STATEMENT_MS = 10_000
"""Statement timeout, after which the database counts as unreachable."""
READING = "charnn_reading"
"""Execution option of a read-only connection, which does not wait for writers."""
MAX_WAL_BYTES = 64 * 2**20
"""Size to which SQLite truncates its write-ahead log after a large checkpoint."""

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
    """The SQLAlchemy engine for a URL; it does not connect to PostgreSQL yet.

    Raises:
        StoreError: the URL is invalid, or its driver is not installed.
        OSError, SQLAlchemyError: the SQLite file cannot be used.
    """
    parsed = _parsed(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        return _postgresql(parsed)
    except ImportError:
        raise StoreError(
            'The PostgreSQL driver is not installed: pip install "charnn[postgres]".'
        ) from None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # such as an invalid port
        raise StoreError(
            "The database URL is invalid: write it like postgresql://user:password@host/name."
        ) from None
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StoreError(
            f"The database {parsed.drivername} is not supported: use sqlite or postgresql."
        )
    return parsed.set(drivername=driver)


def _postgresql(url: URL) -> sa.Engine:
    """An engine that tests pooled connections before use, and detects dead hosts."""
    timeouts = {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": STATEMENT_MS,  # for hosts that vanish without closing connections
        "keepalives_idle": CONNECT_SECONDS,
        "keepalives_interval": CONNECT_SECONDS,
        "keepalives_count": 3,
    }
    engine = sa.create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        # Parameters in the URL have precedence.
        connect_args={name: value for name, value in timeouts.items() if name not in url.query},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"SET statement_timeout = {STATEMENT_MS}")
        connection.commit()

    return engine


def _sqlite(url: URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("SQLite needs a file: write the URL like sqlite:////folder/file.")
    file = Path(url.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Private, because it holds visitors' texts; SQLite creates its log with the same mode.
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    _write_ahead(file)
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # `_begin` starts transactions
        connection.execute("PRAGMA synchronous=NORMAL")  # safe if the process is killed
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA journal_size_limit={MAX_WAL_BYTES}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get(READING, False)
        # A writer locks immediately: two transactions that read first would deadlock.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(file: Path) -> None:
    """Switch the file to write-ahead logging, so that readers do not wait for writers.

    Retries, because SQLite ignores its timeout if two processes switch at once.
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
            # A migration, or waiting for that of another server, can take arbitrarily long.
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        try:
            command.upgrade(alembic_config(connection), revision)
        except CommandError as error:
            found = MigrationContext.configure(connection).get_current_revision()
            known = ScriptDirectory(str(MIGRATIONS)).get_current_head()
            raise StoreError(
                f"The database has schema revision {found}; this version of charnn knows revisions "
                f"up to {known}. Run a version that knows {found}, or choose another database."
            ) from error


def alembic_config(connection: sa.Connection) -> Config:
    """The Alembic configuration, built in code instead of an ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def insert_into(table: sa.Table, connection: sa.Connection) -> postgresql.Insert | sqlite.Insert:
    """An insertion that may say what to do with rows that exist, for the connection's database."""
    postgres = connection.dialect.name == "postgresql"
    return postgresql.insert(table) if postgres else sqlite.insert(table)
