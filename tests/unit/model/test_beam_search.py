"""Beam search."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog import pretrained, texts
from model import (
    CharModel,
    Mat,
    SettingsError,
    TextError,
    Vocabulary,
    beam_search_compiled,
    compile_beam_search,
    sentences_from_text,
)
from model.autograd.reference_cells import sentence_logits
from model.kernels import entry_points as entry
from model.kernels.types import BOUNDARY
from model.network import CELLS

KINDS = sorted(CELLS)
PRECISIONS = ["float32", "float64"]
ALPHABET = "abcdefgh"


def network(
    cell: str = "lstm",
    seed: int = 1,
    alphabet: Sequence[str] = ALPHABET,
    dtype: npt.DTypeLike = np.float64,
    hidden_sizes: tuple[int, ...] = (6, 5),
) -> CharModel:
    """A random network with confident predictions and nonzero biases."""
    model = CharModel.create(Vocabulary(alphabet), cell, hidden_sizes, 3, dtype=dtype)
    scale = 0.4 if cell == "rnn" else 0.9  # ReLU is unbounded
    model.params[:] = np.random.default_rng(seed).normal(scale=scale, size=model.num_parameters)
    return model


def log_probability(model: CharModel, text: str, prompt: str, ended: bool) -> float:
    """Of a text after the prompt, and of its end if `ended`, by the expression graph."""
    letters = [BOUNDARY, *map(int, model.vocabulary.encode(prompt + text))]
    matrices = {name: Mat(matrix) for name, matrix in model.named_parameters().items()}
    logits = sentence_logits(model.cell, model.hidden_sizes, matrices, letters)  # (T, V)
    predicted = slice(len(prompt), len(letters) if ended else len(letters) - 1)
    targets = [*letters[1:], BOUNDARY][predicted]
    return -float(logits[predicted].softmax_cross_entropy(targets)) if targets else 0.0


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**32 - 1),
    width=st.integers(1, 20),
    prompt=st.text(ALPHABET, max_size=4),
    max_chars=st.integers(0, 12),
)
def test_log_probabilities_are_those_of_the_expression_graph(
    cell: str, dtype: str, seed: int, width: int, prompt: str, max_chars: int
) -> None:
    tolerance = 1e-4 if dtype == "float32" else 1e-9
    model = network(cell, seed, dtype=dtype)
    found = model.beam_search(width, prompt, max_chars)
    assert 1 <= len(found) <= width
    assert len({text for text, _ in found}) == len(found)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    for text, score in found:
        assert len(text) <= max_chars
        expected = log_probability(model, text, prompt, ended=len(text) < max_chars)
        assert score == pytest.approx(expected, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("prompt", ["", "ab"])
def test_a_beam_wide_enough_finds_the_best_of_all_sentences(
    cell: str, seed: int, prompt: str
) -> None:
    model, most = network(cell, seed, alphabet="ab"), 4
    every = [
        "".join(letters)
        for length in range(most + 1)
        for letters in itertools.product("ab", repeat=length)
    ]
    ranked = sorted(
        ((text, log_probability(model, text, prompt, len(text) < most)) for text in every),
        key=lambda pair: -pair[1],
    )
    found = model.beam_search(20, prompt, max_chars=most)
    assert [text for text, _ in found] == [text for text, _ in ranked[:20]]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in ranked[:20]], rtol=1e-9)


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**32 - 1),
    prompt=st.text(ALPHABET, max_size=4),
    max_chars=st.integers(0, 40),
)
def test_a_beam_of_one_is_the_greedy_sentence(
    cell: str, dtype: str, seed: int, prompt: str, max_chars: int
) -> None:
    model = network(cell, seed, dtype=dtype)
    [(text, _)] = model.beam_search(1, prompt, max_chars)
    assert text == model.greedy(prompt, max_chars)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 20), max_chars=st.integers(0, 30))
def test_the_best_alternative_is_at_least_as_probable_as_the_greedy_sentence(
    seed: int, width: int, max_chars: int
) -> None:
    model = network(seed=seed)
    [(_, greedy)] = model.beam_search(1, max_chars=max_chars)
    assert model.beam_search(width, max_chars=max_chars)[0][1] >= greedy - 1e-9


def test_after_prompts_from_essays_the_best_is_at_least_as_probable_as_the_greedy_sentence() -> (
    None
):
    model = pretrained.saved_model("lstm-100").model
    essays = sentences_from_text(texts.text("essays"))
    random = np.random.default_rng(1)
    better = 0
    for sentence in random.choice(essays, 20, replace=False):
        prompt = sentence[: random.integers(len(sentence))]
        greedy = model.greedy(prompt)
        best, score = model.beam_search(5, prompt)[0]
        expected = log_probability(model, greedy, prompt, ended=len(greedy) < 100)
        assert score >= expected - 1e-4, prompt
        better += best != greedy
    assert better > 2  # or the beam would not be worth its while


def test_a_wider_beam_finds_more_and_is_deterministic() -> None:
    model = network()
    narrow, wide = model.beam_search(3, max_chars=20), model.beam_search(20, max_chars=20)
    assert len(narrow) == 3
    assert len(wide) == 20
    assert wide[0][1] >= narrow[0][1]
    assert wide == model.beam_search(20, max_chars=20)


@pytest.mark.parametrize("cell", KINDS)
def test_equally_probable_sentences_are_ordered_by_token(cell: str) -> None:
    model = network(cell, alphabet="ab")
    model.params[:] = 0  # END, "a" and "b" are as likely everywhere
    found = model.beam_search(4, max_chars=2)
    assert [text for text, _ in found] == ["", "a", "b", "aa"]
    np.testing.assert_allclose([score for _, score in found], -np.log([3, 9, 9, 9]))


def test_max_chars_0_gives_one_empty_alternative() -> None:
    assert network().beam_search(max_chars=0) == [("", 0.0)]


def test_utf16_units_are_decoded_to_whole_characters() -> None:
    model = network(alphabet=["a", "\ud83d", "\ude00"])
    model.named_parameters()["Whd"][:] = 0
    model.named_parameters()["bd"][:, 0] = [-9, -9, 1, 1]  # halves in every order
    found = model.beam_search(20, prompt="a😀", max_chars=4)
    assert "😀😀" in dict(found)
    for text, _ in found:
        text.encode("utf-8")  # no half is left alone


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_a_diverged_network_has_no_alternatives(cell: str, dtype: str) -> None:
    model = network(cell, dtype=dtype)
    model.params[:] = math.nan
    assert model.beam_search() == []
    model.params[:] = np.finfo(dtype).max
    assert len(model.beam_search()) <= 5


@pytest.mark.parametrize("width", [0, -1, 21, 2.5, True, "5", math.nan])
def test_an_invalid_width_is_refused(width: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        network().beam_search(width)
    assert (caught.value.code, caught.value.field) == ("invalid_width", "width")


def test_invalid_options_are_refused_by_field() -> None:
    with pytest.raises(SettingsError) as length:
        network().beam_search(max_chars=-1)
    assert (length.value.code, length.value.field) == ("invalid_max_chars", "max_chars")
    with pytest.raises(TextError, match="'Z'") as unknown:
        network().beam_search(prompt="abZ")
    assert (unknown.value.code, unknown.value.field) == ("unknown_characters", "prime")


@pytest.mark.parametrize("cell", KINDS)
def test_beam_search_compiles_nothing_after_compile_beam_search(cell: str) -> None:
    compile_beam_search(cell)
    assert beam_search_compiled(cell)
    assert not beam_search_compiled("transformer")
    compiled = list(entry.beam_search.signatures)  # type: ignore[attr-defined]
    model = network(cell, dtype=np.float32)
    model.beam_search(1, "ab")
    model.beam_search(20, max_chars=3)
    assert list(entry.beam_search.signatures) == compiled  # type: ignore[attr-defined]
