"""Learning-rate schedules."""

from __future__ import annotations

from typing import Literal

import numpy as np

from model.kernels.types import Float64Array

ScheduleName = Literal["constant", "halve", "cosine", "plateau"]

MIN_SHARE = 0.01
"""The final rate of a cosine as a fraction of its first: training continues, in small steps."""


def learning_rates(
    schedule: ScheduleName,
    length: float,
    epochs: Float64Array,
    rate: float,
    since: float,
    start: float = 0.0,
) -> Float64Array:
    """The learning rate at each of the epochs, in the shape of `epochs`.

    Args:
        schedule: "constant" keeps the rate, and so does "plateau", for which the trainer sets it
            anew; "halve" halves it every `length` epochs, counted from
            its start; "cosine" decreases it along half a cosine that ends after
            `length` epochs (I. Loshchilov and F. Hutter, "SGDR", 2017, without restarts).
        length: in epochs.
        epochs: since the start of the training, none before `since`.
        rate: the rate at the epoch `since`.
        since: the epoch at which the rate was set; the schedule continues from there.
        start: the epoch at which the schedule starts, at most `since`.
    """
    epochs, since = epochs - start, since - start
    if schedule == "halve":
        halvings = np.floor(epochs / length) - np.floor(since / length)
        return np.asarray(rate * np.exp2(-halvings))
    if schedule == "cosine" and since < length:
        elapsed = np.clip((epochs - since) / (length - since), 0.0, 1.0)
        wave = 0.5 * (1.0 + np.cos(np.pi * elapsed))  # from 1 to 0
        return rate * (MIN_SHARE + (1.0 - MIN_SHARE) * wave)
    return np.full(epochs.shape, rate, dtype=np.float64)


def warmup_shares(warmup_steps: int, steps: Float64Array) -> Float64Array:
    """The share of the learning rate at each of the steps, which count from 0, during warm-up."""
    return np.minimum((steps + 1) / max(warmup_steps, 1), 1.0)
