"""Sampling: top_k and top_p, and many sentences at once."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import END, CharModel, SettingsError, TextError, Vocabulary, compile_kernels, sampling
from model.kernels import entry_points as entry
from model.network import CELLS

KINDS = sorted(CELLS)
PRECISIONS = ["float32", "float64"]
ALPHABET = "abcdefgh"

Float64Array = npt.NDArray[np.float64]


def network(
    cell: str = "lstm", seed: int = 1, dtype: npt.DTypeLike = np.float64, end: float = 0.0
) -> CharModel:
    """A network with confident predictions; `end` is added to the logit of END."""
    model = CharModel.create(Vocabulary(ALPHABET), cell, (6, 5), 3, dtype=dtype)
    scale = 0.4 if cell == "rnn" else 0.8  # ReLU is unbounded
    model.params[:] = np.random.default_rng(seed).normal(scale=scale, size=model.num_parameters)
    model.named_parameters()["bd"][0] += end
    return model


def tempered(model: CharModel, prefix: str, temperature: float) -> Float64Array:
    """The probabilities of END and the characters after the prefix, (V,)."""
    logs = np.log(list(model.next_char_probabilities(prefix).values())) / temperature
    powers = np.exp(logs - logs.max())
    return np.asarray(powers / powers.sum())


# ---------------------------------------------------------------- top_k and top_p


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    temperature=st.floats(0.1, 5),
    top_k=st.none() | st.integers(1, 12),
    top_p=st.none() | st.floats(0.001, 1),
    prompt=st.text(ALPHABET, max_size=3),
)
def test_only_characters_of_the_nucleus_are_sampled(
    cell: str,
    dtype: str,
    seed: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    prompt: str,
) -> None:
    model = network(cell, seed, dtype)
    names = [END, *ALPHABET]
    for text in model.samples(5, temperature, prompt, top_k, top_p, max_chars=8, seed=seed):
        for place, drawn in enumerate([*text, END][:8]):
            probabilities = tempered(model, prompt + text[:place], temperature)
            likelier = probabilities[probabilities > probabilities[names.index(drawn)] + 1e-5]
            assert top_k is None or len(likelier) < top_k
            assert top_p is None or likelier.sum() < top_p + 1e-5


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("temperature", [0.1, 1e300])
@pytest.mark.parametrize("likeliest", [{"top_k": 1}, {"top_p": 1e-9}])
def test_top_k_1_gives_the_greedy_sentence(
    cell: str, dtype: str, temperature: float, likeliest: dict[str, Any]
) -> None:
    model = network(cell, dtype=dtype)
    greedy = model.greedy("ab")
    for text in model.samples(20, temperature, "ab", seed=1, **likeliest):
        assert text == greedy


@pytest.mark.parametrize("all_characters", [{"top_k": 9}, {"top_k": 10**30}, {"top_p": 1.0}])
def test_limits_that_include_all_characters_change_nothing(all_characters: dict[str, Any]) -> None:
    model = network()
    assert model.samples(50, seed=3, **all_characters) == model.samples(50, seed=3)


@pytest.mark.parametrize("top_k", [0, -1, 2.5, True, "3", math.nan])
def test_an_invalid_top_k_is_refused(top_k: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        network().sample(top_k=top_k)
    assert (caught.value.code, caught.value.field) == ("invalid_top_k", "top_k")


@pytest.mark.parametrize("top_p", [0, -0.5, 1.01, math.nan, math.inf])
def test_an_invalid_top_p_is_refused(top_p: float) -> None:
    with pytest.raises(SettingsError) as caught:
        network().sample(top_p=top_p)
    assert (caught.value.code, caught.value.field) == ("invalid_top_p", "top_p")


# ---------------------------------------------------------------- many sentences


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("prompt", ["", "abc"])
def test_each_sentence_follows_from_its_own_random_numbers(cell: str, prompt: str) -> None:
    model, most = network(cell, end=1.0), 10
    texts = model.samples(40, 1.0, prompt, max_chars=most, seed=7)
    assert len(set(map(len, texts))) > 4
    for text, uniforms in zip(texts, np.random.default_rng(7).random((40, most)), strict=True):
        expected = ""
        for uniform in uniforms:
            reached = np.cumsum(tempered(model, prompt + expected, 1.0))
            letter = int(np.searchsorted(reached, uniform, side="right"))
            if letter == 0:
                break
            expected += ALPHABET[letter - 1]
        assert text == expected


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"), [(1.0, None, None), (0.7, 4, None), (1.5, None, 0.8)]
)
def test_character_frequencies_equal_their_probabilities(
    cell: str, dtype: str, temperature: float, top_k: int | None, top_p: float | None
) -> None:
    count = 20_000
    model = network(cell, dtype=dtype)
    drawn = Counter(
        text or END for text in model.samples(count, temperature, "ab", top_k, top_p, 1, seed=5)
    )
    probabilities = tempered(model, "ab", temperature)
    order = np.argsort(-probabilities, kind="stable")
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = order[: top_k or len(order)][(before < (top_p or 2))[: top_k or len(order)]]
    expected = count * probabilities[kept] / probabilities[kept].sum()
    counted = np.array([drawn[(END, *ALPHABET)[place]] for place in kept])
    assert counted.sum() == count
    freedom = len(kept) - 1
    chi_square = float(((counted - expected) ** 2 / expected).sum())
    assert chi_square < freedom + 4 * math.sqrt(2 * freedom)


def test_a_seed_gives_the_same_sentences_for_any_count() -> None:
    model = network()
    sixty = model.samples(60, seed=4)
    assert model.samples(60, seed=4) == sixty
    assert model.samples(60, seed=5) != sixty
    assert model.samples(20, seed=4) == sixty[:20]
    assert model.sample(seed=4) == sixty[0]
    assert model.samples(60) != model.samples(60)


def test_several_kernel_calls_give_the_sentences_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = network()
    whole = model.samples(60, max_chars=30, seed=4)
    monkeypatch.setattr(sampling, "MAX_BATCH", 7)
    assert model.samples(60, max_chars=30, seed=4) == whole
    monkeypatch.setattr(sampling, "MAX_BATCH_CHARACTERS", 65)
    assert model.samples(60, max_chars=30, seed=4) == whole
    monkeypatch.setattr(sampling, "MAX_BATCH_CHARACTERS", 1)
    assert model.samples(60, max_chars=30, seed=4) == whole


@pytest.mark.parametrize("cell", KINDS)
def test_sampling_compiles_nothing_after_compile_kernels(cell: str) -> None:
    compile_kernels(cell)
    compiled = list(entry.generate.signatures)  # type: ignore[attr-defined]
    model = network(cell, dtype=np.float32)
    model.greedy("ab")
    model.sample(2, "ab", top_k=3)
    model.samples(5, top_p=0.9, max_chars=3, seed=1)
    assert list(entry.generate.signatures) == compiled  # type: ignore[attr-defined]


def test_max_chars_0_gives_empty_sentences() -> None:
    assert network().samples(3, prompt="ab", max_chars=0) == ["", "", ""]


def test_utf16_units_are_decoded_to_whole_characters() -> None:
    model = CharModel.create(Vocabulary(["a", "\ud83d", "\ude00"]), hidden_sizes=(4,), seed=1)
    texts = model.samples(50, prompt="😀", top_p=0.99, seed=1)
    assert any("😀" in text for text in texts)
    for text in texts:
        text.encode("utf-8")  # no half is left alone


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("chosen", [{}, {"top_k": 3}, {"top_p": 0.5}])
def test_a_diverged_network_samples_empty_sentences(
    cell: str, dtype: str, chosen: dict[str, Any]
) -> None:
    model = network(cell, dtype=dtype)
    model.params[:] = math.nan
    assert model.samples(3, seed=1, **chosen) == ["", "", ""]
    model.params[:] = np.finfo(dtype).max
    assert len(model.samples(3, seed=1, **chosen)) == 3


@pytest.mark.parametrize("count", [0, -1, 1.5, True])
def test_an_invalid_count_is_refused(count: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        network().samples(count)
    assert (caught.value.code, caught.value.field) == ("invalid_count", "count")


def test_a_prompt_with_unknown_characters_is_refused_by_field() -> None:
    with pytest.raises(TextError, match="'Z'") as caught:
        network().samples(2, prompt="aZ")
    assert (caught.value.code, caught.value.field) == ("unknown_characters", "prime")
