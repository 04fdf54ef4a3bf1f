"""One step of a network for several sentences at once, one row each.

A sentence's state is a row of its own, all layers' h and then all layers' c, so that it can be
copied as one. Work space is one flat array. For N rows it holds, in this order:

    what goes into a layer (N, widest), then of one layer after the other, in the same place:
    gates (N, G * H), c (N, H), tanh_c (N, H), h (N, H)
"""

from __future__ import annotations

from typing import Any

from model.kernels.cells import Layer, step_layer
from model.kernels.compile import kernel
from model.kernels.linalg.gemm import gemm_nn
from model.kernels.linalg.views import fill_zero, matrix
from model.kernels.network import SIZES_BEFORE_LAYERS, layer_at
from model.kernels.types import FloatArray, IntArray


@kernel
def network_step(
    cell: Any,
    sizes: IntArray,
    params: FloatArray,
    tokens: IntArray,
    state: FloatArray,
    work: FloatArray,
    logits: FloatArray,
) -> None:
    """Read one input token of each of N sentences: update their states and fill their logits.

    tokens is (N,); state and logits are flat, and begin with (N, twice the hidden sizes' sum) and
    (N, V). All rows go through each product together.
    """
    rows, inputs, letter_size, widest = tokens.shape[0], sizes[0], sizes[1], sizes[2]
    vectors = matrix(params, 0, inputs, letter_size)
    below = matrix(work, 0, rows, letter_size)
    for row in range(rows):
        for j in range(letter_size):
            below[row, j] = vectors[tokens[row], j]
    units = 0
    for number in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        units += sizes[number]
    states = matrix(state, 0, rows, 2 * units)
    p, h_at = inputs * letter_size, 0
    for number in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        hidden, input_size = sizes[number], below.shape[1]
        layer = layer_at(params, p, work, rows * widest, cell, rows, input_size, hidden)
        p += ((input_size + hidden) * cell.gates + cell.biases) * hidden
        load_states(states, h_at, h_at + units, layer)
        fill_zero(layer.gates)
        gemm_nn(below, layer.Wx, layer.gates)
        step_layer(cell, layer)
        below = matrix(work, 0, rows, hidden)
        store_states(layer, states, h_at, h_at + units, below)
        h_at += hidden
    input_size = below.shape[1]
    out = matrix(logits, 0, rows, inputs)
    fill_zero(out)
    gemm_nn(below, matrix(params, p, input_size, inputs), out)
    for row in range(rows):
        for j in range(inputs):
            out[row, j] += params[p + input_size * inputs + j]


@kernel
def load_states(states: FloatArray, h_at: int, c_at: int, layer: Layer) -> None:
    """Fill a layer's h and c (N, H) from the columns of the states where they begin."""
    for row in range(layer.h.shape[0]):
        for j in range(layer.h.shape[1]):
            layer.h[row, j], layer.c[row, j] = states[row, h_at + j], states[row, c_at + j]


@kernel
def store_states(layer: Layer, states: FloatArray, h_at: int, c_at: int, h: FloatArray) -> None:
    """Put a layer's h and c back among the states, and h (N, H) where the next layer reads it."""
    for row in range(layer.h.shape[0]):
        for j in range(layer.h.shape[1]):
            states[row, h_at + j], states[row, c_at + j] = layer.h[row, j], layer.c[row, j]
            h[row, j] = layer.h[row, j]
