"""Vocabularies and sentences."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import (
    FormatError,
    Sentences,
    TextError,
    Vocabulary,
    adapt_sentences,
    format_chars,
    select_known,
    sentences_from_text,
)
from model.text import sentences as sentences_module
from model.text.characters import is_blank, look_alikes, quoted
from model.text.dataset import pack_sentences

HALVES_OF_A_SMILE = ("\ud83d", "\ude00")  # U+1F600 as a browser sees it
any_characters = st.characters(codec="utf-8")  # every one but halves of surrogate pairs
any_text = st.text(any_characters, min_size=1)
with_lone_halves = st.text(st.characters(), min_size=1)


@given(any_text)
def test_decoding_reverses_encoding(text: str) -> None:
    vocabulary = Vocabulary.from_sentences([text])
    indices = vocabulary.encode(text)
    assert vocabulary.decode(indices) == text
    assert indices.dtype == np.uint16
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


@given(st.text(st.characters() | st.sampled_from("\n\n \u200b\ufeff"), max_size=30))
def test_sentences_are_trimmed_and_not_empty(text: str) -> None:
    sentences = sentences_from_text(text)
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)
    assert not any(is_blank(sentence) or "\ufeff" in sentence for sentence in sentences)
    lines = re.split("[\r\n]", text.replace("\ufeff", ""))
    visible = "".join(line for line in lines if not is_blank(line))
    assert "".join("".join(sentences).split()) == "".join(visible.split())
    assert sentences_from_text("\n".join(sentences)) == sentences


@given(st.lists(any_text, min_size=1, max_size=6))
def test_packed_sentences_can_be_unpacked(sentences: list[str]) -> None:
    vocabulary = Vocabulary.from_sentences(sentences)
    letters, starts = pack_sentences(vocabulary, sentences)
    assert letters[0] == letters[-1] == 0
    for sentence, begin, end in zip(sentences, starts[:-1], starts[1:], strict=True):
        assert letters[begin] == letters[end] == 0  # START, and END among the targets
        assert vocabulary.decode(letters[begin + 1 : end]) == sentence


# ------------------------------------------------------------------ characters that cannot be seen


@pytest.mark.parametrize(
    "blank", ["\u200b", "\ufeff", " \u200b \u2060\t", "\u00ad", "\u200d\ufe0f"]
)
def test_a_line_of_invisible_characters_is_blank(blank: str) -> None:
    assert sentences_from_text(f"one\n{blank}\ntwo\n{blank}") == ["one", "two"]


def test_byte_order_marks_are_dropped_wherever_files_were_joined() -> None:
    text = "\ufeffone\n\ufefftwo\nthr\ufeffee"
    assert sentences_from_text(text) == ["one", "two", "three"]


def test_joiners_within_a_line_stay() -> None:
    """Emoji and some scripts need them."""
    family = "family 👨\u200d👩\u200d👧 ❤\ufe0f"
    assert sentences_from_text(family) == [family]


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("a", "'a'"),
        (" ", "' '"),
        ("’", "'’'"),
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\u00a0", "U+00A0 NO-BREAK SPACE"),
        ("\u0301", "U+0301 COMBINING ACUTE ACCENT"),
        ("\x1b", "U+001B control character"),
        ("\ue000", "U+E000 private-use character"),
        ("\ud83d", "U+D83D half of a surrogate pair"),
    ],
)
def test_a_character_that_cannot_be_seen_is_shown_by_name(char: str, name: str) -> None:
    assert quoted(char) == name


@given(st.characters())
def test_any_character_has_a_name_that_can_be_printed(char: str) -> None:
    shown = quoted(char)
    assert shown.isprintable()
    assert char not in look_alikes(char)
    shown.encode("utf-8")


# ------------------------------------------------------------------ unknown characters


@pytest.mark.parametrize(
    ("text", "unknown", "known"),
    [
        ("it's", "’", "'"),
        ("it’s", "'", "’"),
        ("a - b", "–", "-"),
        ("a b", "\u00a0", " "),
        ("cafe", "é", "e"),
        ("cafe\u0301", "é", "e\u0301"),
        ("end.", "…", "..."),
        ("the", "T", "t"),
        ("сон", "c", "с"),
    ],
)
def test_an_unknown_characters_look_alike_is_named(text: str, unknown: str, known: str) -> None:
    vocabulary = Vocabulary.from_sentences([text])
    assert vocabulary.look_alike(unknown) == known
    assert all(quoted(char) in vocabulary.format_unknown([unknown]) for char in known)
    assert vocabulary.look_alike("漢") is None


@pytest.mark.parametrize(("known", "written"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_text_is_read_in_the_normalisation_form_of_the_vocabulary(
    known: Literal["NFC", "NFD"], written: Literal["NFC", "NFD"]
) -> None:
    of_vocabulary, other = (unicodedata.normalize(form, "naïve café") for form in (known, written))
    vocabulary = Vocabulary.from_sentences([of_vocabulary])
    tokens = vocabulary.encode(other)
    assert vocabulary.decode(tokens) == of_vocabulary
    packed, _ = pack_sentences(vocabulary, [of_vocabulary, other])
    assert packed.tolist() == [0, *tokens, 0, *tokens, 0]


def test_a_vocabulary_with_both_forms_keeps_them_apart() -> None:
    both = "é e\u0301"
    vocabulary = Vocabulary.from_sentences([both])
    assert vocabulary.decode(vocabulary.encode(both)) == both


def test_unknown_characters_are_skipped_or_replaced_on_request() -> None:
    vocabulary = Vocabulary.from_sentences(["it's a cafe."])
    assert vocabulary.adapt("it’s 漢 café…", "skip") == "its  caf"
    assert vocabulary.adapt("it’s 漢 café…", "replace") == "it's  cafe..."
    assert vocabulary.adapt("it's") == "it's"
    with pytest.raises(TextError) as refusal:
        vocabulary.adapt("it’s")
    assert refusal.value.code == "unknown_characters"


def test_rare_characters_can_be_left_out_of_a_vocabulary_and_its_sentences() -> None:
    sentences = ["aaab", "abxa", "z", "bz~"]
    vocabulary = Vocabulary.from_sentences(sentences, min_count=2)
    assert vocabulary.chars == ("a", "b", "z")
    assert adapt_sentences(vocabulary, sentences, "skip") == ["aaab", "aba", "z", "bz"]
    frequent = Vocabulary.from_sentences(sentences, min_count=3)
    assert adapt_sentences(frequent, sentences, "skip") == ["aaab", "aba", "b"]
    with pytest.raises(TextError) as refusal:
        Vocabulary.from_sentences(sentences, min_count=10)
    assert refusal.value.code == "empty_vocabulary"


@given(st.lists(st.text("ae\u0301é", min_size=1, max_size=6), min_size=1, max_size=8))
def test_selected_sentences_can_be_packed_and_the_others_cannot(sentences: list[str]) -> None:
    vocabulary = Vocabulary(["a", "e", "é"])
    known, left_out, unknown = select_known(vocabulary, sentences)
    assert sorted([*known, *left_out]) == sorted(sentences)
    if known:
        pack_sentences(vocabulary, known)
    assert not any(map(vocabulary.can_encode, left_out))
    assert bool(unknown) == bool(left_out)
    assert not unknown.keys() & vocabulary.index.keys()


# ------------------------------------------------------------------ sentences as spans


@settings(max_examples=50)
@given(st.lists(st.text(max_size=5), max_size=20), st.integers(1, 7), st.data())
def test_sentences_behave_as_a_list_of_strings(
    strings: list[str], chunk: int, data: st.DataObject
) -> None:
    sentences = Sentences.of(strings)
    assert Sentences.of(sentences) is sentences
    assert (list(sentences), len(sentences)) == (strings, len(strings))
    assert sentences == strings
    assert sentences.lengths.tolist() == list(map(len, strings))
    first, last = data.draw(st.integers(-22, 22)), data.draw(st.integers(-22, 22))
    assert sentences[first:last] == strings[first:last]
    mask = np.array([len(string) > 2 for string in strings], dtype=np.bool_)
    assert sentences.take(mask) == [string for string in strings if len(string) > 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentences_module, "CHUNK", chunk)
        chunks = list(sentences.chunks())
        assert [each for part in chunks for each in part] == strings
        assert all(part.lengths.sum() < chunk + part.lengths.max() for part in chunks)
        assert list(sentences.count_chars()) == list(dict.fromkeys("".join(strings)))


@given(st.lists(with_lone_halves, min_size=1, max_size=6), st.integers(1, 7))
def test_packing_in_chunks_gives_the_tokens_of_each_sentence(
    sentences: list[str], chunk: int
) -> None:
    vocabulary = Vocabulary.from_sentences(sentences)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentences_module, "CHUNK", chunk)
        tokens, offsets = pack_sentences(vocabulary, sentences)
    for sentence, begin, end in zip(sentences, offsets[:-1], offsets[1:], strict=True):
        assert tokens[begin + 1 : end].tolist() == vocabulary.encode(sentence).tolist()
