"""What a page asks about a network while it learns: right, small, and without leaving a trace."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
import pytest

from app import looking, questions
from app.options import Options
from app.payload import Payload
from app.errors import UserError
from app.run import Run, new_run
from model import CharModel, sentences_from_text
from model.layout import GATES
from tests.support.client import Tab, Visitor

LARGEST_ANSWER = 16_000
ASTRAL = "".join(map(chr, range(0x1F300, 0x1F300 + 150)))
TEXT = "ask what they paid (in 1999)\nthey said: it works, mostly\nship it, then listen\n"

QUESTIONS: dict[str, dict[str, Any]] = {
    "surprise": {"text": "the st"},
    "units": {"text": "the st", "layer": 2, "unit": "20", "state": "c"},
    "find_units": {"feature": "word_position"},
    "letters": {},
    "weights": {"layer": 2},
    "network": {"text": "the st", "at": 3},
}


def answered(tab: Tab, event: str, question: dict[str, Any]) -> dict[str, Any]:
    """The answer, once the kernels are compiled."""

    def answer() -> dict[str, Any] | None:
        given = tab.ask(event, question)
        return given if given["ok"] else None

    found: dict[str, Any] = tab.wait_for(answer)
    return found


def pause(tab: Tab) -> None:
    tab.wait_for(lambda: tab.newest("steps") > 500)
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")


def downloaded(tab: Tab) -> CharModel:
    return CharModel.from_json(tab.ask("save")["json"])


def run_of(text: str, **options: Any) -> Run:
    run = new_run(text, Options(**options), 0, seed=1)
    run.trainer.train(50)
    return run


def ask(run: Run, question: Payload) -> Any:
    return looking.answer(run, question)


# ------------------------------------------------------------------ on a server


def test_the_shown_probabilities_of_a_text_multiply_to_its_perplexity(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    answered(tab, "letters", {})
    pause(tab)
    text = "the startup is the s"
    shown = answered(tab, "surprise", {"text": text})
    assert shown["characters"] == list(text)
    assert len(shown["probabilities"]) == len(text) + 1
    multiplied = math.prod(shown["probabilities"]) ** (-1 / (len(text) + 1))
    assert multiplied == pytest.approx(shown["perplexity"], rel=1e-3)
    assert multiplied == pytest.approx(downloaded(tab).perplexity([text]), rel=1e-3)


def test_the_five_likeliest_are_those_of_the_network(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    answered(tab, "letters", {})
    pause(tab)
    shown = answered(tab, "surprise", {"text": "the "})
    model = downloaded(tab)
    for t in range(5):
        expected = model.next_char_probabilities("the "[:t])
        best = sorted(expected.values(), reverse=True)[:5]
        assert [p for _, p in shown["likeliest"][t]] == pytest.approx(best, abs=1e-3)
        for character, p in shown["likeliest"][t]:
            assert p == pytest.approx(expected[character or "END"], abs=1e-3)


@pytest.mark.parametrize("state", ["h", "c"])
def test_units_values_are_those_of_the_network(visitor: Visitor, state: str) -> None:
    tab = visitor.open_tab()
    answered(tab, "letters", {})
    pause(tab)
    text = "the startup"
    question = {"text": text, "state": state, "layer": 2, "unit": 7, "first": 3}
    shown = answered(tab, "units", question)
    expected = getattr(downloaded(tab).activations(text)[1], state)[1:]  # (characters, units)
    assert shown["values"] == pytest.approx(expected[:, 6], abs=1e-3)
    assert (shown["units"], shown["first"]) == (20, 3)
    grid = np.frombuffer(base64.b64decode(shown["grid"]), np.int8).reshape(18, len(text))
    np.testing.assert_allclose(
        grid / 127 * shown["scale"], expected[:, 2:].T, atol=0.01 * shown["scale"]
    )


def test_looking_changes_nothing_and_goes_on_while_it_rests(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    answered(tab, "letters", {})
    pause(tab)
    shown = [tab.newest(field) for field in ("steps", "samples", "greedy", "learning_rate")]
    for event, question in QUESTIONS.items():
        first = answered(tab, event, question)
        again = answered(tab, event, question)
        assert {**first, "took": 0} == {**again, "took": 0}, event
        assert first["steps"] == tab.newest("steps")
    assert tab.newest("status") == "paused"
    assert [tab.newest(field) for field in ("steps", "samples", "greedy", "learning_rate")] == shown
    assert [state["version"] for state in tab.states] == [1]


def test_answers_move_as_the_network_learns_and_it_goes_on_learning(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    for event, question in QUESTIONS.items():
        first = answered(tab, event, question)
        # The newest frame may be from before the answer.
        tab.wait_for(lambda first=first: tab.newest("steps") > first["steps"])
        later = answered(tab, event, question)
        assert later["steps"] > first["steps"]
        kept = ("ok", "steps", "took")
        assert {k: v for k, v in later.items() if k not in kept} != {
            k: v for k, v in first.items() if k not in kept
        }, event
    assert tab.newest("status") == "learning"


@pytest.mark.parametrize(
    ("event", "question", "field", "named"),
    [
        ("surprise", {"text": ""}, "text", "nothing to read"),
        ("surprise", {"text": "a" * 10_000}, "text", "Shorten it to 110"),
        ("surprise", {"text": "naïve 日"}, "text", "'ï', '日'"),
        ("surprise", {}, "text", "missing"),
        ("units", {"text": "日"}, "text", "'日'"),
        ("units", {"text": "a", "layer": 3}, "layer", "from 1 to 2"),
        ("units", {"text": "a", "layer": "0"}, "layer", "too small"),
        ("units", {"text": "a", "unit": 21}, "unit", "from 1 to 20"),
        ("units", {"text": "a", "unit": "x"}, "unit", "not a number"),
        ("units", {"text": "a", "first": 1000}, "first", "from 1 to 20"),
        ("units", {"text": "a", "state": "z"}, "state", "h or c"),
        ("find_units", {"feature": "mood"}, "feature", "word_position"),
        ("find_units", {}, "feature", "missing"),
        ("letters", {"text": "a"}, None, "takes: none"),
        ("weights", {"layer": 3}, "layer", "from 1 to 2"),
        ("network", {"text": "a", "at": -1}, "at", "too small"),
        ("network", {"text": "a", "cell": 0}, "cell", "too small"),
    ],
)
def test_bad_input_is_answered_at_its_field_and_changes_nothing(
    visitor: Visitor, event: str, question: dict[str, Any], field: str | None, named: str
) -> None:
    tab = visitor.open_tab()
    answered(tab, "letters", {})
    answer = tab.ask(event, question)
    assert (answer["ok"], answer["field"]) == (False, field)
    assert named in answer["error"]
    steps = tab.newest("steps")
    tab.wait_for(lambda: tab.newest("steps") > steps)
    assert tab.newest("status") == "learning"
    assert [state["version"] for state in tab.states] == [1]


# ------------------------------------------------------------------ of any network


@pytest.mark.parametrize("kind", sorted(GATES))
@pytest.mark.parametrize("sizes", [(20, 20), (150,), (3,) * 8])
def test_every_answer_stays_small(kind: Any, sizes: tuple[int, ...]) -> None:
    """Even of characters that take twelve letters of JSON each."""
    run = run_of(ASTRAL[:110] + "\n" + ASTRAL[40:], kind=kind, hidden_sizes=sizes)
    text = run.trainer.learnt[0]
    for question in (
        questions.Surprise(text=text),
        questions.Units(text=text),
        questions.FindUnits(feature="sentence_position"),
        questions.Letters(),
        questions.Weights(layer=len(sizes)),
        questions.Network(text=text, at=60),
    ):
        ask(run, question)
        run.trainer.train(3)  # of which the weights' answer tells
        answer = ask(run, question)
        assert len(json.dumps(answer, separators=(",", ":"))) < LARGEST_ANSWER, question


def test_a_kind_without_a_cell_state_says_so() -> None:
    run = run_of(TEXT, kind="gru")
    with pytest.raises(UserError, match="keeps no cell state") as refused:
        ask(run, questions.Units(text="it", state="c"))
    assert refused.value.field == "state"


def test_units_are_found_on_the_sentences_that_are_learnt() -> None:
    run = run_of(TEXT)
    found = ask(run, questions.FindUnits(feature="digit"))
    assert found["read"] == sum(map(len, sentences_from_text(TEXT)))
    strengths = [abs(each["correlation"]) for each in found["found"]]
    assert len(strengths) == 8
    assert strengths == sorted(strengths, reverse=True)
    best = found["found"][0]
    values, feature = [], []
    for sentence in run.trainer.learnt:
        values += list(run.model.activations(sentence)[best["layer"] - 1].h[1:, best["unit"] - 1])
        feature += [character.isdigit() for character in sentence]
    assert best["correlation"] == pytest.approx(np.corrcoef(values, feature)[0, 1], abs=1e-3)
    assert ask(run, questions.FindUnits(feature="quotes"))["found"] == []


def test_the_weights_tell_of_a_step_as_soon_as_there_was_one() -> None:
    run = run_of(TEXT)
    first = ask(run, questions.Weights(layer=1))
    assert first["change_at"] is None
    assert all(each["changes"] is None for each in first["matrices"])
    run.trainer.train(5)
    then = ask(run, questions.Weights(layer=1))
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
        ask(run, questions.Weights())
        run.trainer.train(2)
        medians.append(ask(run, questions.Weights())["matrices"][1]["change"])
    assert medians[1] > 10 * medians[0]


def test_the_picture_shows_the_steps_up_to_where_the_text_is_read() -> None:
    run = run_of(TEXT, hidden_sizes=(7, 4))
    reading = run.model.read("ship")
    shown = ask(run, questions.Network(text="ship", at=99))
    assert (shown["at"], [each["character"] for each in shown["columns"]]) == (4, list("ship"))
    first = ask(run, questions.Network(text="ship", at=1))
    assert [each["character"] for each in first["columns"]] == ["", "s"]
    layers = first["columns"][1]["layers"]
    assert list(map(len, layers)) == [5, 7, 4, len(run.model.vocabulary)]
    h = reading.layers[1].h
    np.testing.assert_allclose(layers[2], h[1] / np.abs(h).max() * 100, atol=0.51)
    assert max(layers[3]) == layers[3][int(reading.probabilities[1].argmax())]


def test_squares_of_the_picture_are_means_of_the_units_that_share_them() -> None:
    run = run_of(TEXT, hidden_sizes=(7,))
    single = ask(run, questions.Network(text="it", at=2))["columns"][2]["layers"][1]
    shared = ask(run, questions.Network(text="it", at=2, cell=3))["columns"][2]["layers"][1]
    expected = [np.mean(single[:3]), np.mean(single[3:6]), single[6]]
    np.testing.assert_allclose(shared, expected, atol=1.1)
    with pytest.raises(UserError) as refused:
        ask(run_of(TEXT, hidden_sizes=(700,)), questions.Network(text="it"))
    assert refused.value.field == "cell"


def test_a_network_that_has_run_off_is_answered_of_too() -> None:
    run = run_of(TEXT)
    run.model.flat[:] = np.nan
    for question in (
        questions.Surprise(text="it"),
        questions.Units(text="it"),
        questions.FindUnits(feature="digit"),
        questions.Weights(),
        questions.Network(text="it"),
    ):
        assert "NaN" not in json.dumps(ask(run, question))
    with pytest.raises(UserError, match="run off"):
        ask(run, questions.Letters())
