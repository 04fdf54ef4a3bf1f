"""The loss of a network over a batch of sentences, and the gradient of that loss.

`sizes` is [V, E, widest, numbers a row, units, H of each layer…] as in `ParameterLayout.sizes`;
params and gradient are flat vectors in the order that model/network.py describes. A sentence of n
characters is n + 1 rows: its inputs are START and the characters, its targets the characters and
END. The rows of a batch are in the order of cells/__init__.py.

`state` (batch, 2 * units) has a row for each sentence that continues an earlier one: h of all
layers, then c of all layers. Without rows, all sentences begin with a state of zero.

The product of the first layer's input is computed once for each of the U distinct tokens of the
batch, and so is its gradient.

The scratch space is one flat array of the caller, so that training allocates nothing. For N rows it
holds, in this order:

    x (N, E), of which U rows are used, then for each layer: gates (N, G * H), c (N, H),
    tanh_c (N, H), h (N, H), then logits (N, V), dh (N, widest), h0 and c0 of each layer (batch, H),
    dc (batch, widest), the products of the distinct tokens (U, G * H) and packed weights
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from model.kernels.cells import Layer, backward_layer, forward_layer
from model.kernels.compile import kernel
from model.kernels.dropout import apply_dropout
from model.kernels.linalg.activations import exp, largest
from model.kernels.linalg.gemm import add_bias_grad, gemm_nn, gemm_nt, gemm_tn
from model.kernels.linalg.views import add_rows, fill_zero, matrix, set_rows, take_rows
from model.kernels.types import FloatArray, IntArray

SIZES_BEFORE_LAYERS = 5


class Batch(NamedTuple):
    """The rows of a batch, in the order of cells/__init__.py.

    Attributes:
        distinct: (U,), the distinct tokens of the inputs.
        inputs: (N,), the index in `distinct` of each input.
        targets: (N,), the tokens to predict.
        positions: (N,), the places of the inputs in the text.
        offsets: (steps + 1,), the first row of each step, and N.
    """

    distinct: IntArray
    inputs: IntArray
    targets: IntArray
    positions: IntArray
    offsets: IntArray


@kernel
def pack_batch(
    vocab_size: int, tokens: IntArray, offsets: IntArray, sentences: IntArray, space: IntArray
) -> Batch:
    """The batch of these sentences, longest first, in slices of `space`.

    It takes 4 N + 1 + 2 V numbers, int64.
    """
    rows, distinct_count = 0, 0
    for sentence in sentences:
        rows += offsets[sentence + 1] - offsets[sentence]
    steps = offsets[sentences[0] + 1] - offsets[sentences[0]]
    places, distinct, space = space[:vocab_size], space[vocab_size:], space[2 * vocab_size :]
    inputs, targets, positions = space[:rows], space[rows : 2 * rows], space[2 * rows : 3 * rows]
    row_offsets = space[3 * rows : 3 * rows + steps + 1]
    for token in range(vocab_size):
        places[token] = -1
    row, alive = 0, sentences.shape[0]
    for t in range(steps):
        row_offsets[t] = row
        while offsets[sentences[alive - 1] + 1] - offsets[sentences[alive - 1]] <= t:
            alive -= 1
        for b in range(alive):
            at = offsets[sentences[b]] + t
            token = tokens[at]
            if places[token] < 0:
                places[token], distinct[distinct_count] = distinct_count, token
                distinct_count += 1
            inputs[row], targets[row], positions[row] = places[token], tokens[at + 1], at
            row += 1
    row_offsets[steps] = row
    return Batch(distinct[:distinct_count], inputs, targets, positions, row_offsets)


@kernel
def affine(x: FloatArray, W: FloatArray, bias: FloatArray, out: FloatArray) -> None:
    """out (N, n) = x (N, k) W (k, n) + the first n numbers of bias (1, ...)."""
    set_rows(out, bias[0, : out.shape[1]])
    gemm_nn(x, W, out)


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
def copy_columns(source: FloatArray, begin: int, to: FloatArray, at: int, count: int) -> None:
    """to[:, at : at + count] = source[:, begin : begin + count], for each row of the source."""
    for row in range(source.shape[0]):
        for j in range(count):
            to[row, at + j] = source[row, begin + j]


@kernel
def forward(
    cell: Any,
    dropout: Any,
    sizes: IntArray,
    params: FloatArray,
    batch: Batch,
    state: FloatArray,
    work: FloatArray,
) -> FloatArray:
    """The logits (N, V), as a view of work. A state with rows becomes that after the last step."""
    vocab_size, embedding_size, widest, units = sizes[0], sizes[1], sizes[2], sizes[4]
    offsets, carried = batch.offsets, state.shape[0] > 0
    rows, sentences = offsets[-1], offsets[1]
    logits_at = rows * sizes[3]
    logits = matrix(work, logits_at, rows, vocab_size)
    dropped_at = logits_at + rows * vocab_size  # the place of dh, which the backward pass needs
    initial_at = dropped_at + rows * widest
    space = work[initial_at + sentences * (2 * units + widest) :]

    x = matrix(work, 0, batch.distinct.shape[0], embedding_size)
    take_rows(matrix(params, 0, vocab_size, embedding_size), batch.distinct, x)
    p, w, h_at = vocab_size * embedding_size, rows * embedding_size, 0
    for number in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        hidden, input_size = sizes[number], x.shape[1]
        layer = layer_at(params, p, work, w, cell, rows, input_size, hidden, initial_at, sentences)
        p += ((input_size + hidden) * cell.gates + cell.biases) * hidden
        w += rows * (cell.gates + 3) * hidden
        initial_at += 2 * sentences * hidden
        if carried:
            copy_columns(state, h_at, layer.h0, 0, hidden)
            copy_columns(state, units + h_at, layer.c0, 0, hidden)
        else:
            fill_zero(layer.h0)
            fill_zero(layer.c0)
        if number == SIZES_BEFORE_LAYERS:
            products = matrix(space, 0, x.shape[0], layer.gates.shape[1])
            affine(x, layer.Wx, layer.bias, products)
            take_rows(products, batch.inputs, layer.gates)
            space = space[products.size :]
        else:
            affine(x, layer.Wx, layer.bias, layer.gates)
        forward_layer(cell, layer, carried, space, offsets)
        if carried:
            last = offsets[offsets.shape[0] - 2]
            copy_columns(layer.h[last:], 0, state, h_at, hidden)
            copy_columns(layer.c[last:], 0, state, units + h_at, hidden)
        h_at += hidden
        dropped = matrix(work, dropped_at, rows, hidden)
        x = apply_dropout(dropout, layer.h, batch.positions, number, dropped)

    Wd = matrix(params, p, x.shape[1], vocab_size)
    affine(x, Wd, matrix(params, p + Wd.size, 1, vocab_size), logits)
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
    batch: Batch,
    carried: bool,
    work: FloatArray,
) -> None:
    """Add the gradient of the mean loss of a sentence to `gradient` (parameters,).

    To be called after `forward` and `softmax_losses`, with the same dropout, batch and work.
    `carried` says whether the state had rows.
    """
    vocab_size, embedding_size, widest, units = sizes[0], sizes[1], sizes[2], sizes[4]
    positions, offsets = batch.positions, batch.offsets
    rows, sentences = offsets[-1], offsets[1]
    w = rows * sizes[3]
    grad_output = matrix(work, w, rows, vocab_size)  # of the logits
    share = params.dtype.type(1.0 / sentences)
    for t in range(rows):
        row = grad_output[t]
        row[batch.targets[t]] -= 1
        for j in range(vocab_size):
            row[j] *= share

    dh_at = w + rows * vocab_size
    dc_at = dh_at + rows * widest + 2 * sentences * units
    initial_at = dc_at
    space = work[dc_at + sentences * widest :]
    distinct = batch.distinct.shape[0]
    products = matrix(space, 0, distinct, cell.gates * sizes[SIZES_BEFORE_LAYERS])
    space = space[products.size :]
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
        initial_at -= 2 * sentences * hidden
        layer = layer_at(params, p, work, w, cell, rows, input_size, hidden, initial_at, sentences)
        dh = matrix(work, dh_at, rows, hidden)
        dc = matrix(work, dc_at, sentences, hidden)
        fill_zero(dh)
        fill_zero(dc)
        gemm_nt(grad_output, W_above, dh)
        apply_dropout(dropout, dh, positions, number, dh)
        d_Wh = matrix(gradient, p + input_size * width, hidden, width)
        d_bias = matrix(gradient, p + (input_size + hidden) * width, 1, cell.biases * hidden)
        backward_layer(cell, layer, carried, space, offsets, dh, dc, d_Wh, d_bias)
        if number > SIZES_BEFORE_LAYERS:
            x = matrix(work, w - rows * input_size, rows, input_size)
            dropped = matrix(work, dh_at, rows, input_size)
            x = apply_dropout(dropout, x, positions, number - 1, dropped)
            grad_output = layer.gates
        else:
            x, grad_output = matrix(work, 0, distinct, embedding_size), products
            fill_zero(products)
            add_rows(layer.gates, batch.inputs, products)
        gemm_tn(x, grad_output, matrix(gradient, p, input_size, width))
        add_bias_grad(grad_output, d_bias[:, :width])
        W_above = layer.Wx

    dx = matrix(work, dh_at, distinct, embedding_size)
    fill_zero(dx)
    gemm_nt(grad_output, W_above, dx)
    add_rows(dx, batch.distinct, matrix(gradient, 0, vocab_size, embedding_size))
