"""What a visitor is told when the machine that trained their network has failed."""

from __future__ import annotations

from app.errors import Notice
from app.sessions.commands import Notify
from app.storage import StoredSession


def failover_notice(stored: StoredSession | None, lost_at: float) -> Notify:
    """What was lost when a machine failed at this Unix time, of what was stored last."""
    if stored is None:
        return Notify("warning", Notice("machine_lost_unsaved"))
    if not stored.checkpoint.learning:
        return Notify("warning", Notice("machine_lost_paused"))
    seconds = max(1, round(lost_at - stored.saved_at))
    lost = "1 second was" if seconds == 1 else f"{seconds} seconds were"
    return Notify("warning", Notice("machine_lost", {"lost": lost}))
