"""The states and predictions of a network at each step of a text."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from model.kernels.types import BOUNDARY, FloatArray
from model.metrics import packed_losses, perplexity_of
from model.network import Network, ParameterLayout
from model.text.vocabulary import TOKEN, IndexArray


class Activations(NamedTuple):
    """The states of a layer over a text of n characters.

    Row 0 is after START, row t after the first t characters. In the mode "text" the token before
    the text takes the place of START: see `Network.start_token`.

    Attributes:
        h: (n + 1, units), the hidden states.
        c: (n + 1, units), the cell states; None if the cell has none.
    """

    h: FloatArray
    c: FloatArray | None


class ForwardTrace(NamedTuple):
    """A forward pass over a text of n characters.

    Attributes:
        inputs: (n + 1,), uint16, the token read at each step; the first one is START.
        targets: (n + 1,), uint16, the token to predict at each step; the last one is END. In the
            mode "text" (n,), without END.
        probabilities: (n + 1, V), row t is the prediction after START and t characters.
        layers: the states of each layer, bottom first.
        loss: sum of -ln p over the targets.
    """

    inputs: IndexArray
    targets: IndexArray
    probabilities: FloatArray
    layers: tuple[Activations, ...]
    loss: float

    @property
    def target_probabilities(self) -> FloatArray:
        """The probability of each target, in the shape of `targets`."""
        found: FloatArray = self.probabilities[np.arange(len(self.targets)), self.targets]
        return found

    @property
    def perplexity(self) -> float:
        """exp of the mean loss of a target."""
        return perplexity_of(self.loss, len(self.targets))


def trace(network: Network, text: str) -> ForwardTrace:
    """The forward pass over a text, which may be empty, and its end.

    Raises:
        TextError: the text has an unknown character.
    """
    start, end = np.array([[network.start_token], [BOUNDARY]], dtype=TOKEN)
    tokens = np.concatenate((start, network.vocabulary.encode(text), end))  # (n + 2,)
    rows = len(tokens) - 1
    work = np.empty(network.layout.work_size(rows), dtype=network.params.dtype)
    [loss] = packed_losses(network, tokens, np.array([0, rows]), work)
    layers, probabilities = _cut(network.layout, work, rows)
    found = ForwardTrace(tokens[:-1], tokens[1:], probabilities, layers, float(loss))
    if network.mode == "lines":
        return found
    found = found._replace(targets=found.targets[:-1])
    with np.errstate(divide="ignore"):  # the loss of an impossible character is infinite
        loss = -np.log(found.target_probabilities.astype(np.float64)).sum()
    return found._replace(loss=float(loss))


def _cut(
    layout: ParameterLayout, work: FloatArray, rows: int
) -> tuple[tuple[Activations, ...], FloatArray]:
    """The states of the layers and the probabilities, as views of the scratch space of the kernels.

    For its order see kernels/network.py.
    """
    layers, at = [], rows * layout.embedding_size
    for hidden in layout.hidden_sizes:
        at += rows * layout.gates * hidden
        c, _, h = work[at : at + 3 * rows * hidden].reshape(3, rows, hidden)
        layers.append(Activations(h, c if layout.spec.has_cell_state else None))
        at += 3 * rows * hidden
    probabilities = work[at : at + rows * layout.inputs].reshape(rows, layout.inputs)
    return tuple(layers), probabilities
