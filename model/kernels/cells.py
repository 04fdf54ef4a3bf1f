"""The kinds of cells, and what each of them brings to a network.

A cell is passed to the kernels as a value of its own type: code is compiled for one kind at a time,
when that kind is first trained, and holds nothing of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from model.layout import FloatArray


class Lstm(NamedTuple):
    """Long short-term memory; see lstm.py."""

    gates: int = 4


class Rnn(NamedTuple):
    """A plain recurrent layer of rectified units; see rnn.py."""

    gates: int = 1


CELLS: Mapping[str, Any] = MappingProxyType({"lstm": Lstm(), "rnn": Rnn()})
"""The cell of each kind of network."""


def forward_layer(
    cell: Any,
    gates: FloatArray,
    Wh: FloatArray,
    bias: FloatArray,
    zeros: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
) -> None:
    """All rows of a sentence: gates (T, G * H) come in as x Wx; fills what the cell has a use for.

    Wh is (H, G * H), bias (G * H,), zeros (H,) the state before the first row; c, tanh_c and h are
    (T, H).
    """
    raise NotImplementedError


def backward_layer(
    cell: Any,
    gates: FloatArray,
    Wh: FloatArray,
    zeros: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
    d_above: FloatArray,
    W_above: FloatArray,
    dh: FloatArray,
    dc: FloatArray,
) -> None:
    """Back through all rows: gates (T, G * H) become the gradients of their sums.

    d_above (T, n) are the gradients of the sums that h goes into above this layer, W_above (H, n)
    the weights on the way there. dh (T, H) and dc (H,) are work space, zero on entry.
    """
    raise NotImplementedError


def step_layer(
    cell: Any,
    gates: FloatArray,
    bias: FloatArray,
    c: FloatArray,
    tanh_c: FloatArray,
    h: FloatArray,
) -> None:
    """One step: gates (G * H,) come in as x Wx + h Wh; c and h (H,) move on to the next row."""
    raise NotImplementedError
