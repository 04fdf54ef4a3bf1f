"""The errors of a store."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError


class StoreError(Exception):
    """The store cannot be used; the message gives the reason, without passwords."""


class DamagedCheckpoint(StoreError):  # noqa: N818  (what it is, not that it is an error)
    """The stored checkpoint of a session cannot be read; the rest of the store can.

    Attributes:
        reason: why it cannot be read.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"A stored checkpoint cannot be read: {reason}. It was set aside; restore the database "
            "from a backup if you need it."
        )
        self.reason = reason


class NewerCheckpoint(DamagedCheckpoint):
    """The stored checkpoint of a session was written by a newer version of charnn."""


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
