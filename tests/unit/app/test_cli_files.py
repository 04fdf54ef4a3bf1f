"""The files of the command line: nothing that exists is destroyed, and training is saved."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path

import click
import pytest

from app.cli.files import check_output, write_file
from app.cli.training import loop as train_loop
from app.cli.training.log import LOG_FIELDS
from model import CharModel, Trainer, TrainingConfig, Vocabulary
from model.formats import files
from model.formats.file_kinds import MODEL_JSON
from tests.support.command_line import charnn

SENTENCES = ["start small", "ship it", "listen", "then sell", "and rest"]
TINY = ("--hidden-sizes", "3", "--letter-size", "2", "--seed", "1")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text("\n".join(SENTENCES))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.json"
    CharModel.create(Vocabulary.from_sentences(SENTENCES), hidden_sizes=(3,), seed=1).save(path)
    return path


# ---------------------------------------------------------------- what an output may be


def refused(out: Path, force: bool = False, inputs: tuple[Path, ...] = ()) -> bool:
    before = out.read_bytes() if out.is_file() else None
    try:
        check_output(out, MODEL_JSON, force, inputs)
    except click.ClickException:
        return True
    finally:
        assert before is None or out.read_bytes() == before
    return False


def test_a_file_of_another_kind_is_replaced_only_by_force(corpus: Path, model: Path) -> None:
    """A mistyped name does not cost a person their notes."""
    assert refused(corpus)
    assert not refused(corpus, force=True)
    assert not refused(model)


def test_an_empty_file_and_a_new_one_can_be_written(tmp_path: Path) -> None:
    """As `mktemp` makes them."""
    (tmp_path / "empty").touch()
    assert not refused(tmp_path / "empty")
    assert not refused(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]  # trying leaves nothing


def test_an_input_is_never_an_output(tmp_path: Path, corpus: Path) -> None:
    """By any name: a link, or another path to the same file."""
    link, hard = tmp_path / "link", tmp_path / "hard"
    link.symlink_to(corpus)
    hard.hardlink_to(corpus)
    for out in (corpus, link, hard, tmp_path / "." / corpus.name):
        assert refused(out, force=True, inputs=(corpus,))


def test_a_text_in_a_folder_that_is_read_is_never_an_output(corpus: Path, model: Path) -> None:
    """A model in that folder is no text, and may be replaced."""
    assert refused(corpus, force=True, inputs=(corpus.parent,))
    assert not refused(model, inputs=(model.parent,))
    assert not refused(corpus.parent / "new", inputs=(corpus.parent,))


def test_a_read_only_file_and_a_directory_are_refused(tmp_path: Path, model: Path) -> None:
    """Also for root, who could write to either."""
    model.chmod(0o444)
    assert refused(model, force=True)
    assert refused(tmp_path, force=True)
    assert refused(tmp_path / "no" / "folder.json")
    assert refused(model / "below")


def test_a_folder_that_cannot_be_written_to_is_found_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after hours of training."""

    def read_only(_folder: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files, "new_part", read_only)
    assert refused(tmp_path / "new")


def test_a_link_to_nothing_is_written_through(tmp_path: Path) -> None:
    """The file is made where the link points, if it can be."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    assert not refused(link)
    write_file(link, b"{}")
    assert (tmp_path / "target").read_bytes() == b"{}"
    link.unlink()
    link.symlink_to(tmp_path / "no" / "folder")
    assert refused(link)


def test_devices_and_pipes_are_written_to(tmp_path: Path) -> None:
    """`--out /dev/null` discards the model, and does not replace the device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for out in (pipe, Path("/dev/null"), Path("-")):
        assert not refused(out)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    "command",
    [
        ("train", "{corpus}", "--out", "{corpus}", "--force"),
        ("train", "{corpus}", "--out", "{other}"),
        ("train", "{corpus}", "--out", "{model}", "--log", "{corpus}", "--force"),
        ("train", "{corpus}", "--out", "{model}", "--log", "{other}"),
        ("train", "{corpus}", "--out", "{model}", "--log", "{model}", "--force"),
        ("train", "{corpus}", "--from", "{model}", "--out", "{new}", "--log", "{model}"),
        ("export", "{model}", "--format", "python", "--out", "{model}", "--force"),
        ("export", "{model}", "--format", "safetensors", "--out", "{other}"),
        ("bench", "--write", "{folder}"),
    ],
)
def test_no_command_destroys_a_file(
    tmp_path: Path, corpus: Path, model: Path, command: tuple[str, ...]
) -> None:
    """Each checks all of its outputs before it does anything."""
    other, folder = tmp_path / "thesis.doc", tmp_path / "folder"
    other.write_text("years of work")
    folder.mkdir()
    (folder / "speed.md").write_text("how fast I run")
    names = {"corpus": corpus, "model": model, "other": other, "folder": folder}
    words = [word.format(new=tmp_path / "new", **names) for word in command]
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert charnn(*words).exit_code in {1, 2}
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == kept


def test_train_writes_to_standard_output(corpus: Path) -> None:
    """`--out -` writes the model alone there."""
    done = charnn("train", corpus, "--out", "-", "--steps", "2", *TINY)
    assert done.exit_code == 0, done.output
    assert CharModel.from_json(done.stdout_bytes).hidden_sizes == (3,)


def test_commands_read_a_model_from_standard_input(corpus: Path, model: Path) -> None:
    """`-` is a model too."""
    content = model.read_bytes()
    for words in (
        ("sample", "-", "--count", "1"),
        ("evaluate", "-", corpus),
        ("export", "-", "--format", "python", "--out", "-"),
    ):
        done = charnn(*words, input=content)
        assert done.exit_code == 0, done.output
        assert done.stdout
    assert charnn("export", "-", "--format", "python", input=content).exit_code == 2


# ---------------------------------------------------------------- saving during training


def saved_steps(out: Path) -> int:
    steps: int = json.loads(out.read_bytes())["solver"]["steps"]
    return steps


def test_training_is_saved_while_it_runs(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut costs a minute, not the night."""
    out, saved = tmp_path / "out.json", []

    def show(*_: object) -> None:
        saved.append(saved_steps(out) if out.exists() else None)

    monkeypatch.setattr(train_loop, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(train_loop, "SAVE_SHARE", 1e9)
    monkeypatch.setattr(train_loop, "REPORT_SECONDS", 1e-9)  # a report for each step
    monkeypatch.setattr(train_loop.Progress, "show", show)
    assert charnn("train", corpus, "--out", out, "--steps", "4", *TINY).exit_code == 0
    assert saved == [None, 1, 2, 3]
    assert saved_steps(out) == 4


def test_a_full_disk_does_not_stop_training(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and the next save may succeed."""
    out, tries, write = tmp_path / "out.json", [], files.write_file

    def full_at_first(path: Path, content: bytes) -> None:
        tries.append(path)
        if len(tries) < 3:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(train_loop, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(train_loop, "SAVE_SHARE", 1e9)
    monkeypatch.setattr(train_loop, "REPORT_SECONDS", 1e-9)
    monkeypatch.setattr("app.cli.files.files.write_file", full_at_first)
    done = charnn("train", corpus, "--out", out, "--steps", "4", *TINY)
    assert done.exit_code == 0, done.output
    assert str(out) in done.stderr
    assert saved_steps(out) == 4


def test_a_model_that_cannot_be_written_in_the_end_is_not_lost(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes into the folder for temporary files, and the error says where it is."""
    rescue = tmp_path / "rescue"
    rescue.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(rescue))
    done = charnn("train", corpus, "--out", "/dev/full", "--steps", "3", *TINY)
    assert done.exit_code == 1
    [saved] = rescue.iterdir()
    assert str(saved) in done.stderr
    assert saved_steps(saved) == 3


def test_an_error_during_training_loses_nothing(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example, a terminal that has gone away."""

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(train_loop.Progress, "show", broken)
    out = tmp_path / "out.json"
    assert charnn("train", corpus, "--out", out, "--steps", "300", *TINY).exit_code == 1
    assert saved_steps(out) == 1


# ---------------------------------------------------------------- continuing


def test_train_from_continues_all_of_a_training(corpus: Path, tmp_path: Path) -> None:
    """Optimizer, rate, schedule, epoch and validation set are those of the file."""
    config = TrainingConfig(
        learning_rate=0.02,
        optimizer="adam",
        schedule="cosine",
        schedule_epochs=9,
        batch_size=2,
        validation_fraction=0.3,
        seed=3,
    )
    vocabulary = Vocabulary.from_sentences(SENTENCES)
    straight = Trainer(CharModel.create(vocabulary, hidden_sizes=(3,), seed=3), SENTENCES, config)
    straight.train(5)
    out = tmp_path / "model.json"
    out.write_text(json.dumps(straight.to_json()))
    straight.train(6)
    done = charnn("train", corpus, "--from", out, "--out", out, "--steps", "6")
    assert done.exit_code == 0, done.output
    saved = json.loads(out.read_bytes())
    assert saved.pop("best")["epoch"] == 3.0  # the command also evaluates
    assert saved == straight.to_json()


def test_train_from_takes_what_is_given_instead(corpus: Path, tmp_path: Path) -> None:
    """An option of the command line overrides that of the file, and the line says so."""
    out = tmp_path / "model.json"
    charnn("train", corpus, "--out", out, "--steps", "5", "--solver", "adam", *TINY)
    options = ("--learning-rate", "0.003", "--solver", "rmsprop", "--seed", "9")
    done = charnn("train", corpus, "--from", out, "--out", out, "--steps", "2", *options)
    assert done.exit_code == 0, done.output
    state = json.loads(out.read_bytes())["solver"]["training"]
    assert state["config"]["optimizer"] == "rmsprop"
    assert (state["config"]["learning_rate"], state["config"]["seed"]) == (0.003, 9)
    assert state["steps"] == 7
    assert "--learning-rate 0.003" in done.stderr


def test_a_resumed_limit_counts_from_the_resumption(corpus: Path, tmp_path: Path) -> None:
    """`--steps 3` is three more steps."""
    out = tmp_path / "model.json"
    charnn("train", corpus, "--out", out, "--steps", "5", *TINY)
    charnn("train", corpus, "--from", out, "--out", out, "--steps", "3")
    assert json.loads(out.read_bytes())["solver"]["training"]["steps"] == 8


# ---------------------------------------------------------------- the log


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_log_has_a_row_for_each_report(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its numbers are those of the training; a resumed one continues it."""
    monkeypatch.setattr(train_loop, "REPORT_SECONDS", 1e-9)
    log, out = tmp_path / "run.csv", tmp_path / "model.json"
    options = ("--steps", "3", "--log", log, "--validation-fraction", "0.3", *TINY)
    assert charnn("train", corpus, "--out", out, *options).exit_code == 0
    assert [row["step"] for row in rows(log)] == ["1", "2", "3"]
    last = rows(log)[-1]
    assert tuple(last) == LOG_FIELDS
    assert float(last["learning_rate"]) == 0.01
    assert float(last["perplexity"]) > 1
    assert float(last["validation_perplexity"]) > 1
    more = ("--steps", "2", "--log", log)
    assert charnn("train", corpus, "--from", out, "--out", out, *more).exit_code == 0
    assert [row["step"] for row in rows(log)] == ["1", "2", "3", "4", "5"]
    assert charnn("train", corpus, "--out", out, *options).exit_code == 0
    assert len(rows(log)) == 3


def test_a_log_that_cannot_be_written_does_not_stop_training(corpus: Path, tmp_path: Path) -> None:
    """It is said once."""
    out = tmp_path / "model.json"
    options = ("--steps", "3", "--log", "/dev/full", *TINY)
    done = charnn("train", corpus, "--out", out, *options)
    assert done.exit_code == 0, done.output
    assert done.stderr.count("/dev/full") == 1
    assert saved_steps(out) == 3


def test_nothing_is_evaluated_that_was_not_asked_for(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit in seconds does not end with minutes of evaluation."""
    monkeypatch.setattr(CharModel, "perplexity", None)  # calling it would raise
    out = tmp_path / "model.json"
    assert charnn("train", corpus, "--out", out, "--steps", "3", *TINY).exit_code == 0
