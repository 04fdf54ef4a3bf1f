"""A whole network over one sentence: its cost, and the gradient of that.

`sizes` is [V, E, G, H of each layer…] as in `Layout.sizes`; parameters and gradient are flat
vectors in the order that layout.py describes. A sentence of n characters is T = n + 1 rows: its
inputs are START and the characters, its targets the characters and END.

Work space is one flat array that the caller keeps, cut up here, so that nothing is allocated while
training. For T rows it holds, in this order:

    x (T, E), then a layer each: gates (T, G * H), c (T, H), tanh_c (T, H), h (T, H), then
    logits (T, V), dh (T, widest), zeros (widest) and dc (widest)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from model.kernels.activations import exp
from model.kernels.compile import kernel
from model.kernels.lstm import lstm_backward, lstm_forward
from model.kernels.products import (
    add_column_sums,
    add_product,
    add_product_with_transposed,
    add_transposed_product,
)
from model.kernels.rnn import rnn_backward, rnn_forward
from model.kernels.views import matrix
from model.layout import FloatArray

Integers = npt.NDArray[np.integer[Any]]

SIZES_BEFORE_LAYERS = 3
LSTM_GATES = 4  # a layer with four gates is an LSTM's, one with a single gate a plain RNN's


@kernel
def widest_layer(sizes: Integers) -> int:
    """The largest of the letter size and the hidden sizes."""
    widest = sizes[1]
    for layer in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        widest = max(widest, sizes[layer])
    return widest


@kernel
def logits_place(sizes: Integers, rows: int) -> int:
    """Where in the work space the logits of a sentence of so many rows begin."""
    per_row = sizes[1]
    for layer in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        per_row += (sizes[2] + 3) * sizes[layer]
    return rows * per_row


@kernel
def work_size(sizes: Integers, rows: int) -> int:
    """Numbers of work space that a sentence of so many rows takes."""
    widest = widest_layer(sizes)
    return logits_place(sizes, rows) + rows * (sizes[0] + widest) + 2 * widest


@kernel
def forward(
    sizes: Integers, parameters: FloatArray, letters: Integers, work: FloatArray
) -> FloatArray:
    """Fill the work space for the inputs `letters` (T,), and return the logits (T, V) in it."""
    inputs, letter_size, gate_count = sizes[0], sizes[1], sizes[2]
    rows = letters.shape[0]
    widest = widest_layer(sizes)
    logits_at = logits_place(sizes, rows)
    logits = matrix(work, logits_at, rows, inputs)
    zeros = matrix(work, logits_at + rows * (inputs + widest), 1, widest)[0]
    for j in range(widest):
        zeros[j] = 0

    below = matrix(work, 0, rows, letter_size)
    read_letter_vectors(matrix(parameters, 0, inputs, letter_size), letters, below)
    p, w = inputs * letter_size, rows * letter_size
    for layer in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        hidden, under = sizes[layer], below.shape[1]
        width = gate_count * hidden
        Wx = matrix(parameters, p, under, width)
        Wh = matrix(parameters, p + under * width, hidden, width)
        bias = matrix(parameters, p + (under + hidden) * width, 1, width)[0]
        p += (under + hidden + 1) * width
        gates = matrix(work, w, rows, width)
        c = matrix(work, w + rows * width, rows, hidden)
        tanh_c = matrix(work, w + rows * (width + hidden), rows, hidden)
        h = matrix(work, w + rows * (width + 2 * hidden), rows, hidden)
        w += rows * (width + 3 * hidden)
        fill_zero(gates)
        add_product(below, Wx, gates)
        if gate_count == LSTM_GATES:
            lstm_forward(gates, Wh, bias, zeros[:hidden], c, tanh_c, h)
        else:
            rnn_forward(gates, Wh, bias, h)
        below = h

    fill_zero(logits)
    add_product(below, matrix(parameters, p, below.shape[1], inputs), logits)
    bd = matrix(parameters, p + below.shape[1] * inputs, 1, inputs)[0]
    for t in range(rows):
        row = logits[t]
        for j in range(inputs):
            row[j] += bd[j]
    return logits


@kernel
def read_letter_vectors(vectors: FloatArray, letters: Integers, out: FloatArray) -> None:
    """out (T, E) = the rows of vectors (V, E) that letters (T,) name."""
    for t in range(letters.shape[0]):
        vector, row = vectors[letters[t]], out[t]
        for j in range(vectors.shape[1]):
            row[j] = vector[j]


@kernel
def fill_zero(a: FloatArray) -> None:
    """a (m, n) = 0."""
    for i in range(a.shape[0]):
        row = a[i]
        for j in range(a.shape[1]):
            row[j] = 0


@kernel
def cost_from_logits(logits: FloatArray, targets: Integers) -> float:
    """Sum of -ln p(target) over the rows of logits (T, V), which become probabilities."""
    cost = 0.0
    outputs = logits.shape[1]
    for t in range(logits.shape[0]):
        row = logits[t]
        largest = row[0]
        for j in range(1, outputs):
            largest = max(largest, row[j])
        target_logit = row[targets[t]] - largest
        for j in range(outputs):
            row[j] = exp(row[j] - largest)
        total = logits.dtype.type(0)
        for j in range(outputs):
            total += row[j]
        for j in range(outputs):
            row[j] /= total
        cost += math.log(total) - target_logit
    return cost


@kernel
def backward(
    sizes: Integers,
    parameters: FloatArray,
    gradient: FloatArray,
    letters: Integers,
    targets: Integers,
    work: FloatArray,
) -> None:
    """Add the gradient of the cost to `gradient`, after `forward` and `cost_from_logits`."""
    inputs, letter_size, gate_count = sizes[0], sizes[1], sizes[2]
    rows = letters.shape[0]
    widest = widest_layer(sizes)
    w = logits_place(sizes, rows)
    d_above = matrix(work, w, rows, inputs)  # that of the logits first
    for t in range(rows):
        d_above[t, targets[t]] -= 1

    dh_at = w + rows * inputs
    zeros = matrix(work, dh_at + rows * widest, 1, widest)[0]
    dc = matrix(work, dh_at + (rows + 1) * widest, 1, widest)
    p = parameters.shape[0] - (sizes[-1] + 1) * inputs
    W_above = matrix(parameters, p, sizes[-1], inputs)
    h = matrix(work, w - rows * sizes[-1], rows, sizes[-1])
    add_transposed_product(h, d_above, matrix(gradient, p, sizes[-1], inputs))
    add_column_sums(d_above, matrix(gradient, p + sizes[-1] * inputs, 1, inputs)[0])

    for layer in range(sizes.shape[0] - 1, SIZES_BEFORE_LAYERS - 1, -1):
        hidden = sizes[layer]
        under = sizes[layer - 1] if layer > SIZES_BEFORE_LAYERS else letter_size
        width = gate_count * hidden
        w -= rows * (width + 3 * hidden)
        gates = matrix(work, w, rows, width)
        c = matrix(work, w + rows * width, rows, hidden)
        tanh_c = matrix(work, w + rows * (width + hidden), rows, hidden)
        h = matrix(work, w + rows * (width + 2 * hidden), rows, hidden)
        below = matrix(work, w - rows * under, rows, under)
        p -= (under + hidden + 1) * width
        Wx = matrix(parameters, p, under, width)
        Wh = matrix(parameters, p + under * width, hidden, width)
        dh = matrix(work, dh_at, rows, hidden)
        fill_zero(dh)
        fill_zero(dc)
        if gate_count == LSTM_GATES:
            lstm_backward(
                gates, Wh, zeros[:hidden], c, tanh_c, d_above, W_above, dh, dc[0][:hidden]
            )
        else:
            rnn_backward(gates, Wh, h, d_above, W_above, dh)
        add_transposed_product(below, gates, matrix(gradient, p, under, width))
        add_column_sums(gates, matrix(gradient, p + (under + hidden) * width, 1, width)[0])
        if rows > 1:
            add_transposed_product(
                h[:-1], gates[1:], matrix(gradient, p + under * width, hidden, width)
            )
        d_above, W_above = gates, Wx

    dx = matrix(work, dh_at, rows, letter_size)
    fill_zero(dx)
    add_product_with_transposed(d_above, W_above, dx)
    add_letter_gradients(dx, letters, matrix(gradient, 0, inputs, letter_size))


@kernel
def add_letter_gradients(dx: FloatArray, letters: Integers, out: FloatArray) -> None:
    """Add the rows of dx (T, E), last first, to those of out (V, E) that letters (T,) name."""
    for t in range(dx.shape[0] - 1, -1, -1):
        vector, row = out[letters[t]], dx[t]
        for j in range(dx.shape[1]):
            vector[j] += row[j]
