"""Creation, evaluation and sampling of networks."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import END, CharModel, SettingsError, TextError, Trainer, TrainingConfig, Vocabulary

SENTENCES = ["start small", "ship it, then listen", "ask what they paid", "no"]
KINDS = ["lstm", "rnn"]
PRECISIONS = ["float32", "float64"]


def network(
    cell: str = "lstm",
    dtype: npt.DTypeLike = np.float32,
    scale: float = 5.0,  # larger than initial weights, for confident predictions
    hidden_sizes: tuple[int, ...] = (5, 4),
) -> CharModel:
    vocabulary = Vocabulary.from_sentences(SENTENCES)
    model = CharModel.create(vocabulary, cell, hidden_sizes, embedding_size=3, seed=7, dtype=dtype)
    model.params[:] *= scale
    return model


@pytest.fixture(scope="module")
def fluent() -> CharModel:
    """A network that is overfitted to the sentences."""
    model = CharModel.create(Vocabulary.from_sentences(SENTENCES), hidden_sizes=(20,), seed=1)
    Trainer(model, SENTENCES, TrainingConfig(seed=1)).train(2000)
    return model


sentences_it_knows = st.text(sorted(set("".join(SENTENCES))), min_size=1, max_size=30)

# ---------------------------------------------------------------- a new network


@pytest.mark.parametrize("cell", KINDS)
def test_a_new_network_has_small_weights_and_zero_biases(cell: str) -> None:
    model = CharModel.create(Vocabulary.from_sentences(SENTENCES), cell, seed=1)
    assert model.cell == cell
    assert (model.hidden_sizes, model.embedding_size) == ((20, 20), 5)
    assert model.params.dtype == np.float32
    assert model.num_parameters == sum(matrix.size for matrix in model.named_parameters().values())
    for name, matrix in model.named_parameters().items():
        if name.startswith("b"):
            assert not matrix.any()
        else:
            assert 0.05 < np.abs(matrix).max() <= np.float32(0.08)
            assert abs(matrix.mean()) < 0.03


def test_equal_seeds_give_equal_networks_and_no_seed_a_new_one() -> None:
    def weights(seed: int | None) -> bytes:
        model = CharModel.create(Vocabulary.from_sentences(SENTENCES), seed=seed)
        return model.params.tobytes()

    assert weights(3) == weights(3)
    assert weights(3) != weights(4)
    assert weights(None) != weights(None)


@pytest.mark.parametrize(
    ("options", "field", "code"),
    [
        ({"cell": "gpt"}, "kind", "unknown_kind"),
        ({"hidden_sizes": (20, 0)}, "hidden_sizes", "invalid_hidden_sizes"),
        ({"hidden_sizes": "20"}, "hidden_sizes", "invalid_hidden_sizes"),
        ({"embedding_size": 0}, "letter_size", "invalid_letter_size"),
    ],
)
def test_invalid_network_options_are_refused_by_field(
    options: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        CharModel.create(Vocabulary.from_sentences(SENTENCES), **options)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_copy_has_its_own_parameters() -> None:
    model = network()
    copy, before = model.copy(), model.params.copy()
    copy.params[:] = 0
    np.testing.assert_array_equal(model.params, before)


def test_writing_to_a_parameter_changes_predictions() -> None:
    model = network()
    model.named_parameters()["bd"][0] = 100  # always END
    assert model.greedy() == model.sample(seed=1) == ""
    assert model.next_char_probabilities()[END] == pytest.approx(1)


# ---------------------------------------------------------------- evaluation


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
@settings(max_examples=15)
@given(sentence=sentences_it_knows)
def test_the_loss_of_a_sentence_is_the_log_of_the_product_of_its_predictions(
    cell: str, dtype: str, sentence: str
) -> None:
    model = network(cell, dtype)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    cost = 0.0
    for place, target in enumerate([*sentence, END]):
        probabilities = model.next_char_probabilities(sentence[:place])
        assert sum(probabilities.values()) == pytest.approx(1, abs=tolerance)
        assert min(probabilities.values()) > 0
        cost -= math.log(probabilities[target])
    assert model.losses([sentence])[0] == pytest.approx(cost, rel=tolerance)
    expected = math.exp(cost / (len(sentence) + 1))
    assert model.perplexity([sentence]) == pytest.approx(expected, rel=tolerance)


def test_predictions_are_keyed_by_character_with_the_end_first() -> None:
    model = network()
    assert list(model.next_char_probabilities("st")) == [END, *model.vocabulary.chars]


@settings(max_examples=25)
@given(st.lists(sentences_it_knows, min_size=1, max_size=5))
def test_perplexity_weights_all_predictions_equally(sentences: list[str]) -> None:
    model = network(dtype=np.float64)
    cost = sum(float(model.losses([sentence])[0]) for sentence in sentences)
    predictions = sum(len(sentence) + 1 for sentence in sentences)
    assert model.perplexity(iter(sentences)) == pytest.approx(math.exp(cost / predictions))


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_huge_weights_give_an_infinite_perplexity(dtype: str) -> None:
    model = network(dtype=dtype)
    model.named_parameters()["Whd"][:] *= 1e9
    assert model.perplexity(SENTENCES) == math.inf


@pytest.mark.parametrize(
    ("sentences", "code"),
    [
        ([], "no_sentences"),
        (["no", ""], "empty_sentence"),
        (["no", "ZZ"], "unknown_characters"),
    ],
)
def test_perplexity_refuses_invalid_sentences(sentences: list[str], code: str) -> None:
    with pytest.raises(TextError) as caught:
        network().perplexity(sentences)
    assert (caught.value.code, caught.value.field) == (code, "text")


# ---------------------------------------------------------------- sampling


def test_an_overfitted_network_samples_its_sentences(fluent: CharModel) -> None:
    assert fluent.greedy() in SENTENCES
    written = Counter(fluent.sample(temperature=0.5, seed=seed) for seed in range(60))
    assert sum(written[sentence] for sentence in SENTENCES) > 30
    assert sum(written[sentence] > 0 for sentence in SENTENCES) >= 3


def test_a_prompt_is_continued_and_not_repeated(fluent: CharModel) -> None:
    for sentence in SENTENCES:
        prompt, rest = sentence[:3], sentence[3:]
        assert fluent.greedy(prompt=prompt) == rest
        assert fluent.sample(temperature=1e-3, prompt=prompt) == rest


@pytest.mark.parametrize("cell", KINDS)
@settings(max_examples=15)
@given(cut=st.integers(0, 40))
def test_a_greedy_sentence_continues_from_its_own_prefix(cell: str, cut: int) -> None:
    model = network(cell)
    whole = model.greedy(max_chars=40)
    prompt = whole[:cut]
    assert model.greedy(prompt=prompt, max_chars=40 - len(prompt)) == whole[len(prompt) :]


@pytest.mark.parametrize("cell", KINDS)
def test_greedy_decoding_takes_the_most_probable_character_at_each_step(cell: str) -> None:
    model = network(cell)
    written = model.greedy(max_chars=20)
    for place, character in enumerate(written):
        probabilities = model.next_char_probabilities(written[:place])
        assert max(probabilities, key=probabilities.__getitem__) == character


@pytest.mark.parametrize("write", ["sample", "greedy"])
@pytest.mark.parametrize("max_chars", [0, 1, 1000])
def test_sentences_have_at_most_max_chars(write: str, max_chars: int) -> None:
    model = network()
    model.named_parameters()["bd"][0] = -100  # never END
    assert len(getattr(model, write)(max_chars=max_chars)) == max_chars


@pytest.mark.parametrize("write", ["sample", "greedy"])
def test_a_negative_max_chars_is_refused(write: str) -> None:
    with pytest.raises(SettingsError) as caught:
        getattr(network(), write)(max_chars=-1)
    assert (caught.value.code, caught.value.field) == ("invalid_max_chars", "max_chars")


@pytest.mark.parametrize("write", ["sample", "greedy", "next_char_probabilities"])
def test_a_prompt_with_unknown_characters_is_refused_by_field(write: str) -> None:
    with pytest.raises(TextError, match="'Z', '!'") as caught:
        getattr(network(), write)(**{"prefix" if "next" in write else "prompt": "Z!"})
    field = "text" if "next" in write else "prime"
    assert (caught.value.code, caught.value.field) == ("unknown_characters", field)


def test_equal_seeds_give_equal_samples_and_others_differ() -> None:
    model = network()
    assert model.sample(seed=4) == model.sample(seed=4)
    assert len({model.sample(seed=seed) for seed in range(20)}) > 15
    assert len({model.sample() for _ in range(20)}) > 15


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("temperature", [1e-9, 5e-324])
def test_a_temperature_near_zero_samples_the_greedy_sentence(
    cell: str, dtype: str, temperature: float
) -> None:
    model = network(cell, dtype)
    assert model.sample(temperature, seed=2) == model.greedy()


@pytest.mark.parametrize("temperature", [0.5, 2.0, 1e300])
def test_sample_frequencies_equal_the_probabilities_at_the_temperature(temperature: float) -> None:
    draws = 4000
    model = network()
    bias = model.named_parameters()["bd"]
    bias[:] = np.random.default_rng(1).normal(size=bias.shape)
    counted = Counter(
        model.sample(temperature, max_chars=1, seed=seed) or END for seed in range(draws)
    )
    logs = np.log(list(model.next_char_probabilities().values())) / temperature
    expected = np.exp(logs) / np.exp(logs).sum()
    drawn = np.array([counted[name] for name in (END, *model.vocabulary.chars)]) / draws
    np.testing.assert_allclose(drawn, expected, atol=4 * math.sqrt(0.25 / draws))


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf])
def test_an_invalid_temperature_is_refused(temperature: float) -> None:
    with pytest.raises(SettingsError) as caught:
        network().sample(temperature)
    assert (caught.value.code, caught.value.field) == ("invalid_temperature", "temperature")
    assert caught.value.values["value"] is temperature


def test_sampling_and_evaluation_do_not_change_the_model() -> None:
    model = network()
    before = model.params.copy()
    model.sample(seed=1)
    model.greedy(prompt="st")
    model.next_char_probabilities("s")
    model.perplexity(SENTENCES)
    np.testing.assert_array_equal(model.params, before)
