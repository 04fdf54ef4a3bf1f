"""Removal of unused rows in two steps, so that a wrong clock or a long outage removes nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

GRACE_SECONDS = 86_400.0
"""Between the first time that a row is seen to be unused, and its removal."""


class Expiry(NamedTuple):
    """What a purge did.

    Attributes:
        marked: rows that were seen to be unused for the first time.
        removed: rows that were removed, a day or more after they were marked.
    """

    marked: int
    removed: int


def remove_expired(
    connection: sa.Connection, table: sa.Table, unused: sa.ColumnElement[bool], now: float
) -> Expiry:
    """Mark unused rows of a table at this Unix time, and remove those marked long enough ago.

    A row that is used again loses its mark. A mark from the future, which a wrong clock left, is
    set anew.
    """
    since = table.c.expiring_since
    removed = connection.execute(
        sa.delete(table).where(unused, since <= now - GRACE_SECONDS)
    ).rowcount
    unmarked = sa.or_(since.is_(None), since > now)
    marked = connection.execute(
        sa.update(table).where(unused, unmarked).values(expiring_since=now)
    ).rowcount
    return Expiry(marked, removed)
