"""The undo slot: a network that was replaced recently and can be restored."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from app.protocol.base import Replacement
from app.training.run import TrainingRun
from model.training.footprint import Footprint

UNDO_SECONDS = 300.0
"""How long a replaced network can be restored."""


@dataclass(eq=False)
class UndoSlot:
    """A replaced run, until it expires or its memory is needed.

    Attributes:
        run: the run; None once it is released, which may happen on any thread.
        replacement: how it was replaced.
        footprint: its memory.
        until: when it expires, on the monotonic clock.
    """

    run: TrainingRun | None
    replacement: Replacement
    footprint: Footprint
    until: float = field(default_factory=lambda: time.monotonic() + UNDO_SECONDS)

    def release(self) -> None:
        """Release the run."""
        self.run = None
