"""Loads stored sessions, with a notice for the visitor."""

from __future__ import annotations

import logging
from typing import NamedTuple

from app.errors import Notice
from app.protocol.ids import short_id
from app.runtime.metrics import Metrics
from app.sessions.commands import Notify, Restore
from app.storage import DamagedCheckpoint, Store, StoredSession

log = logging.getLogger(__name__)


class LoadedSession(NamedTuple):
    """The result of loading a session.

    Attributes:
        restore: the command that restores the session; None if nothing is stored.
        notice: the notice for its visitor, if any.
        saved_at: Unix time of the checkpoint; None if nothing is stored.
        damaged: whether the stored checkpoint is unreadable.
    """

    restore: Restore | None
    notice: Notify | None
    saved_at: float | None
    damaged: bool = False


def load_session(
    store: Store, metrics: Metrics, session_id: str, lost_at: float | None
) -> LoadedSession:
    """Claim and load a session; `lost_at` is the Unix time at which its machine failed, if it did.

    Raises:
        StoreError: the store is unreachable.
    """
    try:
        with metrics.store("load"):
            store.claim(session_id)
            stored = store.load(session_id)
    except DamagedCheckpoint:
        log.exception("a checkpoint is damaged", extra={"session": short_id(session_id)})
        return LoadedSession(None, Notify("error", Notice("checkpoint_damaged")), None, True)
    notice = failover_notice(stored, lost_at) if lost_at is not None else None
    if stored is None:
        return LoadedSession(None, notice, None)
    return LoadedSession(Restore(stored.checkpoint), notice, stored.saved_at)


def failover_notice(stored: StoredSession | None, lost_at: float) -> Notify:
    """The notice after a machine failed at this Unix time: how much training was lost."""
    if stored is None:
        return Notify("warning", Notice("machine_lost_unsaved"))
    if not stored.checkpoint.learning:
        return Notify("warning", Notice("machine_lost_paused"))
    seconds = max(1, round(lost_at - stored.saved_at))
    lost = "1 second was" if seconds == 1 else f"{seconds} seconds were"
    return Notify("warning", Notice("machine_lost", {"lost": lost}))
