"""What is sent with bad intent is refused, and changes nothing for anybody else."""

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
from tests.support.site import open_site

MANY = Limits(events_per_second=1_000_000)
"""So that what is bad is looked at, and not only that there is too much of it."""
SOME = 9
"""Every ninth of them: the nasty values come in rounds of 28, and so each has its turn."""


def test_bad_events_bodies_and_cookies_do_no_harm_to_another_session(tmp_path: Path) -> None:
    with open_site(tmp_path, limits=MANY) as site:
        bystander = site.visitor().open_tab()
        bystander.ask("learn", {"text": "let me be\nplease"})
        bystander.wait_for_steps()
        states = len(bystander.states)
        visitor, stranger = site.visitor(), site.app.test_client()
        page = visitor.open_tab()
        statuses, answers = [], []
        for case in cases(1400)[::SOME]:
            match case.kind:
                case "event":
                    with suppress(MalformedPacketError):  # for which a socket is closed
                        answers.append(page.ask(case.name, *case.value))
                case "body":
                    statuses.append(visitor.put("/api/model.json", case.value).status_code)
                case "cookie" if case.value.isprintable():
                    headers = {"Cookie": f"{COOKIE}={case.value}"}
                    answer = stranger.get("/api/history.csv", headers=headers)
                    statuses.append(answer.status_code)
        assert all(answer["ok"] or answer["code"] for answer in answers)
        assert not [status for status in statuses if status >= 500]
        bystander.wait_for_steps(bystander.newest("steps"))
        assert bystander.state["text"] == "let me be\nplease"
        assert len(bystander.states) == states  # another would tell of another network


@pytest.mark.extended
def test_a_server_that_is_abused_logs_no_error_and_serves_everybody_else(tmp_path: Path) -> None:
    with LiveServer(tmp_path, *ABUSED_SESSIONS) as server:
        told = asyncio.run(bystander_during(server, cases(300)))
        assert told.as_before
        assert told.warnings == []
        assert [status for status in told.statuses if status >= 500 and status != 503] == []
