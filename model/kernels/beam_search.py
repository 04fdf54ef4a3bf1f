"""Beam search: the likeliest sentences, as far as a look at a few beginnings at a time finds them.

The beam is the likeliest beginnings of one length. Of all their continuations by a letter, the
likeliest are the next beam (B. T. Lowerre, "The Harpy Speech Recognition System", 1976). A
continuation by END among the likeliest is a whole sentence, an alternative; it takes no place in
the beam. A sentence's score is the logarithm of its probability, not divided by its length. It only
falls as letters are added, so a beginning that is no likelier than the last of enough alternatives
is given up.

The greedy sentence, of the likeliest letter each time, keeps a place in the beam as long as it may
still be an alternative: so the best alternative is never less probable than that.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels.cells import Integers
from model.kernels.compile import kernel
from model.kernels.linalg.activations import exp
from model.kernels.linalg.views import copy_row, matrix
from model.kernels.sampling import likeliest
from model.network import FloatArray
from model.vocabulary import START_OR_END


class Ranking(NamedTuple):
    """The best so far, best first, of equally good ones the first that came.

    Attributes:
        scores: (places,), float64; -infinity where the place is free.
        rows: (places,), int64: the row in the beam that each comes from.
        marks: (places,), int64: what else is to be known of each.
    """

    scores: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    marks: npt.NDArray[np.int64]


class Beam(NamedTuple):
    """The beginnings that are looked at; `width` of them at most.

    Attributes:
        scores: (width,), float64: the log-probability of each.
        latest: (width,), int64: the last letter of each.
        letters: (max_chars, width), int64: at [t, row] the letter t of a beginning that is longer.
        parents: (max_chars, width), int64: at [t, row] the row where it was before that letter.
        continuations: the best of them, their marks being letters; END takes no place in the beam,
            so that twice the width are enough.
        spare: (width * state,): where states are while they change rows.
    """

    scores: npt.NDArray[np.float64]
    latest: npt.NDArray[np.int64]
    letters: npt.NDArray[np.int64]
    parents: npt.NDArray[np.int64]
    continuations: Ranking
    spare: FloatArray


@kernel
def rank_continuations(logits: FloatArray, beam: Beam) -> None:
    """Rank the continuations of the beam's first beginnings, whose logits these are (rows, V)."""
    clear(beam.continuations)
    for row in range(logits.shape[0]):
        before = beam.scores[row] - log_total(logits[row])
        for letter in range(logits.shape[1]):
            rank(beam.continuations, before + logits[row, letter], row, letter)


@kernel
def log_total(logits: FloatArray) -> float:
    """ln of the sum of e to the logits (V,): what they are above their log-probabilities."""
    largest = logits[0]
    for j in range(1, logits.shape[0]):
        largest = max(largest, logits[j])
    total = logits.dtype.type(0)
    for j in range(logits.shape[0]):
        total += exp(logits[j] - largest)
    return float(largest) + math.log(float(total))


@kernel
def go_on(
    logits: FloatArray, beam: Beam, t: int, greedy: int, alternatives: Ranking
) -> tuple[int, int]:
    """Make the best continuations the beam, and those by END alternatives.

    greedy is the row of the greedy beginning, -1 if that has ended. Returns how many beginnings the
    beam has now, and the greedy one's row among them.
    """
    ranked, width = beam.continuations, beam.scores.shape[0]
    greedy_letter, greedy_score = -1, 0.0
    if greedy >= 0:
        greedy_letter = likeliest(logits[greedy])
        before = beam.scores[greedy] - log_total(logits[greedy])
        greedy_score = before + logits[greedy, greedy_letter]
    alive, greedy_now, settled = 0, -1, greedy < 0
    for n in range(ranked.scores.shape[0]):
        score, row, letter = ranked.scores[n], ranked.rows[n], ranked.marks[n]
        if score == -math.inf:
            break
        is_greedy = row == greedy and letter == greedy_letter
        if letter == START_OR_END:
            if n < width:
                rank(alternatives, score, row, t)
                settled = settled or is_greedy
        elif alive < width and score > alternatives.scores[-1]:
            if is_greedy:
                greedy_now, settled = alive, True
            take(beam, t, alive, score, row, letter)
            alive += 1
    if settled:
        return alive, greedy_now
    return add_greedy(beam, t, alive, greedy_score, greedy, greedy_letter, alternatives)


@kernel
def add_greedy(
    beam: Beam, t: int, alive: int, score: float, row: int, letter: int, alternatives: Ranking
) -> tuple[int, int]:
    """Keep the greedy continuation, which is not among the best; returns as `go_on` does."""
    if letter == START_OR_END:
        rank(alternatives, score, row, t)
        return alive, -1
    if not score > alternatives.scores[-1]:
        return alive, -1
    place = min(alive, beam.scores.shape[0] - 1)
    take(beam, t, place, score, row, letter)
    return place + 1, place


@kernel
def take(beam: Beam, t: int, place: int, score: float, row: int, letter: int) -> None:
    """Give a continuation this place in the next beam."""
    beam.scores[place], beam.latest[place] = score, letter
    beam.parents[t, place], beam.letters[t, place] = row, letter


@kernel
def change_rows(state: FloatArray, spare: FloatArray, parents: Integers, width: int) -> None:
    """Move the states of the parents to the rows of their children."""
    numbers = state.shape[0] // width
    states, moved = matrix(state, 0, width, numbers), matrix(spare, 0, width, numbers)
    for row in range(parents.shape[0]):
        copy_row(states, parents[row], moved, row)
    for row in range(parents.shape[0]):
        copy_row(moved, row, states, row)


@kernel
def clear(ranking: Ranking) -> None:
    """Free all places."""
    for n in range(ranking.scores.shape[0]):
        ranking.scores[n] = -math.inf


@kernel
def rank(ranking: Ranking, score: float, row: int, mark: int) -> None:
    """Put it where it belongs, if it is better than the last; what is no number never is."""
    place = ranking.scores.shape[0] - 1
    if not score > ranking.scores[place]:
        return
    while place > 0 and ranking.scores[place - 1] < score:
        ranking.scores[place] = ranking.scores[place - 1]
        ranking.rows[place] = ranking.rows[place - 1]
        ranking.marks[place] = ranking.marks[place - 1]
        place -= 1
    ranking.scores[place], ranking.rows[place], ranking.marks[place] = score, row, mark


@kernel
def trace_back(beam: Beam, alternatives: Ranking, out: Integers) -> None:
    """Fill out (alternatives, max_chars) with the letters of those found; marks are lengths."""
    for n in range(out.shape[0]):
        if alternatives.scores[n] == -math.inf:
            return
        row = alternatives.rows[n]
        for t in range(alternatives.marks[n] - 1, -1, -1):
            out[n, t] = beam.letters[t, row]
            row = beam.parents[t, row]
