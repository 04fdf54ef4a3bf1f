"""Loss and perplexity."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model.kernels import entry_points
from model.kernels.dropout import Dropout, NoDropout
from model.kernels.types import Float64Array, FloatArray
from model.network import Network
from model.text.dataset import pack_sentences
from model.text.vocabulary import IndexArray

NO_DROPOUT = NoDropout()
MAX_MEAN_LOSS = 700  # exp of more would overflow a float


def sentence_losses(network: Network, sentences: Sequence[str]) -> Float64Array:
    """The sum of -ln p over the characters and the end of each sentence, (sentences,), in nats.

    Raises:
        TextError: there is no sentence, one is empty, or has an unknown character.
    """
    return packed_losses(network, *pack_sentences(network.vocabulary, sentences))


def losses_and_predictions(
    network: Network, sentences: Sequence[str]
) -> tuple[Float64Array, npt.NDArray[np.int64]]:
    """The losses as `sentence_losses` returns them, and the predictions of each, (sentences,).

    Raises:
        TextError: as `sentence_losses` does.
    """
    tokens, offsets = pack_sentences(network.vocabulary, sentences)
    return packed_losses(network, tokens, offsets), np.diff(offsets)


def packed_losses(
    network: Network,
    tokens: IndexArray,
    offsets: npt.NDArray[np.int64],
    work: FloatArray | None = None,
) -> Float64Array:
    """The losses of sentences from `pack_sentences`; with `work` to read from afterwards."""
    sentences = len(offsets) - 1
    losses = np.zeros(sentences)
    rows = int(np.diff(offsets).max())
    entry_points.evaluate(
        *network.kernel_args,
        tokens,
        offsets,
        np.arange(sentences),
        np.arange(sentences + 1),
        network.zero_state(0),
        network.work_space(rows) if work is None else work,
        network.batch_space(rows),
        losses,
    )
    return losses


def add_gradient(
    network: Network,
    gradient: FloatArray,
    tokens: IndexArray,
    offsets: npt.NDArray[np.int64],
    batch: npt.NDArray[np.int64],
    dropout: Dropout | NoDropout = NO_DROPOUT,
    state: FloatArray | None = None,
) -> float:
    """The sum of the losses of these packed sentences, longest first.

    Adds their mean gradient to `gradient` (parameters,). With a `state`, the sentences continue
    earlier ones, and it is updated: see `Network.zero_state`.
    """
    state = network.zero_state(0) if state is None else state
    rows = int((offsets[batch + 1] - offsets[batch]).sum())
    work, batch_work = network.work_space(rows, len(batch)), network.batch_space(rows)
    cell, sizes, params = network.kernel_args
    return entry_points.loss_and_gradient(
        cell, dropout, sizes, params, gradient, tokens, offsets, batch, state, work, batch_work
    )


def perplexity_of(loss: float, predictions: int) -> float:
    """exp(loss / predictions), for a loss that is the sum of -ln p over the predictions.

    NaN if there are no predictions; infinite if the network has diverged, so that the loss is NaN,
    infinite or too large.
    """
    if predictions == 0:
        return math.nan
    mean = loss / predictions
    return math.exp(mean) if mean < MAX_MEAN_LOSS else math.inf  # false for NaN as well
