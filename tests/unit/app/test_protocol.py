"""The wire as it is declared: what is read, what is refused, and what is written from it."""

from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import protocol
from app.errors import MESSAGES, UserError
from app.protocol import CLIENT_EVENTS, read_event
from app.protocol.limits import Limits
from app.protocol.requests import Complete, Learn, Load, SetParameters
from app.sessions.session import Session
from app.web.service import SessionService
from model import TextLimits
from tools import generate_protocol as protocol_export

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


def refusal(event: str, *arguments: object, limits: Limits = protocol.DEFAULT_LIMITS) -> UserError:
    """Why an event is refused."""
    with pytest.raises(UserError) as caught:
        read_event(event, arguments, limits)
    return caught.value


@given(
    event=st.sampled_from([*CLIENT_EVENTS, "connect", "", "__class__"]),
    arguments=st.lists(anything | st.dictionaries(fields, anything), max_size=2),
)
def test_any_event_is_read_or_refused(event: str, arguments: list[object]) -> None:
    with contextlib.suppress(UserError):
        read_event(event, tuple(arguments))


def test_every_request_has_a_handler() -> None:
    requests = {event.request for event in CLIENT_EVENTS.values()}
    assert requests <= Session._HANDLERS.keys() | SessionService._HANDLERS.keys()


@given(arguments=st.lists(anything, min_size=1, max_size=2))
def test_every_refusal_has_a_code_and_can_be_sent(arguments: list[object]) -> None:
    refused = refusal("learn", *arguments)
    assert refused.code in MESSAGES
    assert json.loads(json.dumps(refused.answer, allow_nan=False)) == refused.answer
    assert len(refused.message.encode()) < 1000  # it repeats no more of an entry than is read


@given(st.floats(min_value=1e-12, max_value=1.0))
def test_a_learning_rate_is_read_as_a_number_or_as_typed(rate: float) -> None:
    for entry in (rate, repr(rate), f"  {rate!r} "):
        change = read_event("set", ({"learning_rate": entry},))
        assert isinstance(change, SetParameters)
        assert change.learning_rate == rate


@given(st.floats().filter(lambda number: not 0 < number <= 1))
def test_any_other_learning_rate_is_refused_at_its_field(rate: float) -> None:
    for entry in (rate, repr(rate)):
        assert refusal("set", {"learning_rate": entry}).field == "learning_rate"


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_hidden_sizes_are_read_as_a_list_or_as_typed(sizes: list[int]) -> None:
    typed = ", ".join(map(str, sizes))
    for entry in (sizes, typed, f"[{typed}]", typed.replace(" ", "")):
        learn = read_event("learn", ({"text": "a", "options": {"hidden_sizes": entry}},))
        assert isinstance(learn, Learn)
        assert learn.options.hidden_sizes == tuple(sizes)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("20,,", "empty_entry"),
        (",20", "empty_entry"),
        ("", "nothing_entered"),
        ([], "nothing_entered"),
        ("0", "too_small"),
        ("20, 0", "too_small"),
        ("1001", "too_large"),
        ("abc", "not_a_number"),
        ("20 20", "not_a_number"),
        ([1.5], "not_whole"),
        ([True], "not_a_number"),
        ([[20]], "not_a_number"),
        ({"a": 1}, "not_a_number"),
        (None, "not_a_number"),
        ("9" * 400, "too_large"),
        ("1,2,3,4,5,6,7,8,9", "too_many_entries"),
    ],
)
def test_hidden_sizes_that_cannot_be_used_are_refused_at_their_field(
    entry: object, code: str
) -> None:
    refused = refusal("learn", {"text": "a", "options": {"hidden_sizes": entry}})
    assert (refused.code, refused.field) == (code, "hidden_sizes")
    assert "20, 20" in refused.message  # an example of what can be used


@pytest.mark.parametrize(
    ("event", "payload", "code", "field"),
    [
        ("nonsense", {}, "unknown_event", None),
        ("state", {}, "unknown_event", None),
        ("pause", "now", "malformed_event", None),
        ("set", ["learning_rate"], "malformed_event", None),
        ("learn", {}, "missing_field", "text"),
        ("learn", {"text": 7}, "not_text", "text"),
        ("learn", {"text": ""}, "no_sentences", "text"),
        ("learn", {"text": " \n\t\n"}, "no_sentences", "text"),
        ("learn", {"text": "a", "options": 7}, "not_an_object", "options"),
        ("learn", {"text": "a", "options": {"learning_rate": "-1"}}, "too_small", "learning_rate"),
        ("learn", {"text": "a", "options": {"kind": "transformer"}}, "unknown_choice", "kind"),
        ("learn", {"text": "a", "options": {"letter_size": 2.5}}, "not_whole", "letter_size"),
        ("load", {}, "missing_field", "json"),
        ("load", {"json": "{}", "path": "/"}, "unknown_field", None),
        ("set", {"rate": 1}, "unknown_field", None),
        ("complete", {"prime": ""}, "prime_empty", "prime"),
        ("complete", {"prime": "a" * 1001}, "prime_too_long", "prime"),
        ("share", {"id": "A" * 22}, "unknown_field", None),
        ("withdraw", {}, "missing_field", "id"),
        ("withdraw", {"id": None}, "not_text", "id"),
        ("open_shared", {"id": ["a"]}, "not_text", "id"),
        ("open_shared", {"id": "x" * 100_000}, "no_such_copy", "id"),
        ("open_shared", {"id": "A" * 22, "session": "ann"}, "unknown_field", None),
    ],
)
def test_what_no_page_sends_is_refused_with_the_reason_and_the_field(
    event: str, payload: object, code: str, field: str | None
) -> None:
    refused = refusal(event, payload)
    assert (refused.code, refused.field) == (code, field)


@pytest.mark.parametrize(
    "entry", ["nan", "inf", "-inf", "1e999", "0x1", "1_0", "0,1", "١", "", " "]
)
def test_what_only_a_computer_calls_a_number_is_refused(entry: str) -> None:
    assert refusal("set", {"temperature": entry}).field == "temperature"


def test_texts_and_lines_beyond_the_limits_are_refused_with_the_limit() -> None:
    line = "a" * (TextLimits().line + 1)
    refused = refusal("learn", {"text": line})
    assert (refused.code, refused.field) == ("line_too_long", "text")
    assert f"{TextLimits().line:,}" in refused.message
    limits = Limits(text=1000)
    assert read_event("learn", ({"text": "abcdefghi\n" * 100},), limits)
    refused = refusal("learn", {"text": "abcdefghi\n" * 101}, limits=limits)
    assert (refused.code, refused.field) == ("text_too_long", "text")
    assert "1,010" in refused.message
    assert "1,000" in refused.message


def test_a_refusal_of_an_unknown_field_names_the_known_ones() -> None:
    assert "learning_rate, temperature" in refusal("set", {"rate": 1}).message


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
    assert written == protocol_export.typescript(), "run `python -m tools.generate_protocol`"


def test_the_documentation_is_of_this_protocol() -> None:
    written = protocol_export.DOCS_FILE.read_text(encoding="utf-8")
    assert written == protocol_export.documentation(), "run `python -m tools.generate_protocol`"


def test_every_field_is_documented() -> None:
    for message in protocol_export.messages():
        undocumented = [
            field.name
            for field in protocol_export.declared_fields(message)
            if not field.description and field.name != "ok"
        ]
        assert not undocumented, message.__name__
