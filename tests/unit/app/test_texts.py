"""The texts that charnn ships: what is in them, and how they are described."""

from __future__ import annotations

import ast
import re
import string
from dataclasses import asdict
from itertools import pairwise
from statistics import median

import pytest

from app.catalog import texts
from app.catalog.presets import PRESETS
from app.catalog.texts import read
from app.protocol import read_event
from app.protocol.hyperparameters import DEFAULT_SIZE
from app.protocol.requests import Learn
from model import CharModel, Trainer, Vocabulary
from tests.support import text_quality as check
from tools import make_sums
from tools import sums_accuracy as sums

A_SUM = re.compile(r"(\d+)\+(\d+)=(\d+)")


def sentences_of(name: str) -> list[str]:
    return texts.get(name).sentences


def is_true(line: str) -> bool:
    found = A_SUM.fullmatch(line)
    return found is not None and int(found[1]) + int(found[2]) == int(found[3])


# ------------------------------------------------------------------ all of them


@pytest.mark.parametrize("name", texts.names())
def test_a_text_is_of_single_printable_short_sentences(name: str) -> None:
    assert check.faults(sentences_of(name)) == []


@pytest.mark.parametrize(
    "wrong",
    [["twice", "twice"], [" around "], [""], ["tab\there"], ["\ufeffmark"], ["x" * 121]],
)
def test_the_check_finds_each_fault_of_a_text_and_no_other(wrong: list[str]) -> None:
    assert check.faults(["once", "x" * 120]) == []
    assert len(check.faults(["once", "x" * 120, *wrong])) == 1


@pytest.mark.parametrize(
    ("name", "least"),
    [("essays", 3000), ("recipes", 200), ("names", 400), ("functions", 200), ("sums", 2000)],
)
def test_each_text_has_enough_sentences(name: str, least: int) -> None:
    assert len(sentences_of(name)) >= least


@pytest.mark.parametrize("name", texts.names())
def test_each_is_described_and_can_be_trained_as_suggested(name: str) -> None:
    described = texts.get(name)
    assert described.title
    assert described.expect
    assert len(described.expect) <= check.LONGEST_LINE
    learn = read_event("learn", ({"text": described.text, "options": asdict(described.options)},))
    assert isinstance(learn, Learn)
    assert learn.options == described.options


# ------------------------------------------------------------------ each of them


def test_the_essays_come_first_with_the_options_of_a_new_session() -> None:
    assert texts.names()[0] == texts.STARTING_TEXT == "essays"
    assert texts.text() == texts.text("essays")
    assert texts.get("essays").options == PRESETS[DEFAULT_SIZE].options


def test_the_essays_are_plain_and_do_not_repeat_themselves() -> None:
    essays = sentences_of("essays")
    assert sum(map(len, essays)) >= 200_000
    assert 60 <= median(map(len, essays)) <= 75
    assert set("".join(essays)) <= set(string.ascii_lowercase + " .,?'")
    assert check.distinct_share(essays) >= 0.97


def test_the_functions_are_python() -> None:
    names = []
    for line in sentences_of("functions"):
        (function,) = ast.parse(line).body
        assert isinstance(function, ast.FunctionDef)
        names.append(function.name)
    assert len(set(names)) == len(names)


def test_the_sums_are_true_and_the_other_lines_count() -> None:
    for line in sentences_of("sums"):
        if not is_true(line):
            numbers = [int(number) for number in line.split(",")]
            steps = {then - first for first, then in pairwise(numbers)}
            assert len(numbers) > 2, line
            assert len(steps) == 1, line


# ------------------------------------------------------------------ sums that are held out


def test_no_held_out_sum_is_in_the_text_in_either_order() -> None:
    held_out = sums.held_out()
    assert len(held_out) >= 300
    assert check.faults(held_out) == []
    assert all(map(is_true, held_out))
    train = {frozenset(line.partition("=")[0].split("+")) for line in sentences_of("sums")}
    assert not train & {frozenset(line.partition("=")[0].split("+")) for line in held_out}


def test_many_held_out_sums_carry() -> None:
    pairs = [A_SUM.fullmatch(line) for line in sums.held_out()]
    carries = [int(pair[1][-1]) + int(pair[2][-1]) > 9 for pair in pairs if pair is not None]
    assert 0.3 < sum(carries) / len(pairs) < 0.7


def test_the_files_are_what_the_generator_makes() -> None:
    lines, held_out = make_sums.make()
    assert read("sums.txt").splitlines() == lines, "run `python -m tools.make_sums`"
    assert sums.held_out() == held_out, "run `python -m tools.make_sums`"


def test_the_share_counts_whole_right_answers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ["1+1=2", "2+9=11"]
    model = CharModel.create(Vocabulary.from_sentences(known), hidden_sizes=(12,), seed=1)
    Trainer(model, known).train(2000)
    for asked, share in ((known, 1.0), (["1+1=2", "2+9=12"], 0.5), (["1+1=21", "2+9=1"], 0.0)):
        monkeypatch.setattr(sums, "held_out", lambda asked=asked: asked)
        assert sums.share_right(model) == share
