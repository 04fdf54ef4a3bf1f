"""Unusual but well-formed packets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.protocol.limits import Limits
from tests.support.app_server import AppServer, Client, Tab, running_app

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
    """Pass a raw packet to the server, and return its acknowledgement."""
    tab.acks = None
    tab.socketio.server.eio.handlers["message"](tab.eio_sid, data[1:])
    answer, tab.acks = tab.acks, None
    return answer and answer["args"][0]


def test_irrelevant_packets_are_ignored(client: Client) -> None:
    tab = client.open_tab()
    state = tab.state
    for data in IGNORED:
        send(tab, data)
    tab.next_frame()
    assert tab.states == [state]
    assert send(tab, '428["set",{"temperature":2}]') == {"ok": True}


def test_reserved_event_names_are_unknown_events(client: Client) -> None:
    tab = client.open_tab()
    for number, name in enumerate(('"connect"', '"disconnect"', '"*"', "5", "[]"), start=50):
        assert send(tab, f"42{number}[{name},{{}}]")["code"] == "unknown_event"


def test_a_binary_payload_is_a_field_error(client: Client) -> None:
    answer = send(client.open_tab(), '451-7["learn",{"text":{"_placeholder":true,"num":0}}]')
    assert (answer["code"], answer["field"]) == ("not_text", "text")


def test_an_event_that_is_slow_to_parse_is_refused(client: Client) -> None:
    answer = send(client.open_tab(), f'427["learn",[{"{}," * 20_000}1]]')
    assert answer["code"] == "event_too_large"


def test_events_before_connect_are_ignored(client: Client) -> None:
    tab = client.open_tab()
    tab.close()
    for data in ('421["pause"]', '4599-["learn"]', "41", '4312["x"]'):
        assert send(tab, data) is None
    again = client.open_tab()
    again.wait_for_steps(more_than=again.newest("steps"))


@pytest.mark.parametrize("body", [b"x", b"42[]", b"4x"])
def test_a_malformed_polling_body_closes_its_socket(app_server: AppServer, body: bytes) -> None:
    http = app_server.new_client().http
    opening = http.get("/socket.io/?EIO=4&transport=polling")
    address = f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opening.text[1:])['sid']}"
    http.post(address, data=body)
    last = http.post(address, data=b"2")
    assert (last.status_code, last.get_json()["code"]) == (400, "no_socket")


def test_an_oversized_polling_body_closes_its_socket(tmp_path: Path) -> None:
    limits = Limits(text=1)
    with running_app(tmp_path, limits=limits) as app_server:
        http = app_server.new_client().http
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
def test_malformed_engineio_requests_are_rejected(app_server: AppServer, query: str) -> None:
    http = app_server.new_client().http
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        answer = http.open(f"/socket.io/?{query}", method=method, data=b"x")
        assert 400 <= answer.status_code < 500
