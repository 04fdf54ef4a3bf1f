"""Odd packets that are well-formed change nothing, and are answered where they ask for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.protocol.limits import Limits
from tests.support.site import Site, Tab, Visitor, open_site

IGNORED = [
    "40",
    "40/admin,",
    '42/admin,["pause"]',
    "41/admin,",
    '4399999["x"]',
    "431[]",
    '42["disconnect"]',
    '42["connect"]',
    '42["*"]',
    "42[[]]",
    "42[null,1]",
    '42[{"a":1},1]',
    '4599999-["learn",{"_placeholder":true,"num":7}]',
    '461-1[{"_placeholder":true,"num":0}]',
]


def send(tab: Tab, data: str) -> Any:
    """Have the server take a packet as it came, and return what it acknowledges with."""
    tab.acks = None
    tab.socketio.server.eio.handlers["message"](tab.eio_sid, data[1:])
    answer, tab.acks = tab.acks, None
    return answer and answer["args"][0]


def test_packets_that_mean_nothing_here_change_nothing(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    state = tab.state
    for data in IGNORED:
        send(tab, data)
    tab.next_frame()
    assert tab.states == [state]
    assert send(tab, '428["set",{"temperature":2}]') == {"ok": True}


def test_names_of_events_that_the_library_keeps_are_unknown(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    for number, name in enumerate(('"connect"', '"disconnect"', '"*"', "5", "[]"), start=50):
        assert send(tab, f"42{number}[{name},{{}}]")["code"] == "unknown_event"


def test_an_event_with_something_binary_is_refused_at_its_field(visitor: Visitor) -> None:
    answer = send(visitor.open_tab(), '451-7["learn",{"text":{"_placeholder":true,"num":0}}]')
    assert (answer["code"], answer["field"]) == ("not_text", "text")


def test_a_socket_that_is_not_connected_is_not_listened_to(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.close()
    for data in ('421["pause"]', '4599-["learn"]', "41", '4312["x"]'):
        assert send(tab, data) is None
    again = visitor.open_tab()
    again.wait_for_steps(more_than=again.newest("steps"))


@pytest.mark.parametrize("body", [b"x", b"42[]", b"4x"])
def test_a_malformed_polling_body_ends_its_socket(site: Site, body: bytes) -> None:
    http = site.visitor().http
    opening = http.get("/socket.io/?EIO=4&transport=polling")
    address = f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opening.text[1:])['sid']}"
    http.post(address, data=body)
    last = http.post(address, data=b"2")
    assert (last.status_code, last.get_json()["code"]) == (400, "no_socket")


def test_a_polled_message_that_is_too_long_ends_its_socket(tmp_path: Path) -> None:
    limits = Limits(text=1)
    with open_site(tmp_path, limits=limits) as site:
        http = site.visitor().http
        opening = http.get("/socket.io/?EIO=4&transport=polling")
        address = f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opening.text[1:])['sid']}"
        answer = http.post(address, data=b"4" * (limits.message + 1))
        assert (answer.status_code, answer.get_json()["code"]) == (413, "packet_too_large")
        assert http.post(address, data=b"2").get_json()["code"] == "no_socket"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "EIO=3&transport=polling",
        "EIO=4&transport=carrier-pigeon",
        "EIO=4&transport=polling&sid=made-up",
        "EIO=4&transport=polling&j=0",
        "EIO=4&transport=polling&sid=%FF%00",
    ],
)
def test_a_malformed_request_for_a_socket_is_refused(site: Site, query: str) -> None:
    http = site.visitor().http
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        answer = http.open(f"/socket.io/?{query}", method=method, data=b"x")
        assert 400 <= answer.status_code < 500
