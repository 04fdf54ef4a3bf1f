"""How a network is trained: one frozen record, checked when it is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from model.errors import SettingsError


@dataclass(frozen=True)
class TrainingSettings:
    """The options of a training. Change one with `dataclasses.replace`.

    Attributes:
        learning_rate: size of a step, above 0 and up to 10.
        l2: share of every weight that a step takes away (L2 regularisation strength), 0 to 1.
        clip: gradients are clipped to -clip..clip, one by one; above 0.
        shuffle: whether every epoch takes the sentences in a new random order.
        seed: of that order; None takes a fresh one.
    """

    learning_rate: float = 0.01
    l2: float = 1e-6
    clip: float = 5.0
    shuffle: bool = True
    seed: int | None = None

    def __post_init__(self) -> None:
        _check("learning_rate", "learning rate", self.learning_rate, above=0.0, to=10.0)
        _check("l2", "L2 strength", self.l2, above=None, to=1.0)
        _check("clip", "clip value", self.clip, above=0.0, to=math.inf)


def _check(field: str, name: str, value: float, above: float | None, to: float) -> None:
    low_enough = value <= to
    high_enough = value >= 0.0 if above is None else value > above
    if low_enough and high_enough:  # both are false for NaN
        return
    low = "from 0" if above is None else f"above {above:g}"
    high = "" if math.isinf(to) else f", at most {to:g}"
    raise SettingsError(f"The {name} must be a number {low}{high}; it is {value!r}.", field)
