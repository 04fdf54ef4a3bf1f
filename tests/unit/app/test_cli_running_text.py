"""Running text on the command line: what is chosen for it, how it learns, what is refused."""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from app.cli.training import loop
from model import CharModel, load_model
from model.text.line_detection import lines_are_sentences
from model.training.sizes import SIZES, size_for
from tests.support.command_line import charnn

BOOK = "It was a fine day,\nand nobody said so.\n\n\tThe end of it\nwas near.\n\n" * 40
LIST = "emma smith\nolivia jones\n" * 60
TINY = (
    *("--hidden-sizes", "4", "--letter-size", "2", "--seed", "1", "--threads", "1"),
    *("--batch-size", "2", "--sequence-length", "8", "--dropout", "0", "--optimizer", "rmsprop"),
)
STEPS = ("--steps", "5")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.txt"
    path.write_text(BOOK, encoding="utf-8")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.json"


def train(text: Path, out: Path, *words: object) -> Result:
    return charnn("train", text, "--out", out, *TINY, *words)


def config_of(file: Path) -> dict[str, Any]:
    """The options of the training in a file."""
    return asdict(load_model(file.read_bytes()).config)


# ------------------------------------------------------------------ what is chosen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LIST, True),
        (LIST.title(), True),
        ("12+7=19\n3+4=7\n" * 100, True),
        ("It was a fine day.\nThe end of it was near.\n" * 100, True),
        ("a fine day\n\n  and a list\n", True),
        (BOOK, False),
        ("It was a fine day, and\nnobody said so.\n" * 100, False),
        ("def f():\n    return 1\n" * 100, False),
        ("It was a fine day. " * 100, False),
    ],
    ids=[
        *("names", "Names", "sums", "sentences", "few lines"),
        *("paragraphs", "broken lines", "source code", "one long line"),
    ],
)
def test_the_lines_of_a_list_are_sentences_and_those_of_a_book_are_not(
    text: str, expected: bool
) -> None:
    assert lines_are_sentences(text) == expected


def test_the_size_grows_with_the_text() -> None:
    assert [size_for(n) for n in (1_000, 1_000_000, 50_000_000)] == list(SIZES)


def test_a_book_is_trained_as_running_text_with_the_options_of_its_size(
    book: Path, out: Path
) -> None:
    done = train(book, out, *STEPS)
    assert done.exit_code == 0, done.output
    assert "Mode text, size small" in done.stderr
    config, small = config_of(out), SIZES["small"].config
    assert config["mode"] == "text"
    assert config["learning_rate"] == small.learning_rate
    assert (config["schedule"], config["clip_norm"]) == (small.schedule, True)
    assert (config["batch_size"], config["sequence_length"], config["dropout"]) == (2, 8, 0)
    assert CharModel.load(out).mode == "text"


def test_a_list_is_trained_as_lines_with_the_options_of_the_original(
    tmp_path: Path, out: Path
) -> None:
    (tmp_path / "list").write_text(LIST, encoding="utf-8")
    done = charnn("train", tmp_path / "list", "--out", out, "--steps", "1")
    assert done.exit_code == 0, done.output
    config = config_of(out)
    assert (config["mode"], config["learning_rate"], config["optimizer"]) == (
        "lines",
        0.01,
        "rmsprop",
    )
    refused = charnn("train", tmp_path / "list", "--out", out, "--size", "small")
    assert refused.exit_code == 2
    assert "--mode text" in refused.output


def test_the_mode_can_be_given(book: Path, out: Path) -> None:
    done = charnn("train", book, "--out", out, "--mode", "lines", "--steps", "1")
    assert done.exit_code == 0, done.output
    assert config_of(out)["mode"] == "lines"


def test_the_schedule_ends_with_the_steps(book: Path, out: Path) -> None:
    assert train(book, out, *STEPS).exit_code == 0
    characters = len(BOOK) - len(BOOK) // 20
    windows = characters // 8 // 2 * 2
    assert config_of(out)["schedule_epochs"] == pytest.approx(5 * 2 / windows)
    assert train(book, out, *STEPS, "--schedule-epochs", "7").exit_code == 0
    assert config_of(out)["schedule_epochs"] == 7


def test_the_model_is_named_after_the_text_and_replaces_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(BOOK.encode()))
    assert charnn("train", "b.txt.gz", *TINY, *STEPS).exit_code == 0
    before = (tmp_path / "b.json").read_bytes()
    again = charnn("train", "b.txt.gz", *TINY, *STEPS)
    assert again.exit_code == 2
    assert "--from b.json" in again.output
    assert (tmp_path / "b.json").read_bytes() == before


# ------------------------------------------------------------------ how it is trained


def test_training_shows_losses_and_samples(
    book: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(loop, "REPORT_SECONDS", 1e-9)
    monkeypatch.setattr(loop, "SAMPLE_SECONDS", 0.0)
    monkeypatch.setattr(loop.Progress, "show", lambda _self, _done, text: shown.append(text))
    done = train(book, out, *STEPS)
    assert done.exit_code == 0, done.output
    assert "Sample: " in done.stderr
    assert all(part in shown[-1] for part in ("0:00 left", "loss", "epoch"))


def test_training_stops_when_the_validation_loss_no_longer_improves(
    book: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.train.PATIENCE", 0.0)
    monkeypatch.setattr("app.training.monitors.VALIDATION_INTERVAL", 0.0)
    monkeypatch.setattr("app.training.monitors.VALIDATION_SHARE", 1.0)
    done = train(book, out, "--schedule-epochs", "1000000")  # the plan does not end it before
    assert done.exit_code == 0, done.output
    assert "no longer improves" in done.output


def test_a_training_continues_where_it_was(book: Path, out: Path) -> None:
    assert train(book, out, *STEPS).exit_code == 0
    done = charnn("train", book, "--from", out, "--out", out, *STEPS)
    assert done.exit_code == 0, done.output
    assert "starts anew" not in done.output
    saved = load_model(out.read_bytes())
    assert saved.training is not None
    assert (saved.training.steps, saved.config.mode) == (10, "text")
    assert charnn("train", book, "--from", out, "--out", out, "--size", "small").exit_code == 2


def test_evaluate_and_sample_read_running_text(book: Path, out: Path) -> None:
    assert train(book, out, *STEPS).exit_code == 0
    saved = load_model(out.read_bytes())
    for weights, expected in (("best", saved.with_best_weights()), ("latest", saved)):
        done = charnn("evaluate", out, book, "--json", "--weights", weights)
        figures = json.loads(done.stdout)
        assert figures["predictions"] == len(BOOK)
        assert figures["perplexity"] == pytest.approx(expected.model.perplexity(BOOK))
    assert figures["nats"] == pytest.approx(math.log(figures["perplexity"]))
    assert figures["bits"] == pytest.approx(figures["nats"] / math.log(2))
    book.write_text(BOOK + "~~", encoding="utf-8")
    assert json.loads(charnn("evaluate", out, book, "--json").stdout)["unknown"] == {"~": 2}
    assert charnn("evaluate", out, book, "--unknown", "error").exit_code == 1
    assert charnn("evaluate", out, book, "--per-line").exit_code == 2
    sample = charnn("sample", out, "--prime", "It was\n", "--seed", "1")
    assert sample.stdout.startswith("It was\n")
    assert len(sample.stdout) == len("It was\n") + 1000 + 1


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("content", "words", "named"),
    [
        (b"", (), "no text"),
        (b"x", (), "1 characters"),
        (b"short", (), "5 characters"),
        (b"\x7fELF" + bytes(range(256)) * 4, (), "book.txt"),
        ("привет, мир\n".encode("cp1251") * 20, (), "--encoding"),
        (BOOK.encode(), ("--encoding", "klingon"), "klingon"),
    ],
    ids=[
        "empty",
        "one character",
        "shorter than a step",
        "binary",
        "unknown encoding",
        "no encoding",
    ],
)
def test_a_text_that_cannot_be_used_is_refused_and_nothing_is_overwritten(
    book: Path, out: Path, content: bytes, words: tuple[str, ...], named: str
) -> None:
    assert train(book, out, *STEPS).exit_code == 0
    before = out.read_bytes()
    book.write_bytes(content)
    refused = train(book, out, *STEPS, "--mode", "text", *words)
    assert refused.exit_code == 1, refused.output
    assert named in refused.output
    assert out.read_bytes() == before


def test_a_text_with_unknown_characters_is_not_resumed_on(book: Path, out: Path) -> None:
    assert train(book, out, *STEPS).exit_code == 0
    before = out.read_bytes()
    book.write_text(BOOK + "~", encoding="utf-8")
    refused = charnn("train", book, "--from", out, "--out", out, *STEPS)
    assert refused.exit_code == 1
    assert "'~'" in refused.output
    assert out.read_bytes() == before


def test_rare_characters_are_left_out_on_request(book: Path, out: Path) -> None:
    book.write_text(BOOK + "~", encoding="utf-8")
    assert train(book, out, *STEPS, "--min-count", "2").exit_code == 0
    assert "~" not in CharModel.load(out).vocabulary.chars
