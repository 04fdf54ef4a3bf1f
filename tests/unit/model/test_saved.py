"""Models as JSON: the original's structure, exact numbers, and safe parsing."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model import CharModel, FormatError, RMSProp, Trainer, TrainingConfig, Vocabulary
from model.formats.checkpoint import ModelCheckpoint, load_model

SENTENCES = ["abba c", "a cab"]
PRECISIONS = ["float32", "float64"]
MAX_MESSAGE = 300  # it must fit below an input of the page, for any file

Json = dict[str, Any]


def trained(cell: str = "lstm", dtype: npt.DTypeLike = np.float32) -> Trainer:
    vocabulary = Vocabulary.from_sentences(SENTENCES)
    model = CharModel.create(vocabulary, cell, (3, 2), embedding_size=2, seed=5, dtype=dtype)
    trainer = Trainer(model, SENTENCES, TrainingConfig(seed=5))
    trainer.train(6)
    return trainer


GOOD: Json = trained().to_json()  # never changed: `saved` gives copies


@pytest.fixture
def saved() -> Json:
    return copy.deepcopy(GOOD)


def with_position_keys(matrices: Json) -> None:
    """Make each `w` an object keyed by position, as browsers write typed arrays."""
    for matrix in matrices.values():
        matrix["w"] = {str(position): number for position, number in enumerate(matrix["w"])}


def test_a_file_with_too_many_layers_is_refused_before_its_matrices_are_read(saved: Json) -> None:
    """Thousands of layers would take seconds to read."""
    load_model(saved, max_layers=2)
    saved["hidden_sizes"] = [1] * 8000
    with pytest.raises(FormatError) as caught:
        load_model(saved, max_layers=16)
    assert caught.value.code == "too_many_layers"


# ---------------------------------------------------------------- serialize


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_saved_json_has_exactly_the_originals_structure(cell: str) -> None:
    trainer = trained(cell)
    saved = trainer.to_json()
    assert set(saved) == {
        *("hidden_sizes", "generator", "letter_size", "model", "solver"),
        *("letterToIndex", "indexToLetter", "vocab"),
    }
    assert saved["hidden_sizes"] == [3, 2]
    assert saved["generator"] == cell
    assert saved["letter_size"] == 2
    assert saved["vocab"] == ["a", "b", " ", "c"]
    assert saved["letterToIndex"] == {"a": 1, "b": 2, " ": 3, "c": 4}
    assert saved["indexToLetter"] == {"1": "a", "2": "b", "3": " ", "4": "c"}
    assert set(saved["solver"]) >= {"decay_rate", "smooth_eps", "step_cache"}
    assert saved["solver"]["decay_rate"] == 0.999
    assert saved["solver"]["smooth_eps"] == 1e-8
    shapes = dict(trainer.model.layout.shapes())
    for matrices in (saved["model"], saved["solver"]["step_cache"]):
        assert list(matrices) == list(shapes)
        for name, matrix in matrices.items():
            assert set(matrix) == {"n", "d", "w"}
            assert (matrix["n"], matrix["d"]) == shapes[name]
            assert type(matrix["w"]) is list
            assert len(matrix["w"]) == matrix["n"] * matrix["d"]
            assert all(type(number) is float for number in matrix["w"])


def test_numbers_are_written_row_by_row() -> None:
    model = trained().model
    name = "Wix0"  # lies transposed in the flat vector
    written = np.array(model.to_json()["model"][name]["w"]).reshape(3, 2)
    np.testing.assert_array_equal(written.astype(np.float32), model.named_parameters()[name])


def test_a_model_alone_is_saved_without_a_solver() -> None:
    saved = trained().model.to_json()
    assert "solver" not in saved
    assert load_model(saved).optimizer is None


def test_numpy_integers_as_sizes_can_be_saved() -> None:
    vocabulary = Vocabulary.from_sentences(SENTENCES)
    sizes: dict[str, Any] = {"hidden_sizes": np.array([3, 2]), "embedding_size": np.int32(2)}
    model = CharModel.create(vocabulary, **sizes)
    assert json.loads(json.dumps(model.to_json()))["hidden_sizes"] == [3, 2]


# ---------------------------------------------------------------- parse


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_model_and_optimizer_are_restored_bit_for_bit(cell: str, dtype: str) -> None:
    trainer = trained(cell, dtype)
    assert isinstance(trainer.optimizer, RMSProp)
    trainer.optimizer.alpha, trainer.optimizer.eps = 0.95, 1e-6
    model, optimizer, *_ = load_model(json.dumps(trainer.to_json()), dtype)
    assert model.vocabulary == trainer.model.vocabulary
    assert model.layout == trainer.model.layout
    assert model.params.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(model.params, trainer.model.params)
    assert isinstance(optimizer, RMSProp)
    np.testing.assert_array_equal(optimizer.square_avg, trainer.optimizer.square_avg)
    assert (optimizer.alpha, optimizer.eps) == (0.95, 1e-6)


@pytest.mark.parametrize("dtype", PRECISIONS)
@given(data=st.data())
def test_all_finite_weights_are_restored_bit_for_bit(dtype: str, data: st.DataObject) -> None:
    model = trained(dtype=dtype).model
    finite = hnp.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False)
    model.params[:] = data.draw(hnp.arrays(dtype, model.params.shape, elements=finite))
    read = load_model(json.dumps(model.to_json()), dtype).model
    assert read.params.tobytes() == model.params.tobytes()


def test_a_resumed_training_equals_an_uninterrupted_one() -> None:
    trainer = trained()
    again = Trainer.from_json(json.dumps(trainer.to_json()), SENTENCES)
    order = [0, 1, 1, 0, 1]
    went_on, went_on_again = trainer.train_on(order), again.train_on(order)
    np.testing.assert_array_equal(went_on.losses, went_on_again.losses)
    np.testing.assert_array_equal(trainer.model.params, again.model.params)


@pytest.mark.parametrize("text", [json.dumps(GOOD), json.dumps(GOOD).encode(), GOOD])
def test_saved_json_is_read_from_text_bytes_and_decoded(text: Any) -> None:
    model = CharModel.from_json(text)
    np.testing.assert_array_equal(model.params, trained().model.params)


def test_a_browsers_vocabulary_of_utf16_units_is_restored(saved: Json) -> None:
    letters = ["\ud83d", "\ude00", "a", "b"]
    saved["letterToIndex"] = {letter: i for i, letter in enumerate(letters, start=1)}
    saved["indexToLetter"] = {str(i): letter for i, letter in enumerate(letters, start=1)}
    saved["vocab"] = letters
    model = CharModel.from_json(json.dumps(saved))
    assert math.isfinite(model.perplexity(["a😀"]))
    again = CharModel.from_json(json.dumps(model.to_json()))
    assert again.vocabulary.chars == tuple(letters)


# ---------------------------------------------------------------- variants of the original


def test_numbers_keyed_by_position_are_read_in_their_order(saved: Json) -> None:
    with_position_keys(saved["model"])
    with_position_keys(saved["solver"]["step_cache"])
    for matrix in saved["model"].values():  # an object has no order of its own
        matrix["w"] = dict(sorted(matrix["w"].items(), reverse=True))
    model, optimizer, *_ = load_model(json.dumps(saved))
    np.testing.assert_array_equal(model.params, load_model(GOOD).model.params)
    assert isinstance(optimizer, RMSProp)
    np.testing.assert_array_equal(optimizer.square_avg, trained().optimizer.square_avg)


def drop_solver(saved: Json) -> None:
    del saved["solver"]


def empty_step_cache(saved: Json) -> None:
    saved["solver"]["step_cache"] = {}


def no_step_cache(saved: Json) -> None:
    del saved["solver"]["step_cache"]


def null_solver(saved: Json) -> None:
    saved["solver"] = None


@pytest.mark.parametrize("change", [drop_solver, empty_step_cache, no_step_cache, null_solver])
def test_without_optimizer_state_training_starts_with_a_new_optimizer(
    saved: Json, change: Callable[[Json], None]
) -> None:
    change(saved)
    trainer = Trainer.from_json(json.dumps(saved), SENTENCES)
    assert not trainer.optimizer.square_avg.any()
    assert math.isfinite(trainer.train(3).perplexity)


@pytest.mark.parametrize("name", ["vocab", "indexToLetter"])
def test_redundant_vocabulary_entries_are_optional(saved: Json, name: str) -> None:
    del saved[name]
    assert CharModel.from_json(saved).vocabulary.chars == ("a", "b", " ", "c")


def test_the_vocabulary_is_ordered_by_number_not_by_position(saved: Json) -> None:
    saved["letterToIndex"] = dict(reversed(saved["letterToIndex"].items()))
    assert CharModel.from_json(saved).vocabulary.chars == ("a", "b", " ", "c")


def test_unknown_entries_are_ignored(saved: Json) -> None:
    saved["comment"] = {"made by": "someone"}
    saved["model"]["Wnew"] = {"n": 1, "d": 1, "w": [0.5]}
    np.testing.assert_array_equal(CharModel.from_json(saved).params, trained().model.params)


def test_integers_are_valid_numbers(saved: Json) -> None:
    saved["model"]["bd"]["w"] = [0, 1, -1, 2, 0]
    model = CharModel.from_json(json.dumps(saved))
    assert model.named_parameters()["bd"].ravel().tolist() == [0, 1, -1, 2, 0]


# ---------------------------------------------------------------- errors


def refusal(text: Any) -> FormatError:
    """The error for an invalid file; its message must fit below the input."""
    with pytest.raises(FormatError) as caught:
        load_model(text)
    assert caught.value.field == "json"
    assert 0 < len(str(caught.value)) <= MAX_MESSAGE
    return caught.value


HUGE = 10**18
BEYOND_PRINTING = 10**4200  # Python reads it, but would not print its square


def claim(rows: int, columns: int) -> Json:
    return {"n": rows, "d": columns, "w": []}


# Where to put what, the code of the error, and what it must name. A place is a path into the file.
BAD_VALUES: list[tuple[str, Any, str, str | None]] = [
    ("hidden_sizes", [], "invalid_hidden_sizes", None),
    ("hidden_sizes", [3, 0], "invalid_hidden_sizes", None),
    ("hidden_sizes", [3, -2], "invalid_hidden_sizes", None),
    ("hidden_sizes", [3, 2.5], "hidden_sizes_not_integers", None),
    ("hidden_sizes", [3, True], "hidden_sizes_not_integers", None),
    ("hidden_sizes", [3, "2"], "hidden_sizes_not_integers", None),
    ("hidden_sizes", [3, math.nan], "hidden_sizes_not_integers", None),
    ("hidden_sizes", "3, 2", "hidden_sizes_not_integers", None),
    ("hidden_sizes", {"0": 3, "1": 2}, "hidden_sizes_not_integers", None),
    ("hidden_sizes", None, "hidden_sizes_not_integers", None),
    ("hidden_sizes", 3, "hidden_sizes_not_integers", None),
    ("hidden_sizes", [3], "matrix_shape_mismatch", "model.Whd"),
    ("hidden_sizes", [3, 2, 2], "matrix_missing", "Wix2"),
    ("hidden_sizes", [2, 3], "matrix_shape_mismatch", "model.Wix0"),
    ("hidden_sizes", [HUGE, HUGE], "matrix_shape_mismatch", "model.Wix0"),
    ("hidden_sizes", [BEYOND_PRINTING, 2], "matrix_shape_mismatch", "model.Wix0"),
    ("hidden_sizes", [3] * 50_000, "matrix_shape_mismatch", "model.Wix1"),
    ("letter_size", 0, "invalid_letter_size", None),
    ("letter_size", -1, "invalid_letter_size", None),
    ("letter_size", 2.5, "letter_size_not_an_integer", None),
    ("letter_size", True, "letter_size_not_an_integer", None),
    ("letter_size", "2", "letter_size_not_an_integer", None),
    ("letter_size", None, "letter_size_not_an_integer", None),
    ("letter_size", HUGE, "matrix_shape_mismatch", "model.Wil"),
    ("letter_size", 3, "matrix_shape_mismatch", "model.Wil"),
    ("generator", "gpt", "unknown_generator", None),
    ("generator", "x" * 10_000, "unknown_generator", None),
    ("generator", "gru", "matrix_missing", "Wzx0"),
    ("generator", None, "unknown_generator", None),
    ("generator", ["lstm"], "unknown_generator", None),
    ("letterToIndex", {}, "letters_not_numbered", None),
    ("letterToIndex", ["a", "b"], "entry_not_an_object", "letterToIndex"),
    ("letterToIndex", None, "entry_not_an_object", "letterToIndex"),
    ("letterToIndex/a", 0, "letters_not_numbered", None),
    ("letterToIndex/a", 2, "letters_not_numbered", None),
    ("letterToIndex/a", 9, "letters_not_numbered", None),
    ("letterToIndex/a", -1, "letters_not_numbered", None),
    ("letterToIndex/a", True, "letters_not_numbered", None),
    ("letterToIndex/a", 1.5, "letters_not_numbered", None),
    ("letterToIndex/a", "1", "letters_not_numbered", None),
    ("letterToIndex/a", None, "letters_not_numbered", None),
    ("letterToIndex/a", BEYOND_PRINTING, "letters_not_numbered", None),
    ("letterToIndex/d", 5, "letters_contradict", "indexToLetter"),
    ("indexToLetter/1", "b", "letters_contradict", "indexToLetter"),
    ("indexToLetter/5", "d", "letters_contradict", "indexToLetter"),
    ("indexToLetter", ["a", "b", " ", "c"], "letters_contradict", "indexToLetter"),
    ("indexToLetter", {}, "letters_contradict", "indexToLetter"),
    ("vocab", ["b", "a", " ", "c"], "letters_contradict", "vocab"),
    ("vocab", ["a", "b", " "], "letters_contradict", "vocab"),
    ("vocab", "ab c", "letters_contradict", "vocab"),
    ("model", {}, "matrix_missing", "Wil"),
    ("model", [], "entry_not_an_object", "model"),
    ("model", None, "entry_not_an_object", "model"),
    ("model/Wfh1", None, "matrix_without_numbers", "model.Wfh1"),
    ("model/Wfh1", [0.1, 0.2], "matrix_without_numbers", "model.Wfh1"),
    ("model/Wfh1", {}, "matrix_without_numbers", "model.Wfh1"),
    ("model/Wfh1", {"n": 2, "d": 2}, "matrix_without_numbers", "model.Wfh1"),
    ("model/Wfh1/n", 3, "matrix_shape_mismatch", "model.Wfh1"),
    ("model/Wfh1/n", None, "matrix_shape_mismatch", "model.Wfh1"),
    ("model/Wfh1/n", "2", "matrix_shape_mismatch", "model.Wfh1"),
    ("model/Wfh1/n", HUGE, "matrix_shape_mismatch", "model.Wfh1"),
    ("model/Wfh1/n", BEYOND_PRINTING, "matrix_shape_mismatch", "model.Wfh1"),
    ("model/Wfh1/n", "x" * 10_000, "matrix_shape_mismatch", "model.Wfh1"),
    ("model/Wfh1/n", math.nan, "matrix_shape_mismatch", "model.Wfh1"),
    ("model/Wfh1/n", math.inf, "matrix_shape_mismatch", "model.Wfh1"),
    ("model/bi0/d", True, "matrix_shape_mismatch", "model.bi0"),
    ("model/Wfh1/d", 1, "matrix_shape_mismatch", "model.Wfh1"),
    ("model/Wfh1/w", [0.1] * 3, "matrix_size_mismatch", "model.Wfh1"),
    ("model/Wfh1/w", [0.1] * 5, "matrix_size_mismatch", "model.Wfh1"),
    ("model/Wfh1/w", [], "matrix_size_mismatch", "model.Wfh1"),
    ("model/Wfh1/w", "0.1 0.2 0.3 0.4", "matrix_without_numbers", "model.Wfh1"),
    ("model/Wfh1/w", None, "matrix_without_numbers", "model.Wfh1"),
    ("model/Wfh1/w", {"0": 1, "1": 1, "2": 1, "4": 1}, "matrix_number_missing", "3"),
    (
        "model/Wfh1/w",
        {"0": 1, "1": 1, "2": 1, "3": 1, "length": 4},
        "matrix_size_mismatch",
        "model.Wfh1",
    ),
    ("model/Wfh1/w", [[0.1, 0.2], [0.3, 0.4]], "matrix_size_mismatch", "model.Wfh1"),
    ("model/Wfh1/w", [[0.1], [0.2], [0.3], [0.4]], "matrix_not_numeric", "model.Wfh1"),
    ("model/Wfh1/w/2", math.nan, "matrix_not_finite", "model.Wfh1"),
    ("model/Wfh1/w/2", math.inf, "matrix_not_finite", "model.Wfh1"),
    ("model/Wfh1/w/2", -math.inf, "matrix_not_finite", "model.Wfh1"),
    ("model/Wfh1/w/2", None, "matrix_not_numeric", "model.Wfh1"),
    ("model/Wfh1/w/2", True, "matrix_not_numeric", "model.Wfh1"),
    ("model/Wfh1/w/2", "0.3", "matrix_not_numeric", "model.Wfh1"),
    ("model/Wfh1/w/2", 10**400, "matrix_not_finite", "model.Wfh1"),
    ("model/Wfh1/w/2", 1e39, "weight_too_large", "model"),  # fits float64 alone
    ("solver", [1], "entry_not_an_object", "solver"),
    ("solver", "rmsprop", "entry_not_an_object", "solver"),
    ("solver/step_cache", [1], "entry_not_an_object", "step_cache"),
    ("solver/step_cache", {"Wil": claim(5, 2)}, "matrix_size_mismatch", "step_cache.Wil"),
    ("solver/step_cache/Whd/w/0", -1e-9, "step_cache_negative", None),
    ("solver/step_cache/Whd/w/0", math.nan, "matrix_not_finite", "step_cache.Whd"),
    ("solver/step_cache/Whd/n", 4, "matrix_shape_mismatch", "step_cache.Whd"),
    ("solver/decay_rate", 1.0, "decay_out_of_range", "decay_rate"),
    ("solver/decay_rate", -0.1, "decay_out_of_range", "decay_rate"),
    ("solver/decay_rate", math.nan, "decay_out_of_range", "decay_rate"),
    ("solver/decay_rate", "0.999", "decay_out_of_range", "decay_rate"),
    ("solver/decay_rate", True, "decay_out_of_range", "decay_rate"),
    ("solver/decay_rate", 10**400, "decay_out_of_range", "decay_rate"),
    ("solver/smooth_eps", 0, "smooth_eps_out_of_range", None),
    ("solver/smooth_eps", 1e-60, "smooth_eps_out_of_range", None),  # 0 in float32
    ("solver/smooth_eps", math.inf, "smooth_eps_out_of_range", None),
    ("solver/smooth_eps", None, "smooth_eps_out_of_range", None),
    ("solver/steps", -1, "steps_not_a_count", None),
    ("solver/steps", 1.5, "steps_not_a_count", None),
]


def put(tree: Any, place: str, value: Any) -> None:
    *parents, last = place.split("/")
    for key in parents:
        tree = tree[key]
    tree[int(last) if isinstance(tree, list) else last] = value


@pytest.mark.parametrize(
    ("place", "value", "code", "named"), BAD_VALUES, ids=[place for place, *_ in BAD_VALUES]
)
def test_an_invalid_value_is_refused_by_place(
    saved: Json, place: str, value: Any, code: str, named: str | None
) -> None:
    put(saved, place, value)
    for text in (json.dumps(saved), saved):
        error = refusal(text)
        assert error.code == code
        assert named is None or named in error.values.values()


@pytest.mark.parametrize(
    "name", ["hidden_sizes", "letter_size", "generator", "letterToIndex", "model"]
)
def test_a_missing_entry_is_named(saved: Json, name: str) -> None:
    del saved[name]
    error = refusal(json.dumps(saved))
    assert (error.code, error.values) == ("entry_missing", {"key": name})


@pytest.mark.parametrize("name", list(GOOD["model"]))
@pytest.mark.parametrize("where", ["model", "step_cache"])
def test_a_missing_matrix_is_named(saved: Json, where: str, name: str) -> None:
    matrices = saved["model"] if where == "model" else saved["solver"]["step_cache"]
    del matrices[name]
    error = refusal(json.dumps(saved))
    assert (error.code, error.values) == ("matrix_missing", {"where": where, "matrix": name})


def test_claims_of_huge_sizes_allocate_no_memory(saved: Json) -> None:
    for size in (HUGE, BEYOND_PRINTING):
        saved["hidden_sizes"] = [size]
        saved["letter_size"] = size
        saved["model"] = {name: claim(size, size) for name in saved["model"]}
        saved["model"]["Wil"] = claim(5, size)
        error = refusal(json.dumps(saved))
        assert (error.code, error.values["place"]) == ("matrix_size_mismatch", "model.Wil")


def test_vocabulary_entries_must_be_single_characters(saved: Json) -> None:
    del saved["vocab"], saved["indexToLetter"]
    for letter, code in [
        ("", "vocabulary_entry_not_a_character"),
        ("ab", "vocabulary_entry_not_a_character"),
        (7, "letters_not_strings"),
    ]:
        saved["letterToIndex"] = {letter: 1, "b": 2, " ": 3, "c": 4}
        assert refusal(saved).code == code


def test_nan_in_the_text_of_a_file_is_refused() -> None:
    text = json.dumps(GOOD)
    number = json.dumps(GOOD["model"]["Wil"]["w"][0])
    for bad in ("NaN", "Infinity", "-Infinity", "1e400", "-1e400"):
        error = refusal(text.replace(number, bad, 1))
        assert (error.code, error.values["place"]) == ("matrix_not_finite", "model.Wil")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "{", "}", "[]", "{}", "null", "true", "3", '"model"', "NaN"),
        *("[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900),
        *("hello", "<script>alert(1)</script>", "{'a': 1}", "\ufeff{}", "\x00"),
        *("1" * 10_000, "-", "1e", '"\ud800"'),
        *(b"\xff\xfe\xfa", b"\x80abc", b"", b"\xef\xbb\xbf{}"),
        json.dumps(GOOD) + "}",
        json.dumps(GOOD) * 2,
        json.dumps([GOOD]),
        json.dumps(json.dumps(GOOD)),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_other_data_is_refused(text: str | bytes) -> None:
    refusal(text)


def test_deeply_nested_values_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    for place in places(GOOD):
        tree = copy.deepcopy(GOOD)
        put(tree, place, deep)
        refusal(tree)


def places(tree: Any, above: str = "") -> Iterator[str]:
    """The paths of all values in JSON, but of matrices only the first number."""
    keys = tree.keys() if isinstance(tree, dict) else range(min(1, len(tree)))
    for key in keys:
        yield f"{above}{key}"
        if isinstance(tree[key], (dict, list)):
            yield from places(tree[key], f"{above}{key}/")


@given(st.integers(0, len(json.dumps(GOOD)) - 1))
def test_truncated_files_are_refused(length: int) -> None:
    assert refusal(json.dumps(GOOD)[:length]).code == "json_invalid"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, 1, -1, HUGE, -HUGE, BEYOND_PRINTING, 1e39, 5e-324])
    | st.floats()
    | st.text(st.characters(), max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4)
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(
    place=st.sampled_from(list(places(GOOD))),
    how=st.sampled_from(["put", "delete", "swap"]),
    value=anything,
    elsewhere=st.sampled_from(list(places(GOOD))),
)
def test_a_modified_file_is_refused_or_works(
    place: str, how: str, value: Any, elsewhere: str
) -> None:
    tree = copy.deepcopy(GOOD)
    if how == "put":
        put(tree, place, value)
    elif how == "delete":
        delete(tree, place)
    else:
        put(tree, place, get(GOOD, elsewhere))
    read_and_use_or_refuse(json.dumps(tree))


@pytest.mark.parametrize("option", sorted(GOOD["solver"]["training"]["config"]))
def test_an_option_that_is_a_whole_model_is_refused_in_few_words(option: str) -> None:
    tree = copy.deepcopy(GOOD)
    tree["solver"]["training"]["config"][option] = GOOD["model"]
    assert refusal(json.dumps(tree)).code == "training_damaged"


@settings(max_examples=150)
@given(
    at=st.integers(0, len(json.dumps(GOOD))),
    cut=st.integers(0, 12),
    inserted=st.text(max_size=6) | st.sampled_from(["1e999", "NaN", "-", '"', "[[", "}", "0"]),
)
def test_a_file_with_typing_errors_is_refused_or_works(at: int, cut: int, inserted: str) -> None:
    text = json.dumps(GOOD)
    read_and_use_or_refuse(text[:at] + inserted + text[at + cut :])


def read_and_use_or_refuse(text: str) -> None:
    try:
        read = load_model(text)
    except FormatError:
        refusal(text)
    else:
        use(read)


def use(read: ModelCheckpoint) -> None:
    model = read.model
    assert np.isfinite(model.params).all()
    sentence = "".join(model.vocabulary.chars)
    assert model.perplexity([sentence]) >= 1
    assert len(model.greedy(max_chars=5)) <= 5
    assert sum(model.next_char_probabilities().values()) == pytest.approx(1, abs=1e-3)
    try:
        trainer = Trainer.from_checkpoint(read, [sentence])
    except FormatError:  # which is how a damaged order is told
        trainer = Trainer(model, [sentence], optimizer=read.optimizer)
    trainer.train(1)
    assert model.to_json()["vocab"] == list(model.vocabulary.chars)


def get(tree: Any, place: str) -> Any:
    for key in place.split("/"):
        tree = tree[int(key) if isinstance(tree, list) else key]
    return tree


def delete(tree: Any, place: str) -> None:
    *parents, last = place.split("/")
    parent = get(tree, "/".join(parents)) if parents else tree
    del parent[int(last) if isinstance(parent, list) else last]


def test_a_diverged_network_is_not_saved() -> None:
    model = CharModel.create(Vocabulary.from_sentences(["ab"]), hidden_sizes=(2,))
    model.params[3] = np.inf
    with pytest.raises(FormatError) as caught:
        model.to_json()
    assert caught.value.code == "model_diverged"
