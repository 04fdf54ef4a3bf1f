"""The errors of a store."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError


class StoreError(Exception):
    """The store cannot be used; the message gives the reason, without passwords."""


class DamagedCheckpoint(StoreError):  # noqa: N818  (a StoreError by its base)
    """The checkpoint of one session is unreadable; the rest of the store is usable."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The checkpoint of a session is unreadable: {why}. Start a new network, or restore "
            "the database from a backup."
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
    """The first line of the driver's message; SQLAlchemy's would include the data."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"The store cannot be used: {reason[0] if reason else type(error).__name__}."
