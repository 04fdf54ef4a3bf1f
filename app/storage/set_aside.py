"""Checkpoints that are kept although they cannot be used now, until they expire."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.storage.checkpoint_codec import decode_row
from app.storage.database import READING
from app.storage.errors import DamagedCheckpoint, translate_db_errors
from app.storage.schema import contents, sessions, set_aside, texts
from app.training.checkpoint import Checkpoint

MAX_REASON = 300
REPLACED = "replaced by a recovered checkpoint"

COPIED = ("session_id", "saved_at", "version", "state", "state_digest", "arrays")
"""The columns that are copied from `sessions`; the text and its digest follow."""


class SetAsideStore:
    """Keeps checkpoints that this version cannot read; thread-safe.

    Nothing is overwritten: a newer version of charnn, or a repair by the operator, may read them.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def move(self, session_id: str, reason: str, at: float) -> None:
        """Move the checkpoint of a session here, at this Unix time.

        Raises:
            StoreError: the store fails; the checkpoint stays where it is.
        """
        with translate_db_errors(), self._engine.begin() as connection:
            _copy(connection, session_id, reason, at)
            connection.execute(sa.delete(sessions).where(sessions.c.session_id == session_id))

    def recover(self, session_id: str, at: float) -> Checkpoint | None:
        """The newest checkpoint of a session here that can be read by now; None if there is none.

        It is recovered once. The checkpoint that the session has instead is set aside too.
        """
        columns = [column for column in set_aside.c if column.name != "text"]
        text = sa.func.coalesce(set_aside.c.text, contents.c.text).label("text")
        waiting = (
            sa.select(*columns, text)
            .outerjoin(contents, set_aside.c.text_digest == contents.c.digest)
            .where(set_aside.c.session_id == session_id, set_aside.c.recovered_at.is_(None))
            .order_by(set_aside.c.id.desc())
        )
        with translate_db_errors(), self._engine.connect() as connection:
            connection.execution_options(**{READING: True})
            rows = list(connection.execute(waiting))
        for row in rows:
            try:
                checkpoint = decode_row(session_id, row)
            except DamagedCheckpoint:
                continue
            with translate_db_errors(), self._engine.begin() as connection:
                _copy(connection, session_id, REPLACED, at, recovered_at=at)
                recovered = sa.update(set_aside).where(set_aside.c.id == row.id)
                connection.execute(recovered.values(recovered_at=at))
            return checkpoint
        return None

    def remove_before(self, at: float) -> int:
        """Remove what was set aside before this Unix time; returns how many."""
        with translate_db_errors(), self._engine.begin() as connection:
            return connection.execute(
                sa.delete(set_aside).where(set_aside.c.set_aside_at < at)
            ).rowcount


def _copy(
    connection: sa.Connection,
    session_id: str,
    reason: str,
    at: float,
    recovered_at: float | None = None,
) -> None:
    """Copy the checkpoint of a session from `sessions` and `texts`, if it has one."""
    constants: dict[str, Any] = {
        "set_aside_at": at,
        "reason": reason[:MAX_REASON],
        "recovered_at": recovered_at,
    }
    digest = sa.func.coalesce(sessions.c.text_digest, texts.c.text_digest).label("text_digest")
    columns = [*(sessions.c[name] for name in COPIED), texts.c.text, digest]
    types = {name: set_aside.c[name].type for name in constants}
    values = [sa.literal(value, types[name]) for name, value in constants.items()]
    copied = (
        sa.select(*columns, *values)
        .select_from(sessions.outerjoin(texts))
        .where(sessions.c.session_id == session_id)
    )
    names = [*(column.name for column in columns), *constants]
    connection.execute(sa.insert(set_aside).from_select(names, copied))
