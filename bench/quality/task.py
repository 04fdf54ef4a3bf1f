"""What a contestant learns, and what it reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.training.schedules import learning_rates, warmup_shares
from model.training.sizes import SIZES, Size

HELD_OUT = 0.1
"""The share of the text that validates, as in nanoGPT: its last part."""
EVALUATIONS = 24
"""Of a run, at equal distances of training time."""


class Point(NamedTuple):
    """A point of a curve.

    Attributes:
        seconds: training time so far.
        steps: steps so far.
        characters: characters trained on so far.
        loss: validation loss, in nats per character.
    """

    seconds: float
    steps: int
    characters: int
    loss: float


@dataclass(frozen=True)
class Task:
    """What a contestant learns.

    Attributes:
        text: the file of the text, in UTF-8.
        seconds: training time.
        size: the name of the network's size, a key of `SIZES`.
        threads: number of threads.
        seed: of the weights, and of dropout.
        checkout: a checkout of nanoGPT; empty without one.
    """

    text: str
    seconds: float
    size: str
    threads: int
    seed: int
    checkout: str = ""

    @property
    def recipe(self) -> Size:
        """The network and the options of its training."""
        return SIZES[self.size]

    def without_paths(self) -> Task:
        """The task without the folders of this machine."""
        return replace(self, text=Path(self.text).name, checkout="")

    def read(self) -> str:
        """The whole text."""
        return Path(self.text).read_text(encoding="utf-8")

    def learning_rate(self, seconds: float, steps: int) -> float:
        """The rate after so much training time and so many steps, on the schedule of the task."""
        config = self.recipe.config
        now, rate = np.array([seconds]), config.learning_rate
        rates = learning_rates(config.schedule, self.seconds, now, rate, since=0.0)
        shares = warmup_shares(config.warmup_steps, np.array([float(steps)]))
        return float((rates * shares)[0])

    def evaluation_times(self) -> Iterator[float]:
        """The training times at which to evaluate, the last being the end."""
        yield from (np.arange(1, EVALUATIONS + 1) * (self.seconds / EVALUATIONS)).tolist()
