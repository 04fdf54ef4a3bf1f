"""The functions that Python calls. They release the GIL for the whole call.

Sentences are one array `tokens`, uint16, with BOUNDARY before, between and after them: the inputs
of sentence s start at tokens[offsets[s]], its targets one place later, both with a length of
offsets[s + 1] - offsets[s]. See `pack_sentences`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from model.kernels.beam_search import (
    Beam,
    Ranking,
    advance,
    clear,
    insert,
    rank_continuations,
    reorder_states,
    trace_back,
)
from model.kernels.cells import gru, lstm, rnn  # noqa: F401  (importing registers them)
from model.kernels.compile import entry_point, kernel
from model.kernels.dropout import NoDropout, at_step
from model.kernels.linalg.views import copy_row, matrix, set_rows
from model.kernels.network import Batch, backward, forward, pack_batch, softmax_losses
from model.kernels.optimizers import (
    StepConfig,
    add_shards,
    clip_by_norm,
    optimizer_step,
    squared_norm,
)
from model.kernels.sampling import SamplingParams, sample_token
from model.kernels.types import BOUNDARY, Float64Array, FloatArray, IntArray


@entry_point
def train(
    cell: Any,
    dropout: Any,
    optimizer: Any,
    config: StepConfig,
    rates: Float64Array,
    sizes: IntArray,
    params: FloatArray,
    gradient: FloatArray,
    tokens: IntArray,
    offsets: IntArray,
    order: IntArray,
    batch_offsets: IntArray,
    state: FloatArray,
    work: FloatArray,
    batch_work: IntArray,
    losses: Float64Array,
    gradient_norms: Float64Array,
    clipped_shares: Float64Array,
) -> None:
    """Take one step for each batch, in order.

    Batch k consists of the sentences order[batch_offsets[k] : batch_offsets[k + 1]], longest first.
    rates (steps,), float64, are the learning rates. params and gradient are (parameters,); the
    gradient must be zero on entry, and is zero on return. state is as in network.py, and is
    updated by each step. work and batch_work, int64, are scratch space: see
    `ParameterLayout.work_size` and `network.pack_batch`. dropout is that of the first step.

    Fills losses, gradient_norms and clipped_shares, each (steps,) in float64: the sum of the
    sentences' losses before the step, the norm of their mean gradient before clipping, and the
    fraction of parameters whose gradient was clipped.
    """
    gradients, fractions = matrix(gradient, 0, 1, params.shape[0]), np.ones(1)
    for k in range(batch_offsets.shape[0] - 1):
        batch = order[batch_offsets[k] : batch_offsets[k + 1]]
        losses[k] = batch_loss_and_gradient(
            cell,
            at_step(dropout, k),
            sizes,
            params,
            gradient,
            tokens,
            offsets,
            batch,
            state,
            work,
            batch_work,
        )
        gradient_norms[k], clipped_shares[k] = step_with_gradients(
            optimizer, config, params, gradients, fractions, rates[k], k
        )


@kernel
def step_with_gradients(
    optimizer: Any,
    config: StepConfig,
    params: FloatArray,
    gradients: FloatArray,
    fractions: Float64Array,
    rate: float,
    step: int,
) -> tuple[float, float]:
    """Take a step with the mean gradients (shards, parameters) of a batch's shards.

    fractions (shards,), float64, are the shards' fractions of the batch. Returns the norm and the
    clipped share of the batch's gradient, as in `train`. Sets the first gradient to zero.
    """
    add_shards(gradients, fractions)
    gradient = gradients[0]
    norm = math.sqrt(squared_norm(gradient))
    if config.clip_norm:
        clip_by_norm(gradient, norm, config.clip)
        optimizer_step(optimizer, params, gradient, rate, config, step)
        return norm, 1.0 if norm > config.clip else 0.0
    clipped = optimizer_step(optimizer, params, gradient, rate, config, step)
    return norm, clipped / params.shape[0]


apply_gradients = entry_point(step_with_gradients)


@kernel
def batch_loss_and_gradient(
    cell: Any,
    dropout: Any,
    sizes: IntArray,
    params: FloatArray,
    gradient: FloatArray,
    tokens: IntArray,
    offsets: IntArray,
    batch: IntArray,
    state: FloatArray,
    work: FloatArray,
    batch_work: IntArray,
) -> float:
    """The sum of the losses of a batch; adds their mean gradient to `gradient`.

    The arguments are those of `train`.
    """
    packed = pack_batch(sizes[0], tokens, offsets, batch, batch_work)
    loss = softmax_losses(
        forward(cell, dropout, sizes, params, packed, state, work), packed.targets
    )
    backward(cell, dropout, sizes, params, gradient, packed, state.shape[0] > 0, work)
    return loss


loss_and_gradient = entry_point(batch_loss_and_gradient)


@entry_point
def evaluate(
    cell: Any,
    sizes: IntArray,
    params: FloatArray,
    tokens: IntArray,
    offsets: IntArray,
    order: IntArray,
    batch_offsets: IntArray,
    state: FloatArray,
    work: FloatArray,
    batch_work: IntArray,
    losses: Float64Array,
) -> None:
    """Fill losses (batches,), float64, with the sum of -ln p(target) of each batch.

    There is no dropout. The state is updated by each batch; the other arguments are those of
    `train`.
    """
    no_dropout = NoDropout(0.0)
    for k in range(batch_offsets.shape[0] - 1):
        batch = order[batch_offsets[k] : batch_offsets[k + 1]]
        packed = pack_batch(sizes[0], tokens, offsets, batch, batch_work)
        logits = forward(cell, no_dropout, sizes, params, packed, state, work)
        losses[k] = softmax_losses(logits, packed.targets)


@kernel
def step(
    cell: Any,
    sizes: IntArray,
    params: FloatArray,
    tokens: IntArray,
    rows: IntArray,
    state: FloatArray,
    work: FloatArray,
) -> FloatArray:
    """The logits (N, V) after one token of each of N sentences; updates the first N states.

    tokens (N,) may repeat. rows is scratch space for N + 2 numbers.
    """
    count = tokens.shape[0]
    ends, numbers = rows[:2], rows[2 : count + 2]
    ends[0], ends[1] = 0, count
    for row in range(count):
        numbers[row] = row
    batch = Batch(tokens, numbers, tokens, tokens, ends)
    return forward(cell, NoDropout(0.0), sizes, params, batch, state[:count], work)


@entry_point
def generate(
    cell: Any,
    sizes: IntArray,
    params: FloatArray,
    prompt: IntArray,
    sampling: SamplingParams,
    uniforms: Float64Array,
    state: FloatArray,
    work: FloatArray,
    choice: FloatArray,
    integers: IntArray,
    out: IntArray,
    lengths: IntArray,
) -> None:
    """Generate N continuations of the prompt, each until END or max_chars tokens.

    prompt is (tokens,), int64, START first. uniforms (N, max_chars), float64 in [0, 1), are the
    random numbers of `sample_token`. The state of the first sentence must be zero; state and work
    are as in network.py, for N sentences. choice (1, V) and integers, int64, for 3 N + V + 2
    numbers, are scratch space. Fills out (N, max_chars) with the tokens, and lengths (N,) with
    their counts.

    The prompt is read once for all sentences, as one row. Finished sentences are removed: the rows
    of a step are the unfinished sentences, in order.
    """
    count, max_chars = out.shape
    tokens, sentences = integers[:count], integers[count : 2 * count]
    rows, order = integers[2 * count :], integers[3 * count + 2 :]
    for s in range(count):
        sentences[s], lengths[s] = s, max_chars
    alive, prompt_length = 1, prompt.shape[0]
    for t in range(1 - prompt_length, max_chars):
        if t <= 0:
            tokens[0] = prompt[prompt_length - 1 + t]
        # The only call: the compiler inlines the whole step at each call.
        logits = step(cell, sizes, params, tokens[:alive], rows, state, work)
        if t < 0:
            continue
        if t == 0:
            alive = count
            set_rows(state, state[0])
        unfinished = 0
        for row in range(alive):
            s = sentences[row]
            copy_row(logits, min(row, logits.shape[0] - 1), choice, 0)
            token = sample_token(choice[0], sampling, uniforms[s, t], order)
            if token == BOUNDARY:
                lengths[s] = t
                continue
            out[s, t] = token
            tokens[unfinished], sentences[unfinished] = token, s
            if unfinished < row:
                copy_row(state, row, state, unfinished)
            unfinished += 1
        alive = unfinished
        if alive == 0:
            return


@entry_point
def beam_search(
    cell: Any,
    sizes: IntArray,
    params: FloatArray,
    prompt: IntArray,
    ends: bool,
    state: FloatArray,
    work: FloatArray,
    rows: IntArray,
    beam: Beam,
    hypotheses: Ranking,
    out: IntArray,
) -> None:
    """Fill `hypotheses` with the most probable continuations of the prompt, best first.

    There are at most as many as the beam is wide; unused places have a score of -infinity. Their
    payloads are their lengths, and out (width, max_chars) receives their tokens. A prefix that
    reaches max_chars becomes a hypothesis without END; unless `ends`, all do. prompt, state and
    work are as in `generate`, for as many sentences as the beam is wide; rows, int64, is scratch
    space for width + 2 numbers.
    """
    last_tokens, max_chars = beam.last_tokens, out.shape[1]
    clear(hypotheses)
    beam.scores[0] = 0.0
    alive, greedy, prompt_length = 1, 0, prompt.shape[0]
    for t in range(1 - prompt_length, max_chars):
        if t <= 0:
            last_tokens[0] = prompt[prompt_length - 1 + t]
        logits = step(cell, sizes, params, last_tokens[:alive], rows, state, work)
        if t < 0:
            continue
        if not ends:
            for row in range(alive):
                logits[row, BOUNDARY] = -math.inf
        rank_continuations(logits, beam)
        alive, greedy = advance(logits, beam, t, greedy, hypotheses)
        if alive == 0:
            break
        reorder_states(state, beam.state_scratch, beam.parents[t, :alive])
    for row in range(alive):
        insert(hypotheses, beam.scores[row], row, max_chars)
    trace_back(beam, hypotheses, out)
