"""What is answered of a network, its kinds and sizes: right, and small."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
import pytest

from app.errors import UserError
from app.protocol import read_event
from app.protocol.base import Payload
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.inspection import (
    EmbeddingsRequest,
    FindUnitsRequest,
    NetworkRequest,
    SurprisalRequest,
    UnitsRequest,
    WeightsRequest,
)
from app.training import inspection
from app.training.run import TrainingRun
from model import sentences_from_text
from model.network import CELLS

LARGEST_ANSWER = 16_000
ASTRAL = "".join(map(chr, range(0x1F300, 0x1F300 + 150)))
TEXT = "ask what they paid (in 1999)\nthey said: it works, mostly\nship it, then listen\n"


def run_of(text: str, **options: Any) -> TrainingRun:
    run = TrainingRun.create(text, Hyperparameters(seed=1, **options), 0)
    run.trainer.train(50)
    return run


def ask(run: TrainingRun, question: Payload) -> Any:
    return inspection.inspect(run, question)


def test_the_shown_probabilities_of_a_text_multiply_to_its_perplexity() -> None:
    run, text = run_of(TEXT), "they ship it"
    shown = ask(run, SurprisalRequest(text=text))
    assert shown["characters"] == list(text)
    assert len(shown["probabilities"]) == len(text) + 1
    multiplied = math.prod(shown["probabilities"]) ** (-1 / (len(text) + 1))
    assert multiplied == pytest.approx(shown["perplexity"], rel=1e-3)
    assert multiplied == pytest.approx(run.model.perplexity([text]), rel=1e-3)


def test_the_five_likeliest_are_those_of_the_network() -> None:
    run = run_of(TEXT)
    shown = ask(run, SurprisalRequest(text="they"))
    for t in range(5):
        expected = run.model.next_char_probabilities("they"[:t])
        best = sorted(expected.values(), reverse=True)[:5]
        assert [p for _, p in shown["likeliest"][t]] == pytest.approx(best, abs=1e-3)
        for character, p in shown["likeliest"][t]:
            assert p == pytest.approx(expected[character or "END"], abs=1e-3)


@pytest.mark.parametrize("state", ["h", "c"])
def test_the_values_of_units_are_those_of_the_network(state: Any) -> None:
    run, text = run_of(TEXT, hidden_sizes=(6, 9)), "ship it"
    question = UnitsRequest(text=text, state=state, layer=2, unit=7, first=3)
    shown = ask(run, question)
    expected = getattr(run.model.activations(text)[1], state)[1:]  # (characters, units)
    assert shown["values"] == pytest.approx(expected[:, 6], abs=1e-3)
    assert (shown["units"], shown["first"]) == (9, 3)
    grid = np.frombuffer(base64.b64decode(shown["grid"]), np.int8).reshape(7, len(text))
    np.testing.assert_allclose(
        grid / 127 * shown["scale"], expected[:, 2:].T, atol=0.01 * shown["scale"]
    )


@pytest.mark.parametrize(
    ("event", "question", "field", "code"),
    [
        ("surprise", {"text": ""}, "text", "probe_empty"),
        ("surprise", {"text": "a" * 10_000}, "text", "text_too_long"),
        ("surprise", {}, "text", "missing_field"),
        ("units", {"text": "a", "layer": 3}, "layer", "no_such_layer"),
        ("units", {"text": "a", "layer": "0"}, "layer", "too_small"),
        ("units", {"text": "a", "unit": 21}, "unit", "no_such_unit"),
        ("units", {"text": "a", "unit": "x"}, "unit", "not_a_number"),
        ("units", {"text": "a", "first": 1000}, "first", "no_such_unit"),
        ("units", {"text": "a", "state": "z"}, "state", "unknown_choice"),
        ("find_units", {"feature": "mood"}, "feature", "unknown_choice"),
        ("find_units", {}, "feature", "missing_field"),
        ("letters", {"text": "a"}, None, "unknown_field"),
        ("weights", {"layer": 3}, "layer", "no_such_layer"),
        ("network", {"text": "a", "at": -1}, "at", "too_small"),
        ("network", {"text": "a", "cell": 0}, "cell", "too_small"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_at_its_field(
    event: str, question: dict[str, Any], field: str | None, code: str
) -> None:
    run = run_of(TEXT)
    before = run.model.params.copy()
    with pytest.raises(UserError) as caught:
        ask(run, read_event(event, (question,)))
    assert (caught.value.code, caught.value.field) == (code, field)
    np.testing.assert_array_equal(run.model.params, before)


@pytest.mark.parametrize("event", ["surprise", "units", "network"])
def test_a_text_with_unknown_characters_is_refused_at_its_field(event: str) -> None:
    with pytest.raises(UserError) as caught:
        ask(run_of(TEXT), read_event(event, ({"text": "naïve 日"},)))
    assert (caught.value.code, caught.value.field) == ("unknown_characters", "text")


@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("sizes", [(20, 20), (150,), (3,) * 8])
def test_every_answer_stays_small(kind: Any, sizes: tuple[int, ...]) -> None:
    """Even of characters that take twelve letters of JSON each."""
    run = run_of(ASTRAL[:110] + "\n" + ASTRAL[40:], kind=kind, hidden_sizes=sizes)
    text = run.trainer.train_sentences[0]
    for question in (
        SurprisalRequest(text=text),
        UnitsRequest(text=text),
        FindUnitsRequest(feature="sentence_position"),
        EmbeddingsRequest(),
        WeightsRequest(layer=len(sizes)),
        NetworkRequest(text=text, at=60),
    ):
        ask(run, question)
        run.trainer.train(3)  # of which the weights' answer tells
        answer = ask(run, question)
        assert len(json.dumps(answer, separators=(",", ":"))) < LARGEST_ANSWER, question


def test_a_cell_state_is_refused_where_the_kind_has_none() -> None:
    run = run_of(TEXT, kind="gru")
    with pytest.raises(UserError) as caught:
        ask(run, UnitsRequest(text="it", state="c"))
    assert (caught.value.code, caught.value.field) == ("no_cell_state", "state")


def test_units_are_found_on_the_training_sentences() -> None:
    run = run_of(TEXT)
    found = ask(run, FindUnitsRequest(feature="digit"))
    assert found["read"] == sum(map(len, sentences_from_text(TEXT)))
    strengths = [abs(each["correlation"]) for each in found["found"]]
    assert len(strengths) == 8
    assert strengths == sorted(strengths, reverse=True)
    best = found["found"][0]
    values, feature = [], []
    for sentence in run.trainer.train_sentences:
        values += list(run.model.activations(sentence)[best["layer"] - 1].h[1:, best["unit"] - 1])
        feature += [character.isdigit() for character in sentence]
    assert best["correlation"] == pytest.approx(np.corrcoef(values, feature)[0, 1], abs=1e-3)
    assert ask(run, FindUnitsRequest(feature="quotes"))["found"] == []


def test_the_weights_show_the_last_change_as_soon_as_there_was_a_step() -> None:
    run = run_of(TEXT)
    first = ask(run, WeightsRequest(layer=1))
    assert first["change_at"] is None
    assert all(each["changes"] is None for each in first["matrices"])
    run.trainer.train(5)
    then = ask(run, WeightsRequest(layer=1))
    assert then["change_at"] == 55
    assert [each["name"] for each in then["matrices"]][:3] == ["Wil", "Wix0", "Wih0"]
    assert [each["name"] for each in then["matrices"]][-2:] == ["Whd", "bd"]
    for each in then["matrices"]:
        rows, columns = each["shape"]
        assert sum(each["weights"]["counts"]) == rows * columns
        assert 1e-6 < each["change"] < 10
    assert 0 <= then["clipped"] <= 1


def test_a_high_learning_rate_can_be_seen_in_the_changes() -> None:
    medians = []
    for rate in (1e-4, 1e-1):
        run = run_of(TEXT, learning_rate=rate)
        ask(run, WeightsRequest())
        run.trainer.train(2)
        medians.append(ask(run, WeightsRequest())["matrices"][1]["change"])
    assert medians[1] > 10 * medians[0]


def test_the_picture_shows_the_steps_up_to_where_the_text_is_read() -> None:
    run = run_of(TEXT, hidden_sizes=(7, 4))
    reading = run.model.trace("ship")
    shown = ask(run, NetworkRequest(text="ship", at=99))
    assert (shown["at"], [each["character"] for each in shown["columns"]]) == (4, list("ship"))
    first = ask(run, NetworkRequest(text="ship", at=1))
    assert [each["character"] for each in first["columns"]] == ["", "s"]
    layers = first["columns"][1]["layers"]
    assert list(map(len, layers)) == [5, 7, 4, len(run.model.vocabulary)]
    h = reading.layers[1].h
    np.testing.assert_allclose(layers[2], h[1] / np.abs(h).max() * 100, atol=0.51)
    assert max(layers[3]) == layers[3][int(reading.probabilities[1].argmax())]


def test_squares_of_the_picture_are_means_of_the_units_that_share_them() -> None:
    run = run_of(TEXT, hidden_sizes=(7,))
    single = ask(run, NetworkRequest(text="it", at=2))["columns"][2]["layers"][1]
    shared = ask(run, NetworkRequest(text="it", at=2, cell=3))["columns"][2]["layers"][1]
    expected = [np.mean(single[:3]), np.mean(single[3:6]), single[6]]
    np.testing.assert_allclose(shared, expected, atol=1.1)
    large = TrainingRun.create(TEXT, Hyperparameters(hidden_sizes=(700,), seed=1), 0)
    with pytest.raises(UserError) as caught:
        ask(large, NetworkRequest(text="it"))
    assert (caught.value.code, caught.value.field) == ("network_replaced", "cell")


def test_questions_about_a_network_that_has_diverged_are_answered_without_nan() -> None:
    run = run_of(TEXT)
    run.model.params[:] = np.nan
    for question in (
        SurprisalRequest(text="it"),
        UnitsRequest(text="it"),
        FindUnitsRequest(feature="digit"),
        WeightsRequest(),
        NetworkRequest(text="it"),
    ):
        assert "NaN" not in json.dumps(ask(run, question))
    with pytest.raises(UserError) as caught:
        ask(run, EmbeddingsRequest())
    assert caught.value.code == "network_diverged"
