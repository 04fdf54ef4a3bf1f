"""The loss of a network over a batch of sentences, and the gradient of that loss.

`sizes` is [V, E, widest, numbers a row, units, H of each layer…] as in `ParameterLayout.sizes`;
params and gradient are flat vectors in the order that model/network.py describes. A sentence of n
characters is n + 1 rows: its inputs are START and the characters, its targets the characters and
END. The rows of a batch are in the order of cells/__init__.py.

`state` (batch, 2 * units) has a row for each sentence that continues an earlier one: h of all
layers, then c of all layers. Without rows, all sentences begin with a state of zero.

The scratch space is one flat array of the caller, so that training allocates nothing. For N rows it
holds, in this order:

    x (N, E), then for each layer: gates (N, G * H), c (N, H), tanh_c (N, H), h (N, H), then
    logits (N, V), dh (N, widest), h0 and c0 of each layer (batch, H), dc (batch, widest) and packed
    weights
"""

from __future__ import annotations

import math
from typing import Any

from model.kernels.cells import Layer, backward_layer, forward_layer
from model.kernels.compile import kernel
from model.kernels.dropout import apply_dropout
from model.kernels.linalg.activations import exp, largest
from model.kernels.linalg.gemm import add_bias_grad, gemm_nn, gemm_nt, gemm_tn
from model.kernels.linalg.views import fill_zero, matrix
from model.kernels.types import FloatArray, IntArray

SIZES_BEFORE_LAYERS = 5


@kernel
def layer_at(
    params: FloatArray,
    p: int,
    work: FloatArray,
    w: int,
    cell: Any,
    rows: int,
    input_size: int,
    hidden: int,
    initial_at: int,
    batch: int,
) -> Layer:
    """The arrays of a layer whose parameters start at params[p] and scratch space at work[w].

    Its initial states start at work[initial_at].
    """
    width = cell.gates * hidden
    return Layer(
        matrix(params, p, input_size, width),
        matrix(params, p + input_size * width, hidden, width),
        matrix(params, p + (input_size + hidden) * width, 1, cell.biases * hidden),
        matrix(work, w, rows, width),
        matrix(work, w + rows * width, rows, hidden),
        matrix(work, w + rows * (width + hidden), rows, hidden),
        matrix(work, w + rows * (width + 2 * hidden), rows, hidden),
        matrix(work, initial_at, batch, hidden),
        matrix(work, initial_at + batch * hidden, batch, hidden),
    )


@kernel
def load_states(states: FloatArray, h_at: int, c_at: int, h: FloatArray, c: FloatArray) -> None:
    """Copy a layer's h and c (N, H) from the states, where they start at columns h_at and c_at."""
    for row in range(h.shape[0]):
        for j in range(h.shape[1]):
            h[row, j], c[row, j] = states[row, h_at + j], states[row, c_at + j]


@kernel
def store_states(states: FloatArray, h_at: int, c_at: int, h: FloatArray, c: FloatArray) -> None:
    """Copy a layer's h and c (N, H) to the states: see `load_states`."""
    for row in range(h.shape[0]):
        for j in range(h.shape[1]):
            states[row, h_at + j], states[row, c_at + j] = h[row, j], c[row, j]


@kernel
def forward(
    cell: Any,
    dropout: Any,
    sizes: IntArray,
    params: FloatArray,
    tokens: IntArray,
    positions: IntArray,
    offsets: IntArray,
    state: FloatArray,
    work: FloatArray,
) -> FloatArray:
    """The logits (N, V) for the inputs `tokens` (N,), as a view of work.

    positions (N,) are the places of the inputs in the text, for dropout. A state with rows becomes
    that after the last step.
    """
    vocab_size, embedding_size, widest, units = sizes[0], sizes[1], sizes[2], sizes[4]
    rows, batch, carried = tokens.shape[0], offsets[1], state.shape[0] > 0
    logits_at = rows * sizes[3]
    logits = matrix(work, logits_at, rows, vocab_size)
    dropped_at = logits_at + rows * vocab_size  # the place of dh, which the backward pass needs
    initial_at = dropped_at + rows * widest
    space = work[initial_at + batch * (2 * units + widest) :]

    embedding = matrix(params, 0, vocab_size, embedding_size)
    x = matrix(work, 0, rows, embedding_size)
    for t in range(rows):
        for j in range(embedding_size):
            x[t, j] = embedding[tokens[t], j]
    p, w, h_at = vocab_size * embedding_size, rows * embedding_size, 0
    for number in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        hidden, input_size = sizes[number], x.shape[1]
        layer = layer_at(params, p, work, w, cell, rows, input_size, hidden, initial_at, batch)
        p += ((input_size + hidden) * cell.gates + cell.biases) * hidden
        w += rows * (cell.gates + 3) * hidden
        initial_at += 2 * batch * hidden
        if carried:
            load_states(state, h_at, units + h_at, layer.h0, layer.c0)
        else:
            fill_zero(layer.h0)
            fill_zero(layer.c0)
        fill_zero(layer.gates)
        gemm_nn(x, layer.Wx, layer.gates)
        forward_layer(cell, layer, carried, space, offsets)
        if carried:
            last = offsets[offsets.shape[0] - 2]
            store_states(state, h_at, units + h_at, layer.h[last:], layer.c[last:])
        h_at += hidden
        dropped = matrix(work, dropped_at, rows, hidden)
        x = apply_dropout(dropout, layer.h, positions, number, dropped)

    fill_zero(logits)
    gemm_nn(x, matrix(params, p, x.shape[1], vocab_size), logits)
    bd = matrix(params, p + x.shape[1] * vocab_size, 1, vocab_size)[0]
    for t in range(rows):
        row = logits[t]
        for j in range(vocab_size):
            row[j] += bd[j]
    return logits


@kernel
def softmax_losses(logits: FloatArray, targets: IntArray) -> float:
    """The sum of -ln p(target) over the rows; turns logits (N, V) into probabilities, in place."""
    loss = 0.0
    outputs = logits.shape[1]
    for t in range(logits.shape[0]):
        row = logits[t]
        shift = largest(row)
        target_logit = row[targets[t]] - shift
        for j in range(outputs):
            row[j] = exp(row[j] - shift)
        total = logits.dtype.type(0)
        for j in range(outputs):
            total += row[j]
        for j in range(outputs):
            row[j] /= total
        loss += math.log(total) - target_logit
    return loss


@kernel
def backward(
    cell: Any,
    dropout: Any,
    sizes: IntArray,
    params: FloatArray,
    gradient: FloatArray,
    tokens: IntArray,
    targets: IntArray,
    positions: IntArray,
    offsets: IntArray,
    carried: bool,
    work: FloatArray,
) -> None:
    """Add the gradient of the mean loss of a sentence to `gradient` (parameters,).

    To be called after `forward` and `softmax_losses`, with the same dropout, positions and work.
    `carried` says whether the state had rows.
    """
    vocab_size, embedding_size, widest, units = sizes[0], sizes[1], sizes[2], sizes[4]
    rows, batch = tokens.shape[0], offsets[1]
    w = rows * sizes[3]
    grad_output = matrix(work, w, rows, vocab_size)  # of the logits
    share = params.dtype.type(1.0 / batch)
    for t in range(rows):
        row = grad_output[t]
        row[targets[t]] -= 1
        for j in range(vocab_size):
            row[j] *= share

    dh_at = w + rows * vocab_size
    dc_at = dh_at + rows * widest + 2 * batch * units
    initial_at = dc_at
    space = work[dc_at + batch * widest :]
    p = params.shape[0] - (sizes[-1] + 1) * vocab_size
    W_above = matrix(params, p, sizes[-1], vocab_size)
    top = sizes.shape[0] - 1
    h = matrix(work, w - rows * sizes[-1], rows, sizes[-1])
    x = apply_dropout(dropout, h, positions, top, matrix(work, dh_at, rows, sizes[-1]))
    gemm_tn(x, grad_output, matrix(gradient, p, sizes[-1], vocab_size))
    add_bias_grad(grad_output, matrix(gradient, p + sizes[-1] * vocab_size, 1, vocab_size))

    for number in range(top, SIZES_BEFORE_LAYERS - 1, -1):
        hidden = sizes[number]
        input_size = sizes[number - 1] if number > SIZES_BEFORE_LAYERS else embedding_size
        width = cell.gates * hidden
        p -= (input_size + hidden) * width + cell.biases * hidden
        w -= rows * (width + 3 * hidden)
        initial_at -= 2 * batch * hidden
        layer = layer_at(params, p, work, w, cell, rows, input_size, hidden, initial_at, batch)
        dh = matrix(work, dh_at, rows, hidden)
        dc = matrix(work, dc_at, batch, hidden)
        fill_zero(dh)
        fill_zero(dc)
        gemm_nt(grad_output, W_above, dh)
        apply_dropout(dropout, dh, positions, number, dh)
        d_Wh = matrix(gradient, p + input_size * width, hidden, width)
        d_bias = matrix(gradient, p + (input_size + hidden) * width, 1, cell.biases * hidden)
        backward_layer(cell, layer, carried, space, offsets, dh, dc, d_Wh, d_bias)
        x = matrix(work, w - rows * input_size, rows, input_size)
        if number > SIZES_BEFORE_LAYERS:
            dropped = matrix(work, dh_at, rows, input_size)
            x = apply_dropout(dropout, x, positions, number - 1, dropped)
        gemm_tn(x, layer.gates, matrix(gradient, p, input_size, width))
        grad_output, W_above = layer.gates, layer.Wx

    dx = matrix(work, dh_at, rows, embedding_size)
    fill_zero(dx)
    gemm_nt(grad_output, W_above, dx)
    d_embedding = matrix(gradient, 0, vocab_size, embedding_size)
    for t in range(rows):
        for j in range(embedding_size):
            d_embedding[tokens[t], j] += dx[t, j]
