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

from model.kernels.beam_search import (
    Beam,
    Ranking,
    change_rows,
    clear,
    go_on,
    rank,
    rank_continuations,
    trace_back,
)
from model.kernels.cells import Integers, gru, lstm, rnn  # noqa: F401  (they make themselves known as cells)
from model.kernels.compile import entry_point, kernel
from model.kernels.inference import step
from model.kernels.linalg.views import copy_row, matrix, repeat_row
from model.kernels.network import backward, forward, softmax_costs
from model.kernels.optimizers import Rule, clip_by_norm, solver_step, squared_norm
from model.kernels.sampling import Choice, choose, to_probabilities
from model.network import FloatArray
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

    state and work are as in `write`, for one sentence.
    """
    for k in range(given.shape[0]):
        step(cell, sizes, parameters, given[k : k + 1], state, work, probabilities)
    to_probabilities(probabilities, 1.0)


@entry_point
def write(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    given: Integers,
    choice: Choice,
    uniforms: Doubles,
    state: FloatArray,
    work: FloatArray,
    logits: FloatArray,
    integers: Integers,
    out: Integers,
    lengths: Integers,
) -> None:
    """Write N sentences on after the given letters, START first, until END or `out` is full.

    uniforms (N, max_chars), float64 in [0, 1), draw the letters as `choose` does. given is
    (letters,), int64. state must be zero where it is of the first sentence; it, work and logits are
    as in `step`. integers, int64, is work space for 2 N + V. Fills out (N, max_chars) with
    the letters, and lengths (N,) with how many of them there are.

    The given letters are read once for all, as one row. Sentences that have ended make room: the
    rows of a step are those that go on, in their order.
    """
    count, most = out.shape
    outputs, width = sizes[0], state.shape[0] // count
    letters, sentences = integers[:count], integers[count : 2 * count]
    order = integers[2 * count :]
    states, rows = matrix(state, 0, count, width), matrix(logits, 0, count, outputs)
    for s in range(count):
        sentences[s], lengths[s] = s, most
    alive, reading = 1, given.shape[0]
    for t in range(1 - reading, most):
        if t <= 0:
            letters[0] = given[reading - 1 + t]
        # The one place that calls it: each more would have the compiler put in all of it again.
        step(cell, sizes, parameters, letters[:alive], state, work, logits)
        if t < 0:
            continue
        if t == 0:
            alive = count
            repeat_row(states)
            repeat_row(rows)
        going_on = 0
        for row in range(alive):
            s = sentences[row]
            letter = choose(rows[row], choice, uniforms[s, t], order)
            if letter == START_OR_END:
                lengths[s] = t
                continue
            out[s, t] = letter
            letters[going_on], sentences[going_on] = letter, s
            if going_on < row:
                copy_row(states, row, states, going_on)
            going_on += 1
        alive = going_on
        if alive == 0:
            return


@entry_point
def beam_search(
    cell: Any,
    sizes: Integers,
    parameters: FloatArray,
    given: Integers,
    state: FloatArray,
    work: FloatArray,
    logits: FloatArray,
    beam: Beam,
    alternatives: Ranking,
    out: Integers,
) -> None:
    """Fill `alternatives` with the likeliest sentences found after the given letters, START first.

    They are as many as the beam is wide, or fewer: scores of -infinity follow them. `marks` are
    their lengths, and out (alternatives, max_chars) gets their letters. Beginnings that have
    reached max_chars are alternatives as they are, without END. given, state, work and logits are
    as in `write`, for as many sentences as the beam is wide.
    """
    width, most = out.shape
    rows, latest = matrix(logits, 0, width, sizes[0]), beam.latest
    clear(alternatives)
    beam.scores[0] = 0.0
    alive, greedy, reading = 1, 0, given.shape[0]
    for t in range(1 - reading, most):
        if t <= 0:
            latest[0] = given[reading - 1 + t]
        step(cell, sizes, parameters, latest[:alive], state, work, logits)
        if t < 0:
            continue
        rank_continuations(rows[:alive], beam)
        alive, greedy = go_on(rows, beam, t, greedy, alternatives)
        if alive == 0:
            break
        change_rows(state, beam.spare, beam.parents[t, :alive], width)
    for row in range(alive):
        rank(alternatives, beam.scores[row], row, most)
    trace_back(beam, alternatives, out)
