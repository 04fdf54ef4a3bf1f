"""What a visitor is told when the machine that trained their network has failed."""

from __future__ import annotations

from app.commands import Tell
from app.store import Stored

GOES_ON = (
    "The machine that trained your network has failed. It goes on from its last checkpoint on "
    "another: {seconds} of training {verb} lost."
)
RESTED = "The machine that held your network has failed. It was paused, and nothing is lost."
NEVER_SAVED = (
    "The machine that trained your network has failed before the network was saved for the first "
    "time, so a new one begins."
)


def loss_in_words(stored: Stored | None, lost_at: float) -> Tell:
    """What was lost when a machine failed at this Unix time, of what was stored last."""
    if stored is None:
        return Tell("warning", NEVER_SAVED)
    if not stored.checkpoint.learning:
        return Tell("warning", RESTED)
    seconds = max(1, round(lost_at - stored.saved_at))
    many = seconds != 1
    return Tell(
        "warning",
        GOES_ON.format(
            seconds=f"{seconds} second{'s' if many else ''}", verb="were" if many else "was"
        ),
    )
