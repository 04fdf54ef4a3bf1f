"""Loss and perplexity."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from model.dataset import pack_sentences
from model.kernels import entry_points
from model.kernels.types import Float64Array
from model.network import Network

MAX_MEAN_LOSS = 700  # exp of more would overflow a float


def sentence_losses(network: Network, sentences: Sequence[str]) -> Float64Array:
    """Sum of -ln p over each sentence's characters and its end, (sentences,).

    Raises:
        TextError: no sentence, an empty one, or a character that the network does not know.
    """
    tokens, offsets = pack_sentences(network.vocabulary, sentences)
    losses = np.zeros(len(sentences))  # (sentences,)
    rows = int(np.diff(offsets).max())
    entry_points.evaluate(
        *network.kernel_args,
        tokens,
        offsets,
        network.work_space(rows),
        np.arange(rows + 1),
        losses,
    )
    return losses


def perplexity_of(loss: float, predictions: int) -> float:
    """exp(loss / predictions), for a loss that is the sum of -ln p over the predictions.

    NaN without predictions; infinite where the network has diverged: its loss is NaN, infinite, or
    too large to tell from that.
    """
    if predictions == 0:
        return math.nan
    mean = loss / predictions
    return math.exp(mean) if mean < MAX_MEAN_LOSS else math.inf  # false for NaN as well
