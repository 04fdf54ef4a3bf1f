"""One step of a network for several sentences at once, one row each.

The state of a sentence is one row: h of all layers, then c of all layers. The scratch space is one
flat array. For N rows it holds, in this order:

    the input of a layer (N, widest), then the arrays of that layer, each layer in the same place:
    gates (N, G * H), c (N, H), tanh_c (N, H), h (N, H)
"""

from __future__ import annotations

from typing import Any

from model.kernels.cells import step_layer
from model.kernels.compile import kernel
from model.kernels.linalg.gemm import gemm_nn
from model.kernels.linalg.views import copy_row, fill_zero, matrix
from model.kernels.network import SIZES_BEFORE_LAYERS, layer_at, load_states, store_states
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
    """Process one token of each of N sentences: update their states and fill their logits.

    tokens is (N,). state and logits are flat, and start with (N, 2 * the sum of the hidden sizes)
    and (N, V). All rows share each matrix product.
    """
    rows, vocab_size, embedding_size, widest = tokens.shape[0], sizes[0], sizes[1], sizes[2]
    embedding = matrix(params, 0, vocab_size, embedding_size)
    x = matrix(work, 0, rows, embedding_size)
    for row in range(rows):
        for j in range(embedding_size):
            x[row, j] = embedding[tokens[row], j]
    units = sizes[4]
    states = matrix(state, 0, rows, 2 * units)
    p, h_at = vocab_size * embedding_size, 0
    for number in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        hidden, input_size = sizes[number], x.shape[1]
        # The initial states are not used.
        layer = layer_at(params, p, work, rows * widest, cell, rows, input_size, hidden, 0, 0)
        p += ((input_size + hidden) * cell.gates + cell.biases) * hidden
        load_states(states, h_at, h_at + units, layer.h, layer.c)
        fill_zero(layer.gates)
        gemm_nn(x, layer.Wx, layer.gates)
        step_layer(cell, layer)
        store_states(states, h_at, h_at + units, layer.h, layer.c)
        x = matrix(work, 0, rows, hidden)
        for row in range(rows):
            copy_row(layer.h, row, x, row)
        h_at += hidden
    input_size = x.shape[1]
    out = matrix(logits, 0, rows, vocab_size)
    fill_zero(out)
    gemm_nn(x, matrix(params, p, input_size, vocab_size), out)
    for row in range(rows):
        for j in range(vocab_size):
            out[row, j] += params[p + input_size * vocab_size + j]
