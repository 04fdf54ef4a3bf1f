"""Texts are read from files of every encoding and compression, and what is no text is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import (
    SettingsError,
    TextError,
    TextLimits,
    decode_text,
    read_texts,
    sentences_from_text,
    text_stats,
)
from model.text import sentences
from model.text.characters import is_blank

TEXT = "the gull’s café\n“open”, they say\n\nnaïve – yes\n"
SENTENCES = ["the gull’s café", "“open”, they say", "naïve – yes"]
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
ODD_CHARACTERS = "ab \n\r\t\u200b\u2028\x85\ufeff\ud83d\u3000\U0001f642"
COMPRESSED: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, lzma.compress]


def code_of(content: bytes, encoding: str | None = None) -> str:
    with pytest.raises((TextError, SettingsError)) as refusal:
        decode_text(content, encoding=encoding)
    return refusal.value.code


# ------------------------------------------------------------------ encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", *WIDE, "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_text_is_read_in_any_encoding(encoding: str, newline: str) -> None:
    assert decode_text(TEXT.replace("\n", newline).encode(encoding)).text == TEXT


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("text", ["plain\n", "学而时习之\n不亦说乎\n", "привет, мир\n", "a 🙂\n"])
def test_other_scripts_are_read_without_a_byte_order_mark(encoding: str, text: str) -> None:
    marked = ("\ufeff" + text).encode(encoding)
    assert decode_text(marked).text == decode_text(text.encode(encoding)).text == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff")))
def test_every_text_in_utf8_is_read_as_it_is(text: str) -> None:
    assert decode_text(text.encode()).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("привет, мир", "cp1251"), ("こんにちは", "shift-jis"), ("学而时习之", "gb18030")],
)
def test_an_encoding_is_named_where_it_cannot_be_told(text: str, encoding: str) -> None:
    assert code_of(text.encode(encoding)) == "encoding_not_known"
    assert decode_text(text.encode(encoding), encoding=encoding) == (text, encoding)


def test_damaged_utf8_is_not_read_as_another_encoding() -> None:
    assert code_of("café, naïve, déjà\n".encode() + b"\xff\n") == "utf8_damaged"
    assert code_of("学而时习之".encode()[:-1]) == "utf8_damaged"


def test_a_wrong_or_unknown_encoding_is_refused() -> None:
    assert code_of(b"caf\xe9", "utf-8") == "wrong_encoding"
    assert code_of(b"abc", "utf-16") == "wrong_encoding"
    assert code_of(b"abc", "klingon") == code_of(b"abc", "hex") == "unknown_encoding"


@given(st.binary(max_size=60), st.none() | st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_any_bytes_are_read_or_refused_with_a_code(content: bytes, encoding: str | None) -> None:
    try:
        text, _ = decode_text(content, encoding=encoding)
    except TextError:
        pass
    else:
        assert not set(text) & set("\0\r\ufeff")


@pytest.mark.parametrize(
    "content",
    [
        *(b"one\ntw\0o\n", b"one\ntw\0o!\n", b"\0" * 40, bytes(range(256)), b"\x01\xff\xfe\x02"),
        *(b"%PDF-1.7\n%\xe2", b"PK\x03\x04docx", b"\x89PNG\r\n", b"\xff\xd8\xff\xe0", b"\x7fELF"),
        *(b"{\\rtf1 x}", b"x" * 257 + b"ustar"),
        gzip.compress(gzip.compress(b"a", mtime=0), mtime=0),
    ],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    assert code_of(content) == "not_a_text"


def test_a_saved_model_is_no_text() -> None:
    assert code_of(b'\n{"hidden_sizes": [20, 20], "model": {}}') == "text_is_model"
    assert decode_text(b'{"sizes": "of shoes"}').text == '{"sizes": "of shoes"}'


# ------------------------------------------------------------------ compression


@pytest.mark.parametrize("compress", COMPRESSED)
def test_a_compressed_text_is_read_whole_or_refused(compress: Callable[[bytes], bytes]) -> None:
    content = compress(TEXT.encode("utf-16"))
    assert decode_text(content).text == TEXT
    assert decode_text(compress(b"one\n") + compress(b"two\n")).text == "one\ntwo\n"
    for cut in (8, len(content) // 2, len(content) - 1):
        assert code_of(content[:cut]) == "compression_damaged"
    flipped = bytearray(content)
    flipped[-9] ^= 255
    assert code_of(bytes(flipped)) == "compression_damaged"


@pytest.mark.parametrize("compress", COMPRESSED)
def test_decompression_ends_at_the_limit(compress: Callable[[bytes], bytes]) -> None:
    content = compress(b"a" * 1_000_000)
    assert len(content) < 2_000
    with pytest.raises(TextError) as refusal:
        decode_text(content, max_bytes=999_999)
    assert refusal.value.code == "file_too_large"
    assert len(decode_text(content, max_bytes=1_000_000).text) == 1_000_000


# ------------------------------------------------------------------ files and folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Texts, and what a folder has beside them."""
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbfsecond")
    (tmp_path / "a.txt").write_bytes("first".encode("utf-16"))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.gz").write_bytes(gzip.compress(b"third", mtime=0))
    (tmp_path / ".hidden").write_bytes(b"hidden")
    (tmp_path / "model.json").write_bytes(b'{"hidden_sizes": [2]}')
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n")
    return tmp_path


def test_a_folder_is_read_in_the_order_of_its_names(folder: Path) -> None:
    sentences, remarks = read_texts([folder])
    assert sentences == ["first", "second", "third"]
    assert len(remarks) == 1
    assert all(name in remarks[0] for name in ("model.json", "picture.png"))
    assert "hidden" not in remarks[0]


def test_several_files_are_read_in_the_given_order(folder: Path) -> None:
    paths = [folder / "more", folder / "b.txt", str(folder / "a.txt")]
    assert read_texts(paths) == (["third", "second", "first"], ())


def test_a_hyphen_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = io.TextIOWrapper(io.BytesIO(TEXT.encode("utf-16")))
    monkeypatch.setattr(sys, "stdin", piped)
    assert read_texts(["-"]).sentences == SENTENCES


def test_an_assumed_encoding_is_remarked_on(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(TEXT.encode("cp1252"))
    sentences, remarks = read_texts([path])
    assert (sentences, len(remarks)) == (SENTENCES, 1)
    assert str(path) in remarks[0]
    assert read_texts([path], encoding="cp1252") == (SENTENCES, ())


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty", b"", "no_sentences"),
        ("blank", b"\n \xe2\x80\x8b\n\t\n", "no_sentences"),
        ("binary", b"\0\1\2", "not_a_text"),
        ("cut.gz", gzip.compress(b"text", mtime=0)[:-3], "compression_damaged"),
    ],
)
def test_a_file_without_a_text_is_refused(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TextError) as refusal:
        read_texts([tmp_path / name])
    assert refusal.value.code == code


def test_missing_files_and_folders_without_texts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n")
    for path, code in ((tmp_path / "none", "file_not_found"), (tmp_path, "folder_without_texts")):
        with pytest.raises(TextError) as refusal:
            read_texts([path])
        assert refusal.value.code == code


def test_one_character_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    assert read_texts([tmp_path / "a"]).sentences == ["a"]


@pytest.mark.parametrize("piece", [1, 2, 7, 100_000])
def test_sentences_are_the_trimmed_lines_wherever_a_piece_ends(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentences, "CHUNK", piece)
    generator = random.Random(1)  # noqa: S311  (nothing is secret)
    for length in range(200):
        text = "".join(generator.choices(ODD_CHARACTERS, k=length % 25))
        lines = re.split("[\r\n]", text.replace("\ufeff", ""))
        expected = [line.strip() for line in lines if not is_blank(line)]
        assert list(sentences_from_text(text)) == expected


# ------------------------------------------------------------------ limits and statistics

LIMITS = TextLimits(characters=40, sentences=4, line=10, distinct=7)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\n" * 21, "text_too_long"),
        ("a\nb\na\nb\na", "too_many_sentences"),
        ("a\n" + "b" * 11, "line_too_long"),
        ("abcdefgh", "too_many_distinct_characters"),
        ("\n", "no_sentences"),
    ],
)
def test_each_limit_of_a_text_has_a_code(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(TextError) as refusal:
        LIMITS.check(sentences_from_text(text))
    assert refusal.value.code == code
    LIMITS.check(sentences_from_text("abcdef\n" + "a" * 10))
    (tmp_path / "text").write_text(text, encoding="utf-8")
    with pytest.raises(TextError):
        read_texts([tmp_path / "text"], limits=LIMITS)


def test_the_first_line_that_is_too_long_is_named() -> None:
    with pytest.raises(TextError) as refusal:
        LIMITS.check(sentences_from_text("ok\n\n  " + "a" * 11 + "\n" + "b" * 12))
    values = refusal.value.values
    assert (values["line"], values["characters"], values["limit"]) == (3, 12, 10)


def test_the_limit_of_bytes_is_that_of_all_files_together(tmp_path: Path) -> None:
    limits = TextLimits(characters=10)
    for name in "abc":
        (tmp_path / name).write_bytes(b"\n" * 20)
    with pytest.raises(TextError) as refusal:
        read_texts([tmp_path], limits=limits)
    assert refusal.value.code == "file_too_large"


def test_statistics_name_the_rare_characters_first_the_rarest() -> None:
    stats = text_stats(["aaaaa", "bbbbbb", "ccd"])
    assert stats == (3, 14, 4, ("d", "c"), 6)
    assert text_stats([]) == (0, 0, 0, (), 0)
