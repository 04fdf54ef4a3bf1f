"""The measure that people read: among how many characters it is as if the network guessed."""

from __future__ import annotations

import math

LARGEST_MEAN_COST = 700  # exp of more would not fit a float


def perplexity_of(cost: float, predictions: int) -> float:
    """exp(cost / predictions), for a cost that is the sum of -ln p over the predictions.

    NaN where nothing was predicted; infinite where the network has run off, its cost being NaN,
    infinite, or too large to tell from that.
    """
    if predictions == 0:
        return math.nan
    mean = cost / predictions
    return math.exp(mean) if mean < LARGEST_MEAN_COST else math.inf  # false for NaN as well
