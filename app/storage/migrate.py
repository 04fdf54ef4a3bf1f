"""Bringing a database to the tables of this version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from app.storage.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x636861726E6E  # "charnn": servers that start together migrate one after the other


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the database to a revision, whole or not at all.

    Raises:
        StoreError: a newer charnn has been at it.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # However long it takes, another server's migration or this one's.
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        try:
            command.upgrade(config(connection), revision)
        except CommandError as error:
            raise StoreError(
                "The store cannot be used: its tables are of another charnn, probably a newer one "
                f"({error}). Run that one, or choose another database."
            ) from error


def config(connection: sa.Connection) -> Config:
    """What Alembic has to know, without a file of its own."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings
