"""Learning-rate schedules."""

from __future__ import annotations

from typing import Literal

import numpy as np

from model.kernels.types import Float64Array

ScheduleName = Literal["constant", "halve", "cosine"]

MIN_SHARE = 0.01
"""Share of a cosine's first rate that is left at its end: training continues, in small steps."""


def learning_rates(
    schedule: ScheduleName, length: float, epochs: Float64Array, rate: float, since: float
) -> Float64Array:
    """The learning rate at each of these epochs, shape as `epochs`.

    Args:
        schedule: "constant" keeps the rate; "halve" halves it every `length` epochs, counted from
            the beginning of the training; "cosine" decreases it along half a wave (I. Loshchilov
            and F. Hutter, 2017, without restarts) that ends after `length` epochs.
        length: in epochs.
        epochs: counted from the beginning of the training, none before `since`.
        rate: the rate that was set last.
        since: the epoch at which it was set; the schedule continues from there.
    """
    if schedule == "halve":
        halvings = np.floor(epochs / length) - np.floor(since / length)
        return np.asarray(rate * np.exp2(-halvings))
    if schedule == "cosine" and since < length:
        gone = np.clip((epochs - since) / (length - since), 0.0, 1.0)
        wave = 0.5 * (1.0 + np.cos(np.pi * gone))  # from 1 to 0
        return rate * (MIN_SHARE + (1.0 - MIN_SHARE) * wave)
    return np.full(epochs.shape, rate, dtype=np.float64)
