"""A network that was replaced a moment ago, and can be brought back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from app.protocol.base import Replacement
from app.training.run import Run

KEPT_SECONDS = 300.0
"""Long enough to miss it; every visitor's would take room for ever otherwise."""


@dataclass(eq=False)
class Spare:
    """A run that was replaced, for as long as there is time and room for it.

    Attributes:
        run: the run; None once it has been let go, which may happen on any thread.
        replacement: how another took its place.
        weights: of its network.
        until: when it is let go, on the monotonic clock.
    """

    run: Run | None
    replacement: Replacement
    weights: int
    until: float = field(default_factory=lambda: time.monotonic() + KEPT_SECONDS)

    def let_go(self) -> None:
        """Keep its network no longer."""
        self.run = None
