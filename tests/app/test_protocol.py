"""The wire as it is declared: what is read, what is refused, and what is written from it."""

from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import protocol, protocol_export
from app.protocol import CLIENT_EVENTS, Change, Complete, Learn, Load, read_event
from app.errors import UserError

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        "text",
        "options",
        "json",
        "name",
        "learning_rate",
        "temperature",
        "hidden_sizes",
        "prime",
        "method",
        "top_k",
        "width",
        "x",
    ]
)


@given(
    event=st.sampled_from([*CLIENT_EVENTS, "connect", "", "__class__"]),
    arguments=st.lists(anything | st.dictionaries(fields, anything), max_size=2),
)
def test_any_event_is_read_or_refused(event: str, arguments: list[object]) -> None:
    with contextlib.suppress(UserError):
        read_event(event, tuple(arguments))


@given(arguments=st.lists(anything, min_size=1, max_size=2))
def test_every_refusal_is_a_sentence(arguments: list[object]) -> None:
    with pytest.raises(UserError) as refused:
        read_event("learn", tuple(arguments))
    assert len(refused.value.message) > 10
    assert refused.value.message.endswith(".")


@given(st.floats(min_value=1e-12, max_value=1.0))
def test_a_learning_rate_is_read_as_a_number_or_as_typed(rate: float) -> None:
    for entry in (rate, repr(rate), f"  {rate!r} "):
        change = read_event("set", ({"learning_rate": entry},))
        assert isinstance(change, Change)
        assert change.learning_rate == rate


@given(st.floats().filter(lambda number: not 0 < number <= 1))
def test_any_other_learning_rate_is_refused_at_its_field(rate: float) -> None:
    for entry in (rate, repr(rate)):
        with pytest.raises(UserError) as refused:
            read_event("set", ({"learning_rate": entry},))
        assert refused.value.field == "learning_rate"


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_hidden_sizes_are_read_as_a_list_or_as_typed(sizes: list[int]) -> None:
    typed = ", ".join(map(str, sizes))
    for entry in (sizes, typed, f"[{typed}]", typed.replace(" ", "")):
        learn = read_event("learn", ({"text": "a", "options": {"hidden_sizes": entry}},))
        assert isinstance(learn, Learn)
        assert learn.options.hidden_sizes == tuple(sizes)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("20,,", "empty entry"),
        (",20", "empty entry"),
        ("", "nothing was entered"),
        ([], "nothing was entered"),
        ("0", "too small"),
        ("20, 0", '"0" is too small'),
        ("1001", "too large"),
        ("abc", "not a number"),
        ("20 20", "not a number"),
        ([1.5], "not a whole number"),
        ([True], "not a number"),
        ([[20]], "not a number"),
        ({"a": 1}, "not a number"),
        (None, "not a number"),
        ("9" * 400, "too large"),
        ("1,2,3,4,5,6,7,8,9", "9 entries"),
    ],
)
def test_hidden_sizes_that_cannot_be_used_say_why_and_what_to_write(
    entry: object, reason: str
) -> None:
    with pytest.raises(UserError) as refused:
        read_event("learn", ({"text": "a", "options": {"hidden_sizes": entry}},))
    assert refused.value.field == "hidden_sizes"
    assert reason in refused.value.message
    assert "like 20, 20" in refused.value.message
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    "entry", ["nan", "inf", "-inf", "1e999", "0x1", "1_0", "0,1", "١", "", " "]
)
def test_what_only_a_computer_calls_a_number_is_refused(entry: str) -> None:
    with pytest.raises(UserError):
        read_event("set", ({"temperature": entry},))


def test_texts_and_lines_beyond_the_limits_are_refused_with_the_limit() -> None:
    line = "a" * (protocol.MAX_LINE + 1)
    with pytest.raises(UserError, match="10,000"):
        read_event("learn", ({"text": line},))
    short = "a" * 99 + "\n"
    with pytest.raises(UserError, match="2,000,000"):
        read_event("learn", ({"text": short * 20_001},))
    assert read_event("learn", ({"text": short * 20_000},))


def test_a_field_that_is_not_declared_is_refused_and_the_declared_ones_are_named() -> None:
    with pytest.raises(UserError, match="json"):
        read_event("load", ({"json": "{}", "path": "/"},))
    with pytest.raises(UserError, match="learning_rate, temperature"):
        read_event("set", ({"rate": 1},))


@pytest.mark.parametrize("entry", ["", " ", "auto", None])
def test_no_top_k_and_no_top_p_are_read_in_every_way_of_leaving_them_out(entry: object) -> None:
    question = {"prime": "a", "method": "sample"}
    complete = read_event("complete", ({**question, "top_k": entry, "top_p": entry},))
    assert isinstance(complete, Complete)
    assert (complete.top_k, complete.top_p) == (None, None)
    assert complete == read_event("complete", (question,))


def test_an_event_without_fields_needs_no_object() -> None:
    assert read_event("pause", ()) == read_event("pause", ({},))


def test_a_model_is_taken_as_it_is() -> None:
    saved = json.dumps({"x": math.nan})
    load = read_event("load", ({"json": saved},))
    assert isinstance(load, Load)
    assert load.json_text == saved


def test_the_page_has_the_types_of_this_protocol() -> None:
    written = protocol_export.TYPES_FILE.read_text(encoding="utf-8")
    assert written == protocol_export.typescript(), "run `python -m app.protocol_export`"


def test_the_documentation_is_of_this_protocol() -> None:
    written = protocol_export.DOCS_FILE.read_text(encoding="utf-8")
    assert written == protocol_export.documentation(), "run `python -m app.protocol_export`"


def test_every_field_is_documented() -> None:
    for message in protocol_export.messages():
        undocumented = [
            field.name
            for field in protocol_export.declared_fields(message)
            if not field.description and field.name != "ok"
        ]
        assert not undocumented, message.__name__
