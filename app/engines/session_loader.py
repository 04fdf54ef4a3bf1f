"""Loads stored sessions, with a notice for the visitor."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from app.errors import Notice
from app.protocol.ids import short_id
from app.runtime.metrics import Metrics
from app.sessions.commands import LoadShared, Notify, Restore
from app.storage import DamagedCheckpoint, NewerCheckpoint, Store, StoredSession

log = logging.getLogger(__name__)


class LoadedSession(NamedTuple):
    """The result of loading a session.

    Attributes:
        restore: the command that restores the session; None if nothing is stored.
        notice: the notice for its visitor, if any.
        saved_at: Unix time of the checkpoint; None if nothing is stored.
        recovered: the command that loads a checkpoint that had been set aside, if there is one.
    """

    restore: Restore | None
    notice: Notify | None
    saved_at: float | None
    recovered: LoadShared | None = None


def load_session(
    store: Store, metrics: Metrics, session_id: str, lost_at: float | None
) -> LoadedSession:
    """Claim and load a session; `lost_at` is the Unix time at which its machine failed, if it did.

    Raises:
        StoreError: the store is unreachable.
        BusyError: nothing is stored, and the store is full.
    """
    try:
        with metrics.store("load"):
            store.claim(session_id)
            stored = store.load(session_id)
            recovered = store.set_aside.recover(session_id, time.time())
    except DamagedCheckpoint as error:
        log.exception("a checkpoint was set aside", extra={"session": short_id(session_id)})
        store.set_aside.move(session_id, error.reason, time.time())
        newer = isinstance(error, NewerCheckpoint)
        code = "checkpoint_newer" if newer else "checkpoint_damaged"
        return LoadedSession(None, Notify("error", Notice(code)), None)
    notice = failover_notice(stored, lost_at) if lost_at is not None else None
    load = None
    if recovered is not None:
        # Loaded in place of what the session has: it is saved at once, and undo returns to that.
        load, notice = LoadShared(recovered), Notify("info", Notice("checkpoint_recovered"))
    if stored is None:
        store.capacity.check_new()
        return LoadedSession(None, notice, None, load)
    return LoadedSession(Restore(stored.checkpoint), notice, stored.saved_at, load)


def failover_notice(stored: StoredSession | None, lost_at: float) -> Notify:
    """The notice after a machine failed at this Unix time: how much training was lost."""
    if stored is None:
        return Notify("warning", Notice("machine_lost_unsaved"))
    if not stored.checkpoint.learning:
        return Notify("warning", Notice("machine_lost_paused"))
    seconds = max(1, round(lost_at - stored.saved_at))
    lost = "1 second was" if seconds == 1 else f"{seconds} seconds were"
    return Notify("warning", Notice("machine_lost", {"lost": lost}))
