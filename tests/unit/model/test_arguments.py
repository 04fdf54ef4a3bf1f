"""Arguments of a wrong type or out of range are errors of the library that name the field."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from model import Adam, CharModel, ModelError, RMSProp, Trainer, TrainingConfig, Vocabulary
from model.formats.checkpoint import load_model

SENTENCES = ["ab", "ba"]
VOCABULARY = Vocabulary.from_sentences(SENTENCES)


def create(**options: Any) -> CharModel:
    return CharModel.create(VOCABULARY, **{"hidden_sizes": (2,), "embedding_size": 1, **options})


MODEL = create(seed=1)  # never changed


def refusal(call: Any, *arguments: Any, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        call(*arguments, **options)
    return caught.value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("dtype", kind) for kind in (int, "int32", bool, complex, "float16", object, "banana")],
        *[("seed", seed) for seed in (-1, 1.5, "1", math.nan, True)],
        ("hidden_sizes", 20),
        ("hidden_sizes", (20.0,)),
        ("hidden_sizes", (10**17,)),
        ("hidden_sizes", (10**5000,)),
        ("letter_size", math.inf),
        ("kind", ["lstm"]),
    ],
)
def test_a_network_is_created_from_valid_options_only(field: str, value: Any) -> None:
    """Weights of another type than the kernels take would abort the interpreter."""
    argument = {"letter_size": "embedding_size", "kind": "cell"}.get(field, field)
    assert refusal(create, **{argument: value}).field == field


@pytest.mark.parametrize("vocabulary", ["ab", None, 5, ["a", "b"]])
def test_a_network_needs_a_vocabulary(vocabulary: Any) -> None:
    """A str has a length too, so it would pass for one."""
    assert refusal(CharModel.create, vocabulary).field == "vocabulary"


@pytest.mark.parametrize(
    ("vocabulary", "params"),
    [
        (VOCABULARY, MODEL.params[:-1]),
        (VOCABULARY, MODEL.params.astype(int)),
        (VOCABULARY, MODEL.params.reshape(1, -1)),
        (Vocabulary("abc"), MODEL.params),
    ],
)
def test_the_parts_of_a_network_fit_together(vocabulary: Vocabulary, params: Any) -> None:
    """Compiled code checks no index: it would read the memory of others."""
    assert refusal(CharModel, vocabulary, MODEL.layout, params).field in {"params", "dtype"}


@pytest.mark.parametrize("params", [MODEL.params[:-1], MODEL.params.astype(np.float64)])
@pytest.mark.parametrize("kind", [RMSProp, Adam])
def test_an_optimizer_fits_its_network(kind: Any, params: Any) -> None:
    """As the parts of a network."""
    optimizer = kind.zeros(params)
    assert refusal(Trainer, MODEL.copy(), SENTENCES, None, optimizer).field == "optimizer"


@pytest.mark.parametrize("dtype", [np.float32, "float64", float])
def test_floats_of_both_precisions_are_accepted(dtype: Any) -> None:
    """By any name that NumPy knows."""
    assert create(dtype=dtype).params.dtype == np.dtype(dtype)
    assert load_model(MODEL.to_json(), dtype).model.params.dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [int, "banana"])
def test_a_saved_model_is_read_as_floats_only(dtype: Any) -> None:
    """As for a new network."""
    assert refusal(load_model, MODEL.to_json(), dtype).field == "dtype"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("learning_rate", value) for value in ("0.1", None, True, 10**400, [0.1])],
        *[("l2", value) for value in ("0", math.inf)],
        ("clip", "5"),
        *[("batch_size", value) for value in (1.5, "2", math.nan, math.inf, 10**400)],
        *[("seed", value) for value in (-1, 0.5, "1", math.nan)],
        *[("shuffle", value) for value in ("no", 1, None)],
        ("clip_norm", "yes"),
        ("bias_correction", 0),
        ("rollback_on_divergence", "no"),
        *[("validation_fraction", value) for value in ("0.1", math.nan, -0.1, 0.6)],
        *[("schedule_epochs", value) for value in ("10", math.inf, 10**400)],
        *[("schedule", value) for value in (None, ["halve"])],
        ("optimizer", None),
    ],
)
def test_a_training_takes_valid_options_only(field: str, value: Any) -> None:
    """Each option has a type and a range; the error names the option."""
    argument = "weight_decay" if field == "l2" else field
    assert refusal(TrainingConfig, **{argument: value}).field == field


@pytest.mark.parametrize(
    ("method", "options", "field"),
    [
        ("sample", {"temperature": "1"}, "temperature"),
        ("sample", {"seed": -1}, "seed"),
        ("samples", {"count": 2, "seed": 1.5}, "seed"),
        ("sample", {"top_p": "0.5"}, "top_p"),
        ("sample", {"max_chars": 2.5}, "max_chars"),
        ("sample", {"max_chars": math.nan}, "max_chars"),
        ("greedy", {"max_chars": "10"}, "max_chars"),
        ("beam_search", {"max_chars": None}, "max_chars"),
        ("sample", {"prompt": 5}, "prime"),
        ("greedy", {"prompt": b"a"}, "prime"),
        ("next_char_probabilities", {"prefix": None}, "text"),
        ("activations", {"text": 5}, "text"),
    ],
)
def test_sampling_takes_valid_arguments_only(
    method: str, options: dict[str, Any], field: str
) -> None:
    """A wrong type is no error of NumPy's or of the kernels'."""
    assert refusal(getattr(MODEL, method), **options).field == field


@pytest.mark.parametrize(
    "call",
    [
        Vocabulary.from_sentences,
        MODEL.perplexity,
        MODEL.losses,
        lambda sentences: Trainer(MODEL.copy(), sentences),
    ],
)
@pytest.mark.parametrize("sentences", ["ab", b"ab", 5, None, [1, 2], [b"ab"], ["ab", None]])
def test_a_text_is_not_taken_for_sentences(call: Any, sentences: Any) -> None:
    """A text of n characters would be n sentences of one character each."""
    assert refusal(call, sentences).field == "text"


@pytest.mark.parametrize(
    ("call", "value", "field"),
    [
        ("train", -1, "steps"),
        ("train", 1.5, "steps"),
        ("train", "2", "steps"),
        ("train_for", math.nan, "seconds"),
        ("train_for", math.inf, "seconds"),
        ("train_for", -1, "seconds"),
        ("train_for", "1", "seconds"),
    ],
)
def test_a_trainer_takes_valid_limits_only(call: str, value: Any, field: str) -> None:
    """Training without an end, or none at all, is not what such a call means."""
    trainer = Trainer(MODEL.copy(), SENTENCES)
    assert refusal(getattr(trainer, call), value).field == field
    assert trainer.totals.steps == 0


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2"])
def test_the_number_of_threads_is_an_integer(threads: Any) -> None:
    """As every count."""
    assert refusal(Trainer, MODEL.copy(), SENTENCES, threads=threads).field == "threads"
