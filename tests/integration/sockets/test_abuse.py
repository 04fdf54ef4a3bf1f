"""Hostile input does not affect other sessions."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from app.protocol.limits import Limits
from app.web.middleware.socketio_packets import MalformedPacketError
from app.web.session_cookie import COOKIE
from bench.harness.fuzz import cases
from bench.harness.server import LiveServer
from bench.load.chaos import ABUSED_SESSIONS, bystander_during
from tests.support.app_server import running_app

MANY = Limits(events_per_second=1_000_000)
"""High enough that the input itself is checked, not its rate."""
SOME = 9
"""Every ninth case: 9 and the 28 hostile values have no common factor, so each value occurs."""


def test_hostile_input_does_not_affect_another_session(tmp_path: Path) -> None:
    with running_app(tmp_path, limits=MANY) as app_server:
        bystander = app_server.new_client().open_tab()
        bystander.ask("learn", {"text": "let me be\nplease"})
        bystander.wait_for_steps()
        states = len(bystander.states)
        client, stranger = app_server.new_client(), app_server.app.test_client()
        page = client.open_tab()
        statuses, answers = [], []
        for case in cases(1400)[::SOME]:
            match case.kind:
                case "event":
                    with suppress(MalformedPacketError):  # for which a socket is closed
                        answers.append(page.ask(case.name, *case.value))
                case "body":
                    statuses.append(client.put("/api/model.json", case.value).status_code)
                case "cookie" if case.value.isprintable():
                    headers = {"Cookie": f"{COOKIE}={case.value}"}
                    answer = stranger.get("/api/history.csv", headers=headers)
                    statuses.append(answer.status_code)
        assert all(answer["ok"] or answer["code"] for answer in answers)
        assert not [status for status in statuses if status >= 500]
        bystander.wait_for_steps(bystander.newest("steps"))
        assert bystander.state["text"]["beginning"] == "let me be\nplease"
        assert len(bystander.states) == states  # another would tell of another network


@pytest.mark.extended
def test_hostile_input_to_a_real_server_logs_no_error(tmp_path: Path) -> None:
    with LiveServer(tmp_path, *ABUSED_SESSIONS) as server:
        result = asyncio.run(bystander_during(server, cases(300)))
        assert result.as_before
        assert result.warnings == []
        assert [status for status in result.statuses if status >= 500 and status != 503] == []
