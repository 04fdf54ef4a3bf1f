"""Vocabularies and sentences."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import FormatError, TextError, Vocabulary, format_chars, sentences_from_text
from model.dataset import pack_sentences

HALVES_OF_A_SMILE = ("\ud83d", "\ude00")  # U+1F600 as a browser sees it
any_characters = st.characters(codec="utf-8")  # every one but halves of surrogate pairs
any_text = st.text(any_characters, min_size=1)
with_lone_halves = st.text(st.characters(), min_size=1)


@given(any_text)
def test_decoding_reverses_encoding(text: str) -> None:
    vocabulary = Vocabulary.from_sentences([text])
    indices = vocabulary.encode(text)
    assert vocabulary.decode(indices) == text
    assert indices.dtype == np.int32
    assert indices.min() >= 1
    assert indices.max() == len(vocabulary) - 1 == len(set(text))


@given(with_lone_halves)
def test_any_text_has_a_vocabulary_even_with_lone_surrogates(text: str) -> None:
    vocabulary = Vocabulary.from_sentences([text])
    assert vocabulary.can_encode(text)
    read_back = vocabulary.decode(vocabulary.encode(text))
    assert read_back == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@given(st.lists(any_text, min_size=1, max_size=5))
def test_characters_are_numbered_from_one_in_order_of_appearance(sentences: list[str]) -> None:
    vocabulary = Vocabulary.from_sentences(sentences)
    assert list(vocabulary.chars) == list(dict.fromkeys("".join(sentences)))
    assert vocabulary.index == {c: i for i, c in enumerate(vocabulary.chars, start=1)}
    assert len(vocabulary) == len(vocabulary.chars) + 1


def test_a_browsers_vocabulary_has_utf16_units_as_tokens() -> None:
    vocabulary = Vocabulary(["a", *HALVES_OF_A_SMILE])
    assert vocabulary.encode("a😀").tolist() == [1, 2, 3]
    assert vocabulary.decode([1, 2, 3]) == "a😀"
    assert vocabulary.tokenize("😀") == list(HALVES_OF_A_SMILE)


def test_a_lone_surrogate_is_decoded_as_a_replacement_character() -> None:
    vocabulary = Vocabulary(["a", *HALVES_OF_A_SMILE])
    written = vocabulary.decode([2, 1])
    assert written == "\ufffda"
    written.encode("utf-8")  # so that any page or file can hold it


def test_unknown_characters_are_named_once_each_in_order_of_appearance() -> None:
    vocabulary = Vocabulary.from_sentences(["abc"])
    assert vocabulary.unknown("xaybxz") == ["x", "y", "z"]
    assert not vocabulary.can_encode("ax")
    assert vocabulary.can_encode("cab")
    with pytest.raises(TextError, match="'x', 'y', 'z'") as caught:
        vocabulary.encode("xaybxz")
    assert (caught.value.code, caught.value.field) == ("unknown_characters", "text")


def test_many_unknown_characters_are_counted_instead_of_listed() -> None:
    assert "'x'" in format_chars(["x"])
    named = format_chars([chr(ord("a") + n) for n in range(13)])
    assert "'j'" in named
    assert "'k'" not in named
    assert re.findall(r"\d+", named) == ["3"]


@pytest.mark.parametrize("sentences", [[], [""], ["", ""]])
def test_an_empty_vocabulary_is_refused_by_field(sentences: list[str]) -> None:
    with pytest.raises(TextError) as caught:
        Vocabulary.from_sentences(sentences)
    assert (caught.value.code, caught.value.field) == ("empty_vocabulary", "text")


@pytest.mark.parametrize(
    ("letters", "code"),
    [
        (["a", "a"], "duplicate_character"),
        (["ab"], "vocabulary_entry_not_a_character"),
        (["a", ""], "vocabulary_entry_not_a_character"),
    ],
)
def test_entries_must_be_distinct_single_characters(letters: list[str], code: str) -> None:
    with pytest.raises(FormatError) as caught:
        Vocabulary(letters)
    assert (caught.value.code, caught.value.field) == (code, "json")


def test_vocabularies_with_equal_numbering_are_equal() -> None:
    assert Vocabulary(["a", "b"]) == Vocabulary.from_sentences(["aab"])
    assert hash(Vocabulary(["a", "b"])) == hash(Vocabulary(("a", "b")))
    assert Vocabulary(["a", "b"]) != Vocabulary(["b", "a"])
    assert Vocabulary(["a"]) != ("a",)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_texts_are_split_at_all_kinds_of_newlines(newline: str) -> None:
    text = newline.join(["  one two ", "", "\t \u3000", "three\t", ""])
    assert sentences_from_text(text) == ["one two", "three"]


@given(st.text())
def test_sentences_are_trimmed_and_not_empty(text: str) -> None:
    sentences = sentences_from_text(text)
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert sentences_from_text("\n".join(sentences)) == sentences


@given(st.lists(any_text, min_size=1, max_size=6))
def test_packed_sentences_can_be_unpacked(sentences: list[str]) -> None:
    vocabulary = Vocabulary.from_sentences(sentences)
    letters, starts = pack_sentences(vocabulary, sentences)
    assert letters[0] == letters[-1] == 0
    for sentence, begin, end in zip(sentences, starts[:-1], starts[1:], strict=True):
        assert letters[begin] == letters[end] == 0  # START, and END among the targets
        assert vocabulary.decode(letters[begin + 1 : end]) == sentence
