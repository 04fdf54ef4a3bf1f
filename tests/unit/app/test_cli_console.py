"""Standard output of the command line, whatever is behind it."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli import console, evaluate, main, progress
from model import CharModel, Vocabulary
from model.formats import python_file
from tests.support.command_line import charnn

CHARS = "abc\x1b\x07é"


@pytest.fixture(scope="module")
def model() -> CharModel:
    """A network of characters that terminals obey or encodings lack; no test changes it."""
    network = CharModel.create(Vocabulary(CHARS), hidden_sizes=(2,), embedding_size=1, seed=1)
    network.named_parameters()["bd"][0] = -100  # never END
    return network


@pytest.fixture(scope="module")
def folder(model: CharModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model, and the program it is exported to."""
    path = tmp_path_factory.mktemp("model")
    model.save(path / "model.json")
    (path / "program.py").write_bytes(python_file(model))
    return path


@pytest.fixture(autouse=True)
def only_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line says that something takes long, and no warning was given before."""
    monkeypatch.setattr(progress, "PATIENCE", 1000.0)
    console._warn_of_encoding.cache_clear()


def exit_code(*words: object) -> int:
    """Run the command line in this process, on `sys.stdout` as it is."""
    with pytest.raises(SystemExit) as ended:
        main.main([str(word) for word in words], prog_name="charnn")
    code: int = ended.value.code or 0  # type: ignore[assignment]
    return code


@pytest.fixture
def closed_pipe() -> Iterator[io.TextIOWrapper]:
    """A pipe whose reader is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield stream


COMMANDS = (("sample", "{folder}/model.json", "--count", "2000"), ("sample", "--help"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_an_error(
    folder: Path,
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An error line and exit code 1, not a traceback, and not success."""
    monkeypatch.setattr(sys, "stdout", Path("/dev/full").open("w"))  # noqa: SIM115
    assert exit_code(*(word.format(folder=folder) for word in command)) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_reader_that_has_gone_ends_the_command(
    folder: Path,
    closed_pipe: io.TextIOWrapper,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With `| head` nothing is generated any more, and no traceback is printed at the end."""
    monkeypatch.setattr(sys, "stdout", closed_pipe)
    assert exit_code("sample", folder / "model.json", "--count", "100000") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_closed_output_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`>&-` leaves Python without standard output, where writing is silently nothing."""
    monkeypatch.setattr(sys, "stdout", None)
    assert exit_code("sample", folder / "model.json", "--count", "1") == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_any_encoding_is_written(
    encoding: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it lacks becomes a question mark, and that is said once."""
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding))
    console.write_line("ab€☃")
    console.write_line("☃")
    assert content.getvalue() == b"ab??\n?\n"
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_lone_surrogate_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A prompt of invalid bytes on the command line has some."""
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, "utf-8"))
    console.write_line("a\udcff")
    assert content.getvalue() == b"a?\n"


def test_control_characters_are_escaped_for_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model cannot move the cursor or change the colours; a file gets what was generated."""
    text = "a\x1b[31m\x07\r\x9b\u202e\tb"
    for is_terminal, expected in (
        (True, r"a\x1b[31m\x07\r\x9b\u202e" + "\tb\n"),
        (False, text + "\n"),
    ):
        content = io.BytesIO()
        stdout = io.TextIOWrapper(content, "utf-8", newline="\n")
        monkeypatch.setattr(stdout, "isatty", lambda is_terminal=is_terminal: is_terminal)
        monkeypatch.setattr(sys, "stdout", stdout)
        console.write_line(text)
        assert content.getvalue().decode() == expected


def test_the_first_sample_is_written_before_the_others_are_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader need not wait for all of them."""
    written: list[int] = []
    stream = CharModel.iter_samples

    def counted(*arguments: Any) -> Iterator[str]:
        for made, sentence in enumerate(stream(*arguments)):
            assert len(written) == made
            yield sentence

    monkeypatch.setattr(CharModel, "iter_samples", counted)
    monkeypatch.setattr(console, "write_line", lambda _line: written.append(1))
    done = charnn("sample", folder / "model.json", "--count", "3")
    assert done.exit_code == 0, done.output
    assert len(written) == 3


def test_ctrl_c_ends_a_command_with_130(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a program that the signal has ended."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(CharModel, "iter_samples", interrupted)
    done = charnn("sample", folder / "model.json")
    assert done.exit_code == 130


# ---------------------------------------------------------------- what is written


def test_samples_as_json_and_a_prompt_from_a_file(folder: Path, tmp_path: Path) -> None:
    """Each line is an object; the newline at the end of the file is not part of the prompt."""
    prime = tmp_path / "prime.txt"
    prime.write_bytes(b"\xef\xbb\xbfab\r\n")
    options = ("--prime-file", prime, "--length", "5", "--json")
    for method, count in (("sample", 2), ("beam", 2), ("greedy", 1)):
        limit = ("--width", "2") if method == "beam" else ("--count", "2")
        words = ("sample", folder / "model.json", "--method", method, *options)
        words += () if method == "greedy" else limit
        done = charnn(*words)
        assert done.exit_code == 0, done.output
        objects = [json.loads(line) for line in done.stdout.splitlines()]
        assert [len(each["text"]) for each in objects] == [7] * count
        assert all(each["text"].startswith("ab") for each in objects)
        assert all(("log_probability" in each) == (method == "beam") for each in objects)


def test_evaluate_scores_each_line(
    model: CharModel, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the text, also across the chunks in which it is evaluated."""
    monkeypatch.setattr(evaluate, "CHUNK", 2)
    corpus = tmp_path / "corpus.txt"
    sentences = ["ab", "xyz", "c", "ccc", "a"]
    corpus.write_text("\n".join(sentences))
    words = ["evaluate", str(folder / "model.json"), str(corpus), "--per-line"]
    expected = [None if each == "xyz" else model.perplexity([each]) for each in sentences]
    plain = [line.split("\t") for line in charnn(*words).stdout.splitlines()]
    assert [text for _, text in plain] == sentences
    assert [score for score, _ in plain] == [
        "-" if score is None else f"{score:.3f}" for score in expected
    ]
    lines = charnn(*words, "--json").stdout.splitlines()
    assert [json.loads(line)["perplexity"] for line in lines] == [
        score if score is None else pytest.approx(score) for score in expected
    ]


# ---------------------------------------------------------------- the exported program


def program(folder: Path, *options: object, **extra: Any) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-I", folder / "program.py", *options]
    return subprocess.run(
        [str(word) for word in words], stderr=subprocess.PIPE, timeout=120, check=False, **extra
    )


def test_the_exported_program_behaves_in_a_pipe(folder: Path) -> None:
    """A reader that has gone, and a full disk, are an error line and an exit code."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone, Path("/dev/full").open("wb") as full:
        for stdout in (gone, full):
            done = program(folder, "--count", "3", stdout=stdout)
            assert done.returncode == 1
            assert len(done.stderr.splitlines()) == 1


def test_the_exported_program_writes_any_encoding_and_escapes_for_a_terminal(folder: Path) -> None:
    """As `charnn sample` does."""
    plain = program(
        folder,
        *("--seed", "1", "--length", "40", "--json"),
        stdout=subprocess.PIPE,
    )
    texts = [json.loads(line)["text"] for line in plain.stdout.splitlines()]
    assert any("\x1b" in text for text in texts)
    assert any("é" in text for text in texts)
    master, slave = pty.openpty()
    done = program(folder, "--seed", "1", "--length", "40", "--count", "1", stdout=slave)
    os.close(slave)
    shown = os.read(master, 1000)
    os.close(master)
    assert done.returncode == 0
    assert rb"\x1b" in shown
    assert b"\x1b" not in shown
    # Isolated mode ignores PYTHONIOENCODING, and the C locale means UTF-8.
    words = [sys.executable, str(folder / "program.py"), "--seed", "1", "--length", "40"]
    ascii_only = subprocess.run(
        words,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ascii_only.returncode == 0
    assert b"?" in ascii_only.stdout
    assert len(ascii_only.stderr.splitlines()) == 1
