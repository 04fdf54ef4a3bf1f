"""The kinds of cells, and what each of them brings to a network.

A cell is passed to the kernels as a value of its own type: code is compiled for one kind at a time,
when that kind is first trained, and holds nothing of the others.

Rows are those of a batch of sentences, longest first, one time step after the other: the rows of
step t are offsets[t] to offsets[t + 1], and row offsets[t] + b belongs to sentence b, whose step
before it is row offsets[t - 1] + b. No row is padding. A batch of one sentence has one row a step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from model.kernels.types import FloatArray, IntArray


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


def forward_layer(cell: Any, layer: Layer, zeros: FloatArray, offsets: IntArray) -> None:
    """All rows of a batch: gates come in as x Wx; fills gates, h and what the cell keeps.

    zeros (H,) is the state before the first row.
    """
    raise NotImplementedError


def backward_layer(
    cell: Any,
    layer: Layer,
    zeros: FloatArray,
    offsets: IntArray,
    grad_output: FloatArray,
    W_above: FloatArray,
    dh: FloatArray,
    dc: FloatArray,
    d_Wh: FloatArray,
    d_bias: FloatArray,
) -> None:
    """Back through all rows: gates become the gradients of x Wx; adds to d_Wh and d_bias.

    grad_output (N, n) is the gradient of the sums above this layer that h goes into, W_above (H, n)
    the weights between them. dh (N, H) and dc (batch, H) are work space, zero on entry.
    """
    raise NotImplementedError


def step_layer(cell: Any, layer: Layer) -> None:
    """One step of N sentences, a row each, in place: gates come in as x Wx; h and c move on."""
    raise NotImplementedError
