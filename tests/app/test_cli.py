"""The command line, on real files."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from model import CharModel
from model.export import loading_lines, safetensors_file
from tests.support.server import ROOT

CORPUS = "start small\nship it, then listen\n\n  the market answers\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(CORPUS, encoding="utf-8")
    return path


@pytest.fixture
def model_file(corpus: Path, tmp_path: Path) -> Path:
    path = tmp_path / "model.json"
    done = charnn("train", corpus, "--out", path, "--steps", "300", "--seed", "1")
    assert done.exit_code == 0, done.output
    return path


def charnn(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_train_writes_a_model_that_has_learnt(model_file: Path) -> None:
    model = CharModel.from_json(model_file.read_bytes())
    assert (model.kind, model.hidden_sizes) == ("lstm", (20, 20))
    assert model.perplexity(["start small"]) < 8


def test_train_stops_at_the_first_limit_that_is_reached(corpus: Path, tmp_path: Path) -> None:
    limits = ("--target-perplexity", "2", "--steps", "1000000", "--seconds", "60")
    done = charnn("train", corpus, "--out", tmp_path / "m.json", "--seed", "2", *limits)
    assert done.exit_code == 0
    model = CharModel.from_json((tmp_path / "m.json").read_bytes())
    assert model.perplexity(["start small", "ship it, then listen", "the market answers"]) <= 2
    assert "epochs" in done.output


def test_train_with_the_same_seed_gives_the_same_model(corpus: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        charnn("train", corpus, "--out", tmp_path / name, "--steps", "50", "--seed", "3")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("option", "value", "advice"),
    [
        ("--hidden-sizes", "20,,", "empty entry"),
        ("--hidden-sizes", "0", "too small"),
        ("--learning-rate", "-1", "too small"),
        ("--learning-rate", "nan", "not a number"),
        ("--kind", "transformer", "gru"),
        ("--solver", "newton", "adam"),
        ("--batch-size", "0", "1"),
        ("--schedule", "sine", "cosine"),
        ("--schedule-epochs", "0", "too small"),
        ("--validation-fraction", "0.9", "auto, or a number from 0, at most 0.5"),
        ("--seconds", "0", "0"),
    ],
)
def test_train_says_what_to_change_in_an_option(
    corpus: Path, tmp_path: Path, option: str, value: str, advice: str
) -> None:
    done = charnn("train", corpus, "--out", tmp_path / "m.json", option, value)
    assert done.exit_code == 2
    assert advice in done.output
    assert not (tmp_path / "m.json").exists()


def test_train_refuses_texts_without_sentences(tmp_path: Path) -> None:
    (tmp_path / "blank.txt").write_text("\n  \n")
    (tmp_path / "utf16.txt").write_text("hello", encoding="utf-16")
    out = tmp_path / "m.json"
    assert (
        "write at least one sentence"
        in charnn("train", tmp_path / "blank.txt", "--out", out).output
    )
    assert "UTF-8" in charnn("train", tmp_path / "utf16.txt", "--out", out).output
    assert not out.exists()


def test_train_takes_every_kind_with_batches_and_either_solver(
    corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "m.json"
    for kind, solver in (("gru", "adam"), ("rnn", "rmsprop")):
        done = charnn(
            "train", corpus, "--out", out, "--kind", kind, "--steps", "100", "--seed", "1",
            "--batch-size", "2", "--solver", solver,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert "100 steps, 50.0 epochs" in done.output
        assert "ran off" not in done.output
        saved = json.loads(out.read_text())
        assert saved["generator"] == kind
        assert ("step_mean" in saved["solver"]) == (solver == "adam")


def test_train_says_when_the_network_ran_off(corpus: Path, tmp_path: Path) -> None:
    done = charnn(
        "train", corpus, "--out", tmp_path / "m.json", "--kind", "rnn", "--hidden-sizes", "40, 40",
        "--learning-rate", "1", "--steps", "2000", "--seed", "1",
    )  # fmt: skip
    assert done.exit_code == 0
    assert "ran off at step" in done.output
    model = CharModel.from_json((tmp_path / "m.json").read_bytes())
    assert math.isfinite(model.perplexity(["start small"]))


def test_train_goes_on_from_a_model_exactly(corpus: Path, tmp_path: Path) -> None:
    whole, half, rest = (tmp_path / name for name in ("whole", "half", "rest"))
    charnn("train", corpus, "--out", whole, "--steps", "60", "--seed", "3")
    charnn("train", corpus, "--out", half, "--steps", "40", "--seed", "3")
    done = charnn("train", corpus, "--from", half, "--out", rest, "--steps", "20")
    assert done.exit_code == 0, done.output
    assert rest.read_bytes() == whole.read_bytes()


def test_train_from_a_model_takes_its_network_and_its_characters(
    model_file: Path, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "m.json"
    told = charnn("train", corpus, "--from", model_file, "--out", out, "--kind", "lstm")
    assert told.exit_code == 2
    assert "--kind" in told.output
    corpus.write_text("ÄÖÜ", encoding="utf-8")
    strange = charnn("train", corpus, "--from", model_file, "--out", out)
    assert strange.exit_code == 1
    assert "does not know the characters 'Ä', 'Ö', 'Ü'" in strange.output
    assert not out.exists()


def test_train_says_how_the_sentences_kept_aside_went(corpus: Path, tmp_path: Path) -> None:
    corpus.write_text("\n".join(f"sentence {number}" for number in range(100)))
    arguments = ("train", corpus, "--out", tmp_path / "m.json", "--steps", "95", "--seed", "1")
    done = charnn(*arguments)
    assert "on 5 sentences kept aside" in done.output
    assert "95 steps, 1.0 epochs" in done.output
    assert "kept aside" not in charnn(*arguments, "--validation-fraction", "0").output


def test_train_follows_a_schedule(corpus: Path, tmp_path: Path) -> None:
    def trained(*schedule: str) -> bytes:
        out = tmp_path / "m.json"
        done = charnn("train", corpus, "--out", out, "--steps", "30", "--seed", "1", *schedule)
        assert done.exit_code == 0, done.output
        return out.read_bytes()

    constant = trained()
    assert trained("--schedule", "halve", "--schedule-epochs", "1000") == constant
    assert trained("--schedule", "halve", "--schedule-epochs", "2") != constant
    assert trained("--schedule", "cosine", "--schedule-epochs", "10") != constant


@contextmanager
def listening_to_ctrl_c() -> Iterator[None]:
    """A shell has what it starts in the background ignore it, and that is passed on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal of POSIX")
def test_train_stopped_by_ctrl_c_keeps_what_was_learnt(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.json"
    command = [sys.executable, "-m", "app", "train", corpus, "--out", out, "--seconds", "600"]
    with (
        listening_to_ctrl_c(),
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as training,
    ):
        assert training.stderr is not None
        shown = ""
        while "characters/s" not in shown:  # the bar: it has begun to learn
            piece = training.stderr.read(1)
            assert piece, shown
            shown += piece
        training.send_signal(signal.SIGINT)
        training.stderr.read()
        assert training.wait(60) == 0
    assert CharModel.from_json(out.read_bytes()).perplexity(["start small"]) < 12


def test_train_finds_out_before_training_that_it_cannot_write(corpus: Path) -> None:
    done = charnn("train", corpus, "--out", "nowhere/at/all.json")
    assert done.exit_code == 1
    assert "no folder" in done.output


def test_sample_writes_sentences_and_repeats_them_with_a_seed(model_file: Path) -> None:
    def written(seed: int) -> list[str]:
        done = charnn("sample", model_file, "--count", "3", "--seed", seed, "--prime", "st")
        assert done.exit_code == 0
        return done.output.splitlines()

    assert len(written(1)) == 3
    assert all(line.startswith("st") for line in written(1))
    assert written(1) == written(1) != written(2)


def test_sample_can_be_greedy(model_file: Path) -> None:
    done = charnn("sample", model_file, "--method", "greedy")
    assert done.output == CharModel.from_json(model_file.read_bytes()).greedy() + "\n"


def test_sample_can_draw_from_the_likeliest_characters_alone(model_file: Path) -> None:
    greedy = charnn("sample", model_file, "--method", "greedy", "--prime", "s").output
    for likeliest in (("--top-k", "1"), ("--top-p", "0.000001")):
        done = charnn("sample", model_file, "--count", "2", "--prime", "s", *likeliest)
        assert done.output == 2 * greedy


def test_sample_can_print_alternatives_with_their_log_probabilities(model_file: Path) -> None:
    done = charnn("sample", model_file, "--method", "beam", "--width", "3", "--prime", "s")
    assert done.exit_code == 0, done.output
    model = CharModel.from_json(model_file.read_bytes())
    lines = [line.split("\t") for line in done.output.splitlines()]
    expected = model.beam_search(3, "s")
    assert [sentence for _, sentence in lines] == ["s" + sentence for sentence, _ in expected]
    assert [float(score) for score, _ in lines] == pytest.approx(
        [score for _, score in expected], abs=1e-4
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--width", "3"], "--width has no effect with --method sample"),
        (["--method", "greedy", "--width", "5"], "or take --method beam"),
        (["--method", "greedy", "--temperature", "1"], "--temperature has no effect"),
        (["--method", "greedy", "--count", "2"], "--count has no effect with --method greedy"),
        (["--method", "beam", "--top-k", "3"], "--top-k has no effect with --method beam"),
        (["--method", "beam", "--top-p", "0.5"], "or take --method sample"),
        (["--method", "beam", "--seed", "1"], "--seed has no effect"),
        (["--method", "beam", "--width", "21"], "1<=x<=20"),
        (["--method", "best"], "beam"),
        (["--top-k", "0"], "x>=1"),
        (["--top-p", "0"], "0<x<=1"),
        (["--top-p", "1.5"], "0<x<=1"),
        (["--top-p", "nan"], "top_p must be a number above 0, at most 1"),
    ],
)
def test_sample_refuses_what_would_have_no_effect_or_cannot_be(
    model_file: Path, options: list[str], told: str
) -> None:
    done = charnn("sample", model_file, *options)
    assert done.exit_code != 0
    assert told in " ".join(done.output.split())


def test_sample_names_characters_that_the_model_does_not_know(model_file: Path) -> None:
    done = charnn("sample", model_file, "--prime", "Ω")
    assert done.exit_code == 1
    assert "Ω" in done.output


def test_evaluate_prints_the_perplexity_of_a_text(model_file: Path, corpus: Path) -> None:
    figures = json.loads(charnn("evaluate", model_file, corpus, "--json").output)
    sentences = [line.strip() for line in CORPUS.splitlines() if line.strip()]
    expected = CharModel.from_json(model_file.read_bytes()).perplexity(sentences)
    assert figures["perplexity"] == pytest.approx(expected)
    assert figures["sentences"] == 3
    assert figures["predictions"] == sum(len(s) + 1 for s in sentences)
    assert f"{expected:.3f}" in charnn("evaluate", model_file, corpus).output


def test_evaluate_says_which_characters_it_does_not_know_and_how_they_were_counted(
    model_file: Path, corpus: Path
) -> None:
    corpus.write_text(CORPUS + "ÄÖ start Ä\n", encoding="utf-8")
    figures = json.loads(charnn("evaluate", model_file, corpus, "--json").output)
    assert figures["unknown"] == {"Ä": 2, "Ö": 1}
    assert (figures["sentences"], figures["left_out"]) == (3, 1)
    sentences = [line.strip() for line in CORPUS.splitlines() if line.strip()]
    known = CharModel.from_json(model_file.read_bytes()).perplexity(sentences)
    assert figures["perplexity"] == pytest.approx(known)
    told = charnn("evaluate", model_file, corpus).output
    assert "1 sentence was left out" in told
    assert "the characters 'Ä', 'Ö', in the text 3 times" in told


def test_evaluate_of_a_text_that_cannot_be_read_at_all_says_so(
    model_file: Path, corpus: Path
) -> None:
    corpus.write_text("ÄÖÜ", encoding="utf-8")
    done = charnn("evaluate", model_file, corpus)
    assert done.exit_code == 1
    assert "every sentence has" in done.output


def test_a_damaged_model_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"hidden_sizes": [20')
    done = charnn("sample", broken)
    assert done.exit_code == 1
    assert "broken.json" in done.output
    assert "not a whole JSON" in done.output


def test_export_writes_weights_and_prints_the_lines_that_load_them(
    model_file: Path, tmp_path: Path
) -> None:
    done = charnn("export", model_file, "--format", "safetensors")
    assert done.exit_code == 0, done.output
    out = tmp_path / "model.safetensors"
    assert out.read_bytes() == safetensors_file(CharModel.from_json(model_file.read_bytes()))
    assert done.stdout == loading_lines(str(out))
    assert str(out) in done.stderr


def test_export_writes_a_program_that_writes_what_the_model_writes(
    model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a program.py"
    out.write_text("what was there before")
    done = charnn("export", model_file, "--format", "python", "--out", out)
    assert done.exit_code == 0, done.output
    assert f"python '{out}'" in done.output
    run = subprocess.run(
        [sys.executable, "-I", out, "--temperature", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout == charnn("sample", model_file, "--method", "greedy").output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "--format"),
        (["--format", "onnx"], "safetensors"),
        (["--format", "python", "--out", "nowhere/at/all.py"], "no folder"),
        (["--format", "python", "--out", "{model}"], "the model itself"),
    ],
)
def test_export_says_what_to_change(
    model_file: Path, tmp_path: Path, options: list[str], told: str
) -> None:
    before = model_file.read_bytes()
    done = charnn("export", model_file, *(option.format(model=model_file) for option in options))
    assert done.exit_code != 0
    assert told in done.output
    assert model_file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"corpus.txt", "model.json"}


def test_a_model_that_cannot_be_read_is_not_exported(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    done = charnn("export", broken, "--format", "python")
    assert done.exit_code == 1
    assert "not a whole saved model" in done.output
    assert list(tmp_path.iterdir()) == [broken]


def test_bench_measures_every_network_and_writes_down_what_it_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from bench import contestants, networks

    monkeypatch.setattr(networks, "NETWORKS", networks.NETWORKS[:1])
    monkeypatch.setattr(contestants, "CONTESTANTS", (contestants.CHARNN,))
    turns = ("--rounds", "1", "--seconds", "0.05")
    done = charnn("bench", "--json", *turns, "--write", tmp_path)
    figures = json.loads(done.stdout)
    (network,) = figures["networks"]
    assert network["network"] == "LSTM [20, 20]/5, batch 1"
    assert network["contestants"]["charnn"]["characters_per_second"] > 0
    assert json.loads((tmp_path / "speed.json").read_text(encoding="utf-8")) == figures
    assert "LSTM [20, 20]/5, batch 1" in (tmp_path / "speed.md").read_text(encoding="utf-8")


def test_help_names_the_variables_of_the_environment() -> None:
    shown = charnn("serve", "--help").output
    for variable in ("CHARNN_HOST", "CHARNN_PORT", "CHARNN_DATA_DIR", "CHARNN_ASYNC_MODE"):
        assert variable in shown
