"""What Python calls: each does its whole work in one call, without the interpreter's lock.

Sentences come as one array `letters` (int32) with START_OR_END before, between and after them:
sentence s has its inputs from letters[starts[s]] and its targets one place further on, both
starts[s + 1] - starts[s] long. See `pack_sentences`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from model.kernels import gru, lstm, rnn  # noqa: F401  (they make themselves known as cells)
from model.kernels.activations import exp
from model.kernels.cells import Integers, step_layer
from model.kernels.compile import entry_point, kernel
from model.kernels.network import (
    SIZES_BEFORE_LAYERS,
    backward,
    forward,
    layer_at,
    softmax_costs,
)
from model.kernels.products import add_product
from model.kernels.solvers import Rule, clip_by_norm, solver_step, squared_norm
from model.kernels.views import fill_zero, matrix
from model.layout import FloatArray
from model.vocabulary import START_OR_END

Doubles = npt.NDArray[np.float64]


@entry_point
def train(
    cell: Any,
    solver: Any,
    rule: Rule,
    rates: Doubles,
    sizes: Integers,
    parameters: FloatArray,
    gradient: FloatArray,
    letters: Integers,
    starts: Integers,
    order: Integers,
    batch_starts: Integers,
    work: FloatArray,
    rows_of_batch: Integers,
    costs: Doubles,
    gradient_norms: Doubles,
    clipped_shares: Doubles,
) -> None:
    """One step for every batch, one after the other.

    Batch k is the sentences order[batch_starts[k] : batch_starts[k + 1]], longest first. rates
    (steps,), float64, are the learning rates. gradient (flat) must be zero on entry and is on
    return. rows_of_batch, int64, is work space for three numbers of every row of the largest batch,
    and one more. Fills costs, gradient_norms and clipped_shares, each (steps,) in float64: the sum
    of the sentences' costs before the step, the norm of their mean gradient before clipping, and
    the share of weights whose gradient was clipped.
    """
    for k in range(batch_starts.shape[0] - 1):
        batch = order[batch_starts[k] : batch_starts[k + 1]]
        costs[k] = add_gradient(
            cell, sizes, parameters, gradient, letters, starts, batch, work, rows_of_batch
        )
        norm = math.sqrt(squared_norm(gradient))
        gradient_norms[k] = norm
        if rule.clip_norm:
            clip_by_norm(gradient, norm, rule.clip)
            clipped_shares[k] = 1.0 if norm > rule.clip else 0.0
            solver_step(solver, parameters, gradient, rates[k], rule, k)
        else:
            clipped = solver_step(solver, parameters, gradient, rates[k], rule, k)
            clipped_shares[k] = clipped / parameters.shape[0]


@kernel
def add_gradient(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    gradient: FloatArray,
    letters: Integers,
    starts: Integers,
    batch: Integers,
    work: FloatArray,
    rows_of_batch: Integers,
) -> float:
    """Add a batch's mean gradient of a sentence to `gradient`; returns the sum of the costs."""
    inputs, targets, row_starts = lay_out_rows(letters, starts, batch, rows_of_batch)
    logits = forward(cell, sizes, parameters, inputs, row_starts, work)
    cost = softmax_costs(logits, targets)
    backward(cell, sizes, parameters, gradient, inputs, targets, row_starts, work)
    return cost


@entry_point
def cost_and_gradient(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    gradient: FloatArray,
    letters: Integers,
    starts: Integers,
    batch: Integers,
    work: FloatArray,
    rows_of_batch: Integers,
) -> float:
    """What `train` works out of a batch before its step, for the checks; arguments as there."""
    return add_gradient(
        cell, sizes, parameters, gradient, letters, starts, batch, work, rows_of_batch
    )


@kernel
def lay_out_rows(
    letters: Integers, starts: Integers, batch: Integers, space: Integers
) -> tuple[Integers, Integers, Integers]:
    """The inputs and targets of a batch's rows, and where each time step begins among them."""
    rows = 0
    for sentence in batch:
        rows += starts[sentence + 1] - starts[sentence]
    steps = starts[batch[0] + 1] - starts[batch[0]]
    inputs, targets = space[:rows], space[rows : 2 * rows]
    row_starts = space[2 * rows : 2 * rows + steps + 1]
    row, alive = 0, batch.shape[0]
    for t in range(steps):
        row_starts[t] = row
        while starts[batch[alive - 1] + 1] - starts[batch[alive - 1]] <= t:
            alive -= 1
        for b in range(alive):
            at = starts[batch[b]] + t
            inputs[row], targets[row] = letters[at], letters[at + 1]
            row += 1
    row_starts[steps] = row
    return inputs, targets, row_starts


@entry_point
def evaluate(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    letters: Integers,
    starts: Integers,
    work: FloatArray,
    row_starts: Integers,
    costs: Doubles,
) -> None:
    """Fill costs (sentences,), float64, with each sentence's sum of -ln p(target).

    row_starts is 0, 1, 2 … up to the rows of the longest sentence.
    """
    for s in range(starts.shape[0] - 1):
        begin, end = starts[s], starts[s + 1]
        steps = row_starts[: end - begin + 1]
        logits = forward(cell, sizes, parameters, letters[begin:end], steps, work)
        costs[s] = softmax_costs(logits, letters[begin + 1 : end + 1])


@kernel
def step(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    letter: int,
    state: FloatArray,
    work: FloatArray,
    logits: FloatArray,
) -> None:
    """Read one input letter: move state (all layers' h, then all c) on and fill logits (V,)."""
    inputs, letter_size = sizes[0], sizes[1]
    c_at = state.shape[0] // 2
    below = matrix(parameters, letter * letter_size, 1, letter_size)
    p, s = inputs * letter_size, 0
    for number in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        hidden, under = sizes[number], below.shape[1]
        layer = layer_at(parameters, p, work, 0, cell, 1, under, hidden)
        p += ((under + hidden) * cell.gates + cell.biases) * hidden
        for j in range(hidden):
            layer.h[0, j], layer.c[0, j] = state[s + j], state[c_at + s + j]
        fill_zero(layer.gates)
        add_product(below, layer.Wx, layer.gates)
        step_layer(cell, layer)
        for j in range(hidden):
            state[s + j], state[c_at + s + j] = layer.h[0, j], layer.c[0, j]
        below = matrix(state, s, 1, hidden)
        s += hidden
    under = below.shape[1]
    row = matrix(logits, 0, 1, inputs)
    fill_zero(row)
    add_product(below, matrix(parameters, p, under, inputs), row)
    for j in range(inputs):
        logits[j] += parameters[p + under * inputs + j]


@kernel
def to_probabilities(logits: FloatArray, temperature: float) -> None:
    """Turn logits (V,) into the softmax of logits / temperature, in place."""
    largest = logits[0]
    for j in range(1, logits.shape[0]):
        largest = max(largest, logits[j])
    total = logits.dtype.type(0)
    warmth = logits.dtype.type(temperature)
    for j in range(logits.shape[0]):
        logits[j] = exp((logits[j] - largest) / warmth)
        total += logits[j]
    for j in range(logits.shape[0]):
        logits[j] /= total


@kernel
def likeliest(logits: FloatArray) -> int:
    """The place of the largest of logits (V,)."""
    best = 0
    for j in range(1, logits.shape[0]):
        if logits[j] > logits[best]:
            best = j
    return best


@kernel
def draw(probabilities: FloatArray, uniform: float) -> int:
    """The place in probabilities (V,) that a uniform number in [0, 1) falls on."""
    reached = 0.0
    for j in range(probabilities.shape[0] - 1):
        reached += probabilities[j]
        if uniform < reached:
            return j
    return probabilities.shape[0] - 1


@entry_point
def predict(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    given: Integers,
    state: FloatArray,
    work: FloatArray,
    probabilities: FloatArray,
) -> None:
    """Fill probabilities (V,) with those of the letter after the given ones, START among them.

    state and work are as in `write`.
    """
    for k in range(given.shape[0]):
        step(cell, sizes, parameters, given[k], state, work, probabilities)
    to_probabilities(probabilities, 1.0)


@entry_point
def write(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    given: Integers,
    temperature: float,
    uniforms: Doubles,
    state: FloatArray,
    work: FloatArray,
    logits: FloatArray,
    out: Integers,
) -> int:
    """Write on after the given letters, START first, until END or `out` (max_chars,) is full.

    At temperature 0 every letter is the likeliest one; else it is drawn with uniforms (max_chars,),
    float64 in [0, 1). given is (letters,), int64. state (twice the hidden sizes' sum) must be zero;
    work holds G + 3 times the widest layer, logits V numbers. Returns how many letters were
    written.
    """
    letter, read, written = given[0], 1, 0
    while written < out.shape[0]:
        step(cell, sizes, parameters, letter, state, work, logits)
        if read < given.shape[0]:
            letter, read = given[read], read + 1
            continue
        if temperature == 0.0:
            letter = likeliest(logits)
        else:
            to_probabilities(logits, temperature)
            letter = draw(logits, uniforms[written])
        if letter == START_OR_END:
            return written
        out[written] = letter
        written += 1
    return written
