"""A whole network over one sentence: its cost, and the gradient of that.

`sizes` is [V, E, widest, numbers a row, H of each layer…] as in `Layout.sizes`; parameters and
gradient are flat vectors in the order that layout.py describes. A sentence of n characters is
T = n + 1 rows: its inputs are START and the characters, its targets the characters and END.

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
from model.kernels.cells import backward_layer, forward_layer
from model.kernels.compile import kernel
from model.kernels.products import (
    add_column_sums,
    add_product,
    add_product_with_transposed,
    add_transposed_product,
)
from model.kernels.views import fill_zero, matrix
from model.layout import FloatArray

Integers = npt.NDArray[np.integer[Any]]

SIZES_BEFORE_LAYERS = 4


@kernel
def forward(
    cell: Any, sizes: Integers, parameters: FloatArray, letters: Integers, work: FloatArray
) -> FloatArray:
    """Fill the work space for the inputs `letters` (T,), and return the logits (T, V) in it."""
    inputs, letter_size, widest = sizes[0], sizes[1], sizes[2]
    rows = letters.shape[0]
    logits_at = rows * sizes[3]
    logits = matrix(work, logits_at, rows, inputs)
    zeros = matrix(work, logits_at + rows * (inputs + widest), 1, widest)
    fill_zero(zeros)

    vectors = matrix(parameters, 0, inputs, letter_size)
    below = matrix(work, 0, rows, letter_size)
    for t in range(rows):
        for j in range(letter_size):
            below[t, j] = vectors[letters[t], j]
    p, w = inputs * letter_size, rows * letter_size
    for layer in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        hidden, under = sizes[layer], below.shape[1]
        width = cell.gates * hidden
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
        forward_layer(cell, gates, Wh, bias, zeros[0][:hidden], c, tanh_c, h)
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
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    gradient: FloatArray,
    letters: Integers,
    targets: Integers,
    work: FloatArray,
) -> None:
    """Add the gradient of the cost to `gradient`, after `forward` and `cost_from_logits`."""
    inputs, letter_size, widest = sizes[0], sizes[1], sizes[2]
    rows = letters.shape[0]
    w = rows * sizes[3]
    d_above = matrix(work, w, rows, inputs)  # that of the logits first
    for t in range(rows):
        d_above[t, targets[t]] -= 1

    dh_at = w + rows * inputs
    zeros = matrix(work, dh_at + rows * widest, 1, widest)
    dc = matrix(work, dh_at + (rows + 1) * widest, 1, widest)
    p = parameters.shape[0] - (sizes[-1] + 1) * inputs
    W_above = matrix(parameters, p, sizes[-1], inputs)
    h = matrix(work, w - rows * sizes[-1], rows, sizes[-1])
    add_transposed_product(h, d_above, matrix(gradient, p, sizes[-1], inputs))
    add_column_sums(d_above, matrix(gradient, p + sizes[-1] * inputs, 1, inputs))

    for layer in range(sizes.shape[0] - 1, SIZES_BEFORE_LAYERS - 1, -1):
        hidden = sizes[layer]
        under = sizes[layer - 1] if layer > SIZES_BEFORE_LAYERS else letter_size
        width = cell.gates * hidden
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
        backward_layer(
            cell,
            gates,
            Wh,
            zeros[0][:hidden],
            c,
            tanh_c,
            h,
            d_above,
            W_above,
            dh,
            dc[0][:hidden],
        )
        add_transposed_product(below, gates, matrix(gradient, p, under, width))
        add_column_sums(gates, matrix(gradient, p + (under + hidden) * width, 1, width))
        if rows > 1:
            add_transposed_product(
                h[:-1], gates[1:], matrix(gradient, p + under * width, hidden, width)
            )
        d_above, W_above = gates, Wx

    dx = matrix(work, dh_at, rows, letter_size)
    fill_zero(dx)
    add_product_with_transposed(d_above, W_above, dx)
    d_vectors = matrix(gradient, 0, inputs, letter_size)
    for t in range(rows - 1, -1, -1):
        for j in range(letter_size):
            d_vectors[letters[t], j] += dx[t, j]
