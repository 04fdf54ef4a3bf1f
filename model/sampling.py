"""Reading a beginning and writing on from it: what the kernels are called with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from model.errors import SettingsError, TextError
from model.kernels import entry_points as entry
from model.kernels.beam_search import Beam, Ranking
from model.kernels.cells import CELLS
from model.kernels.sampling import Choice
from model.network import FloatArray, is_size
from model.vocabulary import START_OR_END, Vocabulary

if TYPE_CHECKING:
    from model.char_model import CharModel

TOGETHER = 256
"""Sentences that are written in one call: more would gain nothing, and take memory."""
CHARACTERS_TOGETHER = 1_000_000
"""Characters that there is room for in one call, unless one sentence alone has more."""
WIDEST_BEAM = 20


def predict(model: CharModel, prefix: str) -> FloatArray:
    """The probabilities of END and of each character to come after the prefix, (V,).

    Raises:
        TextError: the prefix holds a character that the model does not know.
    """
    given = _start_and(model.vocabulary, prefix)
    state, work, probabilities = _step_space(model, 1)
    entry.predict(
        CELLS[model.kind], model.layout.sizes, model.flat, given, state, work, probabilities
    )
    return probabilities


def write(
    model: CharModel,
    count: int,
    prime: str,
    choice: Choice,
    max_chars: int,
    random: np.random.Generator | None = None,
) -> list[str]:
    """So many sentences that go on after the prime; drawn with `random` where chance decides.

    Raises:
        SettingsError: the count is not a whole number from 1 on, or max_chars is below 0.
        TextError: the prime holds a character that the model does not know.
    """
    if not is_size(count):
        raise SettingsError("invalid_count", "count", value=count)
    _check_max_chars(max_chars)
    given = _start_and(model.vocabulary, prime)
    sentences: list[str] = []
    for rows in _calls(count, max_chars):
        shape = (rows, max_chars)
        uniforms = np.zeros(shape) if random is None else random.random(shape)
        sentences += _write_together(model, given, choice, uniforms)
    return sentences


def beam_search(
    model: CharModel, width: int, prime: str, max_chars: int
) -> list[tuple[str, float]]:
    """Alternatives and their log-probabilities; see `CharModel.beam_search`.

    Raises:
        SettingsError: the width is not a whole number from 1 to 20, or max_chars is below 0.
        TextError: the prime holds a character that the model does not know.
    """
    if not (is_size(width) and width <= WIDEST_BEAM):
        raise SettingsError("invalid_width", "width", value=width, most=WIDEST_BEAM)
    _check_max_chars(max_chars)
    given = _start_and(model.vocabulary, prime)
    state, work, logits = _step_space(model, width)
    beam = Beam(
        scores=np.zeros(width),
        latest=np.zeros(width, dtype=np.int64),
        letters=np.zeros((max_chars, width), dtype=np.int64),
        parents=np.zeros((max_chars, width), dtype=np.int64),
        continuations=_ranking(2 * width),
        spare=np.zeros_like(state),
    )
    alternatives = _ranking(width)
    out = np.zeros((width, max_chars), dtype=np.int32)
    entry.beam_search(
        CELLS[model.kind],
        model.layout.sizes,
        model.flat,
        given,
        state,
        work,
        logits,
        beam,
        alternatives,
        out,
    )
    return [
        (model.vocabulary.decode(out[n, : alternatives.marks[n]]), float(score))
        for n, score in enumerate(alternatives.scores)
        if np.isfinite(score)
    ]


def _calls(count: int, max_chars: int) -> Iterator[int]:
    """How many sentences go into each call."""
    most = max(1, min(TOGETHER, CHARACTERS_TOGETHER // max(max_chars, 1)))
    for first in range(0, count, most):
        yield min(most, count - first)


def _write_together(
    model: CharModel,
    given: npt.NDArray[np.int64],
    choice: Choice,
    uniforms: npt.NDArray[np.float64],
) -> list[str]:
    """As many sentences as uniforms (sentences, max_chars) has rows, in one call."""
    rows = len(uniforms)
    out = np.zeros(uniforms.shape, dtype=np.int32)
    lengths = np.zeros(rows, dtype=np.int64)
    entry.write(
        CELLS[model.kind],
        model.layout.sizes,
        model.flat,
        given,
        choice,
        uniforms,
        *_step_space(model, rows),
        np.zeros(2 * rows + model.layout.inputs, dtype=np.int64),
        out,
        lengths,
    )
    return [
        model.vocabulary.decode(letters[:length])
        for letters, length in zip(out, lengths, strict=True)
    ]


def _step_space(model: CharModel, rows: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """State, all zero, work space and logits for the steps of so many sentences."""
    layout, dtype = model.layout, model.flat.dtype
    state: npt.NDArray[Any] = np.zeros(rows * 2 * sum(layout.hidden_sizes), dtype)
    work: npt.NDArray[Any] = np.zeros(rows * layout.step_size, dtype)
    logits: npt.NDArray[Any] = np.zeros(rows * layout.inputs, dtype)
    return state, work, logits


def _start_and(vocabulary: Vocabulary, prime: str) -> npt.NDArray[np.int64]:
    """START and the letters of a beginning, shape (1 + letters,)."""
    try:
        return np.concatenate(([START_OR_END], vocabulary.encode(prime))).astype(np.int64)
    except TextError as error:
        error.field = "prime"
        raise


def _ranking(places: int) -> Ranking:
    return Ranking(np.full(places, -np.inf), *np.zeros((2, places), dtype=np.int64))


def _check_max_chars(max_chars: int) -> None:
    if max_chars < 0:
        raise SettingsError("invalid_max_chars", "max_chars", value=max_chars)
