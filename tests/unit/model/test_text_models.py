"""Networks of the mode "text": they read and write running text, which has no end."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model import END, CharModel, FormatError, TextError, Trainer, TrainingConfig, Vocabulary
from model.formats import python_file, safetensors_file
from model.formats.checkpoint import load_model
from model.kernels.types import BOUNDARY
from model.sampling import GREEDY

TEXT = "def add(a, b):\n\treturn a + b\n\n\ndef twice(a):\n\treturn add(a, a)\n" * 12


def text_model(cell: str = "lstm", eager_to_end: bool = True) -> CharModel:
    """A network with random weights that would write END most of the time if it could."""
    model = CharModel.create(Vocabulary.from_sentences([TEXT]), cell, (6, 4), 3, seed=1)
    model.mode = "text"
    model.params[:] = np.random.default_rng(2).normal(scale=0.5, size=model.num_parameters)
    model.named_parameters()["bd"][BOUNDARY] = 30 if eager_to_end else -30
    return model


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_no_end_is_written_however_probable_it_is(cell: str) -> None:
    model = text_model(cell)
    assert [len(model.greedy("def ", 50)), len(model.greedy(max_chars=50))] == [50, 50]
    for options in ({}, {"top_k": 3}, {"top_p": 0.9}, {"top_k": 10**6}, {"temperature": 1e-300}):
        texts = model.samples(20, prompt="def ", max_chars=60, seed=3, **options)  # type: ignore[arg-type]
        assert {len(text) for text in texts} == {60}
    found = model.beam_search(4, "def ", 30)
    assert {len(text) for text, _ in found} == {30}
    assert found[0][1] <= 0
    model.mode = "lines"
    assert model.greedy("def ", 50) == ""


def test_the_probabilities_are_those_of_the_characters_alone() -> None:
    odds = text_model().next_char_probabilities("def ")
    assert END not in odds
    assert sum(odds.values()) == pytest.approx(1)
    likeliest = max(odds, key=odds.__getitem__)
    assert text_model().greedy("def ", 1) == likeliest
    [(text, score), *_] = text_model().beam_search(3, "def ", 1)
    assert (text, score) == (likeliest, pytest.approx(math.log(odds[likeliest]), rel=1e-4))


def test_a_text_begins_after_a_line_break_and_the_prompt_is_read_in_one_piece() -> None:
    model = text_model()
    trace = model.trace("ab")
    assert model.vocabulary.decode(trace.inputs) == "\nab"
    assert model.vocabulary.decode(trace.targets) == "ab"
    begun = model.greedy(max_chars=30)
    assert model.greedy(begun[:10], 20) == begun[10:]
    model.mode = "lines"
    assert model.trace("ab").inputs[0] == BOUNDARY


def test_a_text_without_line_breaks_begins_with_start() -> None:
    model = CharModel.create(Vocabulary.from_sentences(["abc"]), hidden_sizes=(4,), seed=1)
    model.mode = "text"
    assert model.start_token == BOUNDARY
    assert len(model.sample(max_chars=7)) == 7


def test_the_perplexity_of_a_text_is_that_of_its_characters_in_one_piece() -> None:
    model = text_model(eager_to_end=False)
    trace = model.trace(TEXT[:500])
    assert trace.perplexity == pytest.approx(model.perplexity(TEXT[:500]), rel=1e-5)
    for wrong, code in (
        ([TEXT], "text_not_a_string"),
        ("", "no_text"),
        ("é", "unknown_characters"),
    ):
        with pytest.raises(TextError) as caught:
            model.perplexity(wrong)
        assert caught.value.code == code


def test_training_makes_a_network_one_of_its_mode_and_validates_after_the_training_text() -> None:
    model = CharModel.create(Vocabulary.from_sentences([TEXT]), hidden_sizes=(8,), seed=1)
    config = TrainingConfig(mode="text", sequence_length=8, batch_size=2, validation_fraction=0.1)
    trainer = Trainer(model, TEXT, config)
    assert model.mode == "text"
    assert trainer._data.tokens[0] == model.vocabulary.index["\n"]
    assert trainer.beginning(20) == TEXT[:20]
    assert model.copy().mode == "text"


def test_the_json_says_the_mode_where_the_original_ignores_it() -> None:
    model = text_model()
    saved = json.loads(json.dumps(model.to_json()))
    assert saved["mode"] == "text"
    assert CharModel.from_json(saved).greedy("def ", 20) == model.greedy("def ", 20)
    assert load_model(saved).model.mode == "text"
    original = {"hidden_sizes", "generator", "letter_size", "model", "vocab"}
    assert original | {"letterToIndex", "indexToLetter", "mode"} == set(saved)
    assert saved["letterToIndex"]["\n"] >= 1
    model.mode = "lines"
    assert "mode" not in model.to_json()
    with pytest.raises(FormatError) as caught:
        load_model({**saved, "mode": "words"})
    assert caught.value.code == "mode_unknown"


def test_the_standalone_program_writes_no_end(tmp_path: Path) -> None:
    model = text_model()
    program = tmp_path / "model.py"
    program.write_bytes(python_file(model))
    asked = [sys.executable, program, "--temperature", "0", "--max-chars", "40", "--json"]
    done = subprocess.run(asked, capture_output=True, check=True)
    assert json.loads(done.stdout)["text"] == model.greedy(max_chars=40)


def test_the_exported_weights_say_the_token_before_a_text() -> None:
    model = text_model()
    file = safetensors_file(model)
    header = json.loads(file[8 : 8 + int.from_bytes(file[:8], "little")])
    assert header["__metadata__"]["mode"] == "text"
    assert int(header["__metadata__"]["start"]) == model.vocabulary.index["\n"]


def test_the_parameters_of_greedy_decoding_are_unchanged_by_a_text() -> None:
    text_model().greedy(max_chars=3)
    assert GREEDY.ends
