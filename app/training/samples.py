"""The samples and the greedy prediction shown on the page."""

from __future__ import annotations

import time

from app.protocol.requests import MAX_CHARACTERS
from app.training.work import generated_characters
from model import CharModel

SAMPLES = 5
SAMPLES_INTERVAL = 0.5
"""Seconds between samples: short enough to see progress, long enough to read one."""
GREEDY_INTERVAL = 0.25
"""Seconds between greedy predictions, which change less."""
SAMPLING_SHARE = 0.1
"""Maximum share of a session's time for sampling."""
MAX_INTERVAL = 3.0
"""Seconds after which texts are refreshed regardless of that share."""
MIN_DISPLAY_SECONDS = 1.0
"""How long the texts of a network that was just created, loaded or saved are shown."""


class SampleFeed:
    """The newest samples and greedy prediction, and when the next are due.

    Attributes:
        samples: five sampled sentences; none until the first are ready.
        greedy: the greedy prediction; None until the first is ready.
    """

    def __init__(self) -> None:
        self.samples: tuple[str, ...] = ()
        self.greedy: str | None = None
        self._samples_stale = self._greedy_stale = True
        self._samples_due = self._greedy_due = 0.0
        self._holding = True
        self._cooldown = 0.0  # seconds of training until sampling is within its share again
        self._last = 0.0

    def mark_stale(self, seconds: float) -> None:
        """Mark the texts as stale, because the network trained for this many seconds."""
        self._samples_stale = self._greedy_stale = True
        self._cooldown = max(0.0, self._cooldown - seconds)

    def resample_soon(self) -> None:
        """Refresh the samples at the next call, because the temperature changed."""
        self._samples_stale, self._samples_due = True, 0.0

    def refresh_soon(self) -> None:
        """Refresh stale texts at the next call."""
        self._samples_due = self._greedy_due = 0.0

    def hold(self) -> None:
        """Refresh stale texts at the next call, and show them for `MIN_DISPLAY_SECONDS`."""
        self.refresh_soon()
        self._holding = True

    def refresh(self, model: CharModel, temperature: float, now: float) -> None:
        """Refresh texts that are stale and due, within the share of time for it."""
        urgent = not self._samples_due or not self._greedy_due or now - self._last > MAX_INTERVAL
        if self._cooldown and not urgent:
            return
        began = time.perf_counter()
        self._refresh(model, temperature, now)
        self._cooldown += (time.perf_counter() - began) / SAMPLING_SHARE
        self._last = now

    def _refresh(self, model: CharModel, temperature: float, now: float) -> None:
        if self._samples_stale and now >= self._samples_due:
            limit = generated_characters(model.layout, SAMPLES, MAX_CHARACTERS)
            self.samples = tuple(model.samples(SAMPLES, temperature, max_chars=limit))
            self._samples_stale = False
            self._samples_due = now + SAMPLES_INTERVAL
        if self._greedy_stale and now >= self._greedy_due:
            limit = generated_characters(model.layout, 1, MAX_CHARACTERS)
            self.greedy = model.greedy(max_chars=limit)
            self._greedy_stale = False
            self._greedy_due = now + GREEDY_INTERVAL
        if self._holding:
            self._samples_due = self._greedy_due = now + MIN_DISPLAY_SECONDS
            self._holding = False
