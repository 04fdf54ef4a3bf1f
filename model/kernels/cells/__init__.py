"""The kinds of cells, and what each of them brings to a network.

A cell is passed to the kernels as a value of its own type: code is compiled for one kind at a time,
when that kind is first trained, and holds nothing of the others.

Rows are those of a batch of sentences, longest first, one time step after the other: the rows of
step t are starts[t] to starts[t + 1], and row starts[t] + b belongs to sentence b, whose step
before it is row starts[t - 1] + b. No row is padding. A batch of one sentence has one row a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from model.network import FloatArray

Integers = npt.NDArray[np.integer[Any]]


class Lstm(NamedTuple):
    """Long short-term memory; see lstm.py."""

    gates: int = 4
    biases: int = 4


class Rnn(NamedTuple):
    """A plain recurrent layer of rectified units; see rnn.py."""

    gates: int = 1
    biases: int = 1


class Gru(NamedTuple):
    """A gated recurrent unit; see gru.py."""

    gates: int = 3
    biases: int = 4


CELLS: Mapping[str, Any] = MappingProxyType({"lstm": Lstm(), "rnn": Rnn(), "gru": Gru()})
"""The cell of each kind of network."""


class Layer(NamedTuple):
    """The arrays of a layer, for N rows; a cell uses what it has a use for.

    Attributes:
        Wx: (in, G * H), the weights from below.
        Wh: (H, G * H), the weights from the layer's own last hidden state.
        bias: (1, biases * H).
        gates: (N, G * H), sums, then activations, then the gradients of the sums.
        c: (N, H), cell states, or what else has to be kept of each row.
        tanh_c: (N, H), likewise.
        h: (N, H), hidden states.
    """

    Wx: FloatArray
    Wh: FloatArray
    bias: FloatArray
    gates: FloatArray
    c: FloatArray
    tanh_c: FloatArray
    h: FloatArray


def forward_layer(cell: Any, layer: Layer, zeros: FloatArray, starts: Integers) -> None:
    """All rows of a batch: gates come in as x Wx; fills gates, h and what the cell keeps.

    zeros (H,) is the state before the first row.
    """
    raise NotImplementedError


def backward_layer(
    cell: Any,
    layer: Layer,
    zeros: FloatArray,
    starts: Integers,
    d_above: FloatArray,
    W_above: FloatArray,
    dh: FloatArray,
    dc: FloatArray,
    d_Wh: FloatArray,
    d_bias: FloatArray,
) -> None:
    """Back through all rows: gates become the gradients of x Wx; adds to d_Wh and d_bias.

    d_above (N, n) are the gradients of the sums that h goes into above this layer, W_above (H, n)
    the weights on the way there. dh (N, H) and dc (batch, H) are work space, zero on entry.
    """
    raise NotImplementedError


def step_layer(cell: Any, layer: Layer) -> None:
    """One step of N sentences, a row each, in place: gates come in as x Wx; h and c move on."""
    raise NotImplementedError
