"""What the network writes for whoever watches: samples and its greedy prediction."""

from __future__ import annotations

import time

from model import CharModel

SAMPLES = 5
SAMPLES_INTERVAL = 0.5
"""Seconds between samples: often enough to see the network learn, slow enough to read one."""
GREEDY_INTERVAL = 0.25
"""Seconds between greedy predictions, which change less from one to the next."""
WRITING_SHARE = 0.1
"""Of a session's time, for writing: among many sessions it writes more seldom, and still learns."""
LONGEST_INTERVAL = 3.0
"""Seconds after which it writes all the same."""
DWELL = 1.0
"""Seconds that what a network just made, loaded or saved writes can be seen before the next."""


class ShownTexts:
    """The newest samples and greedy prediction, and when the next are due.

    Attributes:
        samples: five sampled sentences; none until the first are written.
        greedy: the greedy prediction; None until the first is written.
    """

    def __init__(self) -> None:
        self.samples: tuple[str, ...] = ()
        self.greedy: str | None = None
        self._samples_outdated = self._greedy_outdated = True
        self._samples_due = self._greedy_due = 0.0
        self._dwells = True
        self._owed = (
            0.0  # seconds of training until the writing so far has had no more than its share
        )
        self._last = 0.0

    def outdate(self, seconds: float) -> None:
        """The network has learnt for so long: write anew when the time has come."""
        self._samples_outdated = self._greedy_outdated = True
        self._owed = max(0.0, self._owed - seconds)

    def outdate_samples(self) -> None:
        """The temperature has changed: sample anew at once."""
        self._samples_outdated, self._samples_due = True, 0.0

    def hurry(self) -> None:
        """Write what is outdated at once."""
        self._samples_due = self._greedy_due = 0.0

    def pin(self) -> None:
        """Write what is outdated at once, and let it be seen for a while."""
        self.hurry()
        self._dwells = True

    def write(self, model: CharModel, temperature: float, now: float) -> None:
        """Write what is outdated and due, as far as there is time for it."""
        urgent = (
            not self._samples_due or not self._greedy_due or now - self._last > LONGEST_INTERVAL
        )
        if self._owed and not urgent:
            return
        began = time.perf_counter()
        self._write(model, temperature, now)
        self._owed += (time.perf_counter() - began) / WRITING_SHARE
        self._last = now

    def _write(self, model: CharModel, temperature: float, now: float) -> None:
        if self._samples_outdated and now >= self._samples_due:
            self.samples = tuple(model.samples(SAMPLES, temperature))
            self._samples_outdated = False
            self._samples_due = now + SAMPLES_INTERVAL
        if self._greedy_outdated and now >= self._greedy_due:
            self.greedy = model.greedy()
            self._greedy_outdated = False
            self._greedy_due = now + GREEDY_INTERVAL
        if self._dwells:
            self._samples_due = self._greedy_due = now + DWELL
            self._dwells = False
