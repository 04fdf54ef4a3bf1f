"""What may go wrong with a store."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError


class StoreError(Exception):
    """The store cannot be used now; the message says why, and holds no password."""


class DamagedCheckpoint(StoreError):  # noqa: N818  (what it is, not that it is an error)
    """What the store holds of a session cannot be read; the rest of the store can."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"What the store holds of a session cannot be read: {why}. Begin a new network, or "
            "bring the database back from a backup."
        )


@contextlib.contextmanager
def translate_db_errors() -> Iterator[None]:
    """Translate every error of the database to a `StoreError`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(_in_words(error)) from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StoreError(f"The store cannot be used: {error.strerror or error}{where}.") from error


def _in_words(error: Exception) -> str:
    """The database's own first line: SQLAlchemy's would repeat what was to be written."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"The store cannot be used: {reason[0] if reason else type(error).__name__}."
