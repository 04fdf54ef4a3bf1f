"""How the learning rate changes by itself while a network trains."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

ScheduleName = Literal["constant", "halve", "cosine"]

LEAST_SHARE = 0.01
"""Of a cosine's first rate, what is left at its end: training goes on, in small steps."""

Doubles = npt.NDArray[np.float64]


def scheduled_rates(
    schedule: ScheduleName, length: float, epochs: Doubles, rate: float, since: float
) -> Doubles:
    """The learning rate at each of these epochs, shape as `epochs`.

    Args:
        schedule: "constant" keeps the rate; "halve" halves it every `length` epochs, counted from
            the beginning of the training; "cosine" lets it fall along half a wave (I. Loshchilov
            and F. Hutter, 2017, without restarts) that ends when `length` epochs are over.
        length: in epochs.
        epochs: counted from the beginning of the training, none before `since`.
        rate: what was set last.
        since: the epoch at which it was set. From there on the schedule goes on with it.
    """
    if schedule == "halve":
        halvings = np.floor(epochs / length) - np.floor(since / length)
        return np.asarray(rate * np.exp2(-halvings))
    if schedule == "cosine" and since < length:
        gone = np.clip((epochs - since) / (length - since), 0.0, 1.0)
        wave = 0.5 * (1.0 + np.cos(np.pi * gone))  # from 1 to 0
        return rate * (LEAST_SHARE + (1.0 - LEAST_SHARE) * wave)
    return np.full(epochs.shape, rate, dtype=np.float64)
