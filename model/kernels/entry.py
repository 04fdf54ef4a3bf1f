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

from model.kernels import lstm, rnn  # noqa: F401  (they make themselves known as cells)
from model.kernels.activations import exp
from model.kernels.cells import step_layer
from model.kernels.compile import entry_point, kernel
from model.kernels.network import (
    SIZES_BEFORE_LAYERS,
    Integers,
    backward,
    cost_from_logits,
    forward,
)
from model.kernels.products import add_product
from model.kernels.solvers import rmsprop_step
from model.kernels.views import fill_zero, matrix
from model.layout import FloatArray
from model.vocabulary import START_OR_END

Doubles = npt.NDArray[np.float64]


@entry_point
def train(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    gradient: FloatArray,
    cache: FloatArray,
    letters: Integers,
    starts: Integers,
    order: Integers,
    learning_rate: float,
    l2: float,
    clip: float,
    decay: float,
    epsilon: float,
    work: FloatArray,
    costs: Doubles,
    gradient_norms: Doubles,
    clipped_shares: Doubles,
) -> None:
    """One step for every sentence of `order` (steps,), one after the other.

    gradient (flat) must be zero on entry and is on return. Fills costs, gradient_norms and
    clipped_shares, each (steps,) in float64: the cost before the step, the norm of its gradient
    before clipping, and the share of weights whose gradient was clipped.
    """
    for step in range(order.shape[0]):
        begin, end = starts[order[step]], starts[order[step] + 1]
        inputs, targets = letters[begin:end], letters[begin + 1 : end + 1]
        logits = forward(cell, sizes, parameters, inputs, work)
        costs[step] = cost_from_logits(logits, targets)
        backward(cell, sizes, parameters, gradient, inputs, targets, work)
        squares, clipped = rmsprop_step(
            parameters, gradient, cache, learning_rate, l2, clip, decay, epsilon
        )
        gradient_norms[step] = math.sqrt(squares)
        clipped_shares[step] = clipped / parameters.shape[0]


@entry_point
def evaluate(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    letters: Integers,
    starts: Integers,
    work: FloatArray,
    costs: Doubles,
) -> None:
    """Fill costs (sentences,), float64, with each sentence's sum of -ln p(target)."""
    for s in range(starts.shape[0] - 1):
        begin, end = starts[s], starts[s + 1]
        logits = forward(cell, sizes, parameters, letters[begin:end], work)
        costs[s] = cost_from_logits(logits, letters[begin + 1 : end + 1])


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
    for layer in range(SIZES_BEFORE_LAYERS, sizes.shape[0]):
        hidden, under = sizes[layer], below.shape[1]
        width = cell.gates * hidden
        bias = matrix(parameters, p + (under + hidden) * width, 1, width)[0]
        gates = matrix(work, 0, 1, width)
        h = matrix(state, s, 1, hidden)
        fill_zero(gates)
        add_product(below, matrix(parameters, p, under, width), gates)
        add_product(h, matrix(parameters, p + under * width, hidden, width), gates)
        c = matrix(state, c_at + s, 1, hidden)[0]
        tanh_c = matrix(work, width, 1, hidden)[0]
        step_layer(cell, gates[0], bias, c, tanh_c, h[0])
        p += (under + hidden + 1) * width
        s += hidden
        below = h
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
    work holds G + 1 times the widest layer, logits V numbers. Returns how many letters were
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
