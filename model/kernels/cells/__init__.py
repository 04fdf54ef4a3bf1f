"""The cells, and the operations that each cell implements.

The type of the first argument selects the cell, so that code is compiled only for the cell in use.

The rows of a batch are ordered by time step, and within a step by sentence, longest first: step t
has the rows offsets[t] to offsets[t + 1], and sentence b is row offsets[t] + b of it, as it is row
offsets[t - 1] + b of the step before. There is no padding. A batch of one sentence has one row a
step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from model.kernels.types import FloatArray, IntArray


class Lstm(NamedTuple):
    """Long short-term memory; see lstm.py."""

    gates: int = 4
    biases: int = 4


class Rnn(NamedTuple):
    """A simple recurrent layer with ReLU; see rnn.py."""

    gates: int = 1
    biases: int = 1


class Gru(NamedTuple):
    """A gated recurrent unit; see gru.py."""

    gates: int = 3
    biases: int = 4


class Layer(NamedTuple):
    """The arrays of a layer for N rows, G gates and H units.

    Attributes:
        Wx: (in, G * H), the weights of the input.
        Wh: (H, G * H), the weights of the hidden state of the step before.
        bias: (1, biases * H).
        gates: (N, G * H), pre-activations, then activations, then gradients of the pre-activations.
        c: (N, H), cell states; a GRU has other values here, an RNN none.
        tanh_c: (N, H), tanh of the cell states; only an LSTM uses it.
        h: (N, H), hidden states.
        h0: (batch, H), the hidden states before the first step.
        c0: (batch, H), the cell states before the first step; only an LSTM uses them.
    """

    Wx: FloatArray
    Wh: FloatArray
    bias: FloatArray
    gates: FloatArray
    c: FloatArray
    tanh_c: FloatArray
    h: FloatArray
    h0: FloatArray
    c0: FloatArray


def forward_layer(
    cell: Any, layer: Layer, carried: bool, space: FloatArray, offsets: IntArray
) -> None:
    """The forward pass over all rows of a batch: fills gates, h, c and tanh_c.

    The gates are x Wx + b on entry, and activations on return. `carried` is false if h0 and c0 are
    zero. space is scratch space for packed weights.
    """
    raise NotImplementedError


def backward_layer(
    cell: Any,
    layer: Layer,
    carried: bool,
    space: FloatArray,
    offsets: IntArray,
    dh: FloatArray,
    dc: FloatArray,
    d_Wh: FloatArray,
    d_bias: FloatArray,
) -> None:
    """The backward pass over all rows: adds to d_Wh (H, G * H).

    The gates are activations on entry, and gradients of x Wx + b on return. Biases of hidden
    products have their gradients in d_bias (1, biases * H). dh (N, H) is the gradient
    of h from the layer above on entry. dc (batch, H) is scratch space, zero on entry. The gradient
    does not go back beyond the first step.
    """
    raise NotImplementedError
