"""Beam search for the most probable sentences.

The beam holds the most probable prefixes of one length. Of all their continuations by one token,
the most probable form the next beam (B. T. Lowerre, "The Harpy Speech Recognition System", 1976). A
continuation by END is a whole sentence, a hypothesis; it takes no place in the beam. A score is a
log-probability, not divided by the length. It only falls as tokens are added, so a prefix is
dropped once enough hypotheses are at least as probable.

The greedy prefix (the most probable token at each step) keeps a place in the beam as long as it can
become a hypothesis, so the best hypothesis is at least as probable as the greedy sentence.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels.compile import kernel
from model.kernels.linalg.activations import exp, largest
from model.kernels.linalg.views import copy_row, take_rows
from model.kernels.sampling import argmax
from model.kernels.types import BOUNDARY, Float64Array, FloatArray, IntArray


class Ranking(NamedTuple):
    """A fixed number of entries by descending score; equal scores in the order of insertion.

    Attributes:
        scores: (places,), float64; -infinity in unused places.
        rows: (places,), int64: the row of the beam that each entry extends.
        payloads: (places,), int64: a token or a length.
    """

    scores: Float64Array
    rows: npt.NDArray[np.int64]
    payloads: npt.NDArray[np.int64]


class Beam(NamedTuple):
    """The prefixes that are extended, at most `width`.

    Attributes:
        scores: (width,), float64: the log-probability of each.
        last_tokens: (width,), int64: the last token of each.
        tokens: (max_chars, width), int64: at [t, row] token t of a longer prefix.
        parents: (max_chars, width), int64: at [t, row] the row of the prefix before that token.
        continuations: the best 2 * width, with tokens as payloads; at most `width` of them end.
        state_scratch: (width, 2 * units): scratch space for reordering the states.
    """

    scores: Float64Array
    last_tokens: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]
    parents: npt.NDArray[np.int64]
    continuations: Ranking
    state_scratch: FloatArray


@kernel
def rank_continuations(logits: FloatArray, beam: Beam) -> None:
    """Rank the continuations of the first prefixes of the beam, for their logits (rows, V)."""
    clear(beam.continuations)
    for row in range(logits.shape[0]):
        before = beam.scores[row] - logsumexp(logits[row])
        for token in range(logits.shape[1]):
            insert(beam.continuations, before + logits[row, token], row, token)


@kernel
def logsumexp(logits: FloatArray) -> float:
    """The logarithm of the sum of exp(logits), for logits (V,)."""
    shift = largest(logits)
    total = logits.dtype.type(0)
    for j in range(logits.shape[0]):
        total += exp(logits[j] - shift)
    return float(shift) + math.log(float(total))


@kernel
def advance(
    logits: FloatArray, beam: Beam, t: int, greedy: int, hypotheses: Ranking
) -> tuple[int, int]:
    """Make the best continuations the new beam; those with END become hypotheses.

    logits is (width, V), t the number of tokens so far, greedy the row of the greedy prefix, or -1
    once it has ended. Returns the number of prefixes in the new beam, and the new `greedy`.
    """
    ranked, width = beam.continuations, beam.scores.shape[0]
    greedy_token, greedy_score = -1, 0.0
    if greedy >= 0:
        greedy_token = argmax(logits[greedy])
        before = beam.scores[greedy] - logsumexp(logits[greedy])
        greedy_score = before + logits[greedy, greedy_token]
    alive, greedy_now, settled = 0, -1, greedy < 0
    for n in range(ranked.scores.shape[0]):
        score, row, token = ranked.scores[n], ranked.rows[n], ranked.payloads[n]
        if score == -math.inf:
            break
        is_greedy = row == greedy and token == greedy_token
        if token == BOUNDARY:
            if n < width:
                insert(hypotheses, score, row, t)
                settled = settled or is_greedy
        elif alive < width and score > hypotheses.scores[-1]:
            if is_greedy:
                greedy_now, settled = alive, True
            set_hypothesis(beam, t, alive, score, row, token)
            alive += 1
    if settled:
        return alive, greedy_now
    return add_greedy(beam, t, alive, greedy_score, greedy, greedy_token, hypotheses)


@kernel
def add_greedy(
    beam: Beam, t: int, alive: int, score: float, row: int, token: int, hypotheses: Ranking
) -> tuple[int, int]:
    """Add the greedy continuation, which is not among the best; returns what `advance` does."""
    if token == BOUNDARY:
        insert(hypotheses, score, row, t)
        return alive, -1
    if not score > hypotheses.scores[-1]:
        return alive, -1
    place = min(alive, beam.scores.shape[0] - 1)
    set_hypothesis(beam, t, place, score, row, token)
    return place + 1, place


@kernel
def set_hypothesis(beam: Beam, t: int, place: int, score: float, row: int, token: int) -> None:
    """Put a continuation in this place of the next beam."""
    beam.scores[place], beam.last_tokens[place] = score, token
    beam.parents[t, place], beam.tokens[t, place] = row, token


@kernel
def reorder_states(state: FloatArray, state_scratch: FloatArray, parents: IntArray) -> None:
    """Copy the states of the parents to the rows of their children."""
    moved = state_scratch[: parents.shape[0]]
    take_rows(state, parents, moved)
    for row in range(moved.shape[0]):
        copy_row(moved, row, state, row)


@kernel
def clear(ranking: Ranking) -> None:
    """Clear all places."""
    for n in range(ranking.scores.shape[0]):
        ranking.scores[n] = -math.inf


@kernel
def insert(ranking: Ranking, score: float, row: int, payload: int) -> None:
    """Insert an entry in order if its score exceeds the last one; NaN never does."""
    place = ranking.scores.shape[0] - 1
    if not score > ranking.scores[place]:
        return
    while place > 0 and ranking.scores[place - 1] < score:
        ranking.scores[place] = ranking.scores[place - 1]
        ranking.rows[place] = ranking.rows[place - 1]
        ranking.payloads[place] = ranking.payloads[place - 1]
        place -= 1
    ranking.scores[place], ranking.rows[place], ranking.payloads[place] = score, row, payload


@kernel
def trace_back(beam: Beam, hypotheses: Ranking, out: IntArray) -> None:
    """Fill out (hypotheses, max_chars) with the tokens of each; the payloads are lengths."""
    for n in range(out.shape[0]):
        if hypotheses.scores[n] == -math.inf:
            return
        row = hypotheses.rows[n]
        for t in range(hypotheses.payloads[n] - 1, -1, -1):
            out[n, t] = beam.tokens[t, row]
            row = beam.parents[t, row]
