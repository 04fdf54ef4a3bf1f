"""The texts that the command line reads, and what it does with characters it does not know."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import Result

from model import CharModel
from tests.support.command_line import charnn

TINY = ("--hidden-sizes", "4", "--letter-size", "2", "--seed", "1", "--steps", "2")


def train(out: Path, *words: object, stdin: bytes | None = None) -> Result:
    return charnn("train", *words, "--out", out, *TINY, input=stdin)


def vocabulary(model_file: Path) -> str:
    return "".join(CharModel.load(model_file).vocabulary.chars)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that knows the characters of "it's a cafe"."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "text").write_text("it's a cafe\n", encoding="utf-8")
    done = train(folder / "model.json", folder / "text")
    assert done.exit_code == 0, done.output
    return folder / "model.json"


def test_train_reads_folders_files_and_standard_input(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "wide.txt").write_bytes("ab".encode("utf-16"))
    (tmp_path / "texts" / "picture.png").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "c.gz").write_bytes(gzip.compress(b"c"))
    done = train(
        tmp_path / "out.json", tmp_path / "texts", tmp_path / "c.gz", "-", stdin=b"d\xe9 ok then"
    )
    assert done.exit_code == 0, done.output
    assert vocabulary(tmp_path / "out.json") == "abcdé okthen"
    assert "picture.png" in done.stderr
    assert "Windows-1252" in done.stderr


def test_train_shows_the_statistics_of_the_text_first(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("aaaaa\n\u200bbbbbb\n", encoding="utf-8")
    done = train(tmp_path / "out.json", tmp_path / "text")
    first = done.stderr.splitlines()[0]
    assert all(shown in first for shown in ("2 sentences", "11 char", "3 dist", "ZERO WIDTH SPACE"))


def test_train_leaves_out_rare_characters_on_request(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("aab~b\n~\n", encoding="utf-8")
    out = tmp_path / "out.json"
    assert train(out, tmp_path / "text", "--min-count", "3").exit_code == 1
    assert not out.exists()
    (tmp_path / "text").write_text("aab~b\n", encoding="utf-8")
    assert train(out, tmp_path / "text", "--min-count", "2").exit_code == 0
    assert vocabulary(out) == "ab"
    resumed = charnn("train", tmp_path / "text", "--from", out, "--out", out, "--min-count", "2")
    assert resumed.exit_code == 2


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"", ()),
        (b"\n \xe2\x80\x8b\n", ()),
        (b"one\0two", ()),
        (gzip.compress(b"text", mtime=0)[:-1], ()),
        ("привет".encode("cp1251"), ()),
        (b"text", ("--encoding", "klingon")),
        (b"a" * 10_001, ("--mode", "lines")),
    ],
    ids=["empty", "blank", "binary", "cut", "unknown encoding", "no encoding", "long line"],
)
def test_a_file_that_cannot_be_trained_on_changes_no_file(
    tmp_path: Path, content: bytes, options: tuple[str, ...]
) -> None:
    out = tmp_path / "out.json"
    out.write_bytes(b'{"hidden_sizes": [2]}')
    (tmp_path / "text").write_bytes(content)
    done = train(out, tmp_path / "text", *options)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert out.read_bytes() == b'{"hidden_sizes": [2]}'


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes("привет".encode("cp1251"))
    assert "--encoding" in train(tmp_path / "out.json", tmp_path / "text").stderr
    done = train(tmp_path / "out.json", tmp_path / "text", "--encoding", "cp1251")
    assert done.exit_code == 0, done.output
    assert vocabulary(tmp_path / "out.json") == "привет"


def test_two_inputs_cannot_both_be_standard_input(tmp_path: Path) -> None:
    assert charnn("train", "-", "--from", "-", "--out", tmp_path / "out.json").exit_code == 2
    assert charnn("evaluate", "-", "-").exit_code == 2


def test_an_unknown_character_of_a_prime_stops_is_skipped_or_replaced(model_file: Path) -> None:
    given = ("sample", model_file, "--prime", "it’s 漢", "--count", "1", "--seed", "1")
    stopped = charnn(*given)
    assert stopped.exit_code == 1
    assert '"\'"' in stopped.stderr
    assert charnn(*given, "--unknown", "skip").stdout.startswith("its ")
    assert charnn(*given, "--unknown", "replace").stdout.startswith("it's ")


def test_unknown_characters_of_a_text_are_skipped_replaced_or_stop(
    tmp_path: Path, model_file: Path
) -> None:
    text = tmp_path / "text"
    text.write_text("a cafe\nit’s\ncafe\u0301\n", encoding="utf-8")
    counts = {}
    for unknown in ("skip", "replace"):
        done = charnn("evaluate", model_file, text, "--json", "--unknown", unknown)
        counts[unknown] = json.loads(done.stdout)
    assert [counts["skip"][name] for name in ("sentences", "left_out")] == [1, 2]
    assert [counts["replace"][name] for name in ("sentences", "left_out")] == [3, 0]
    assert charnn("evaluate", model_file, text, "--unknown", "error").exit_code == 1
