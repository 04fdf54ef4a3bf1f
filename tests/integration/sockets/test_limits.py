"""Limits per client: errors name the limit, and other clients are not affected."""

from __future__ import annotations

import time
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.protocol.limits import Limits
from app.web.sockets import connection_limits as admission
from tests.support.app_server import AppServer, ConnectionRefused, running_app

LIMITS = Limits(text=1000, pages_per_session=2, events_per_second=5)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """A server with low limits."""
    with running_app(tmp_path_factory.mktemp("strict"), limits=LIMITS) as app_server:
        yield app_server


def test_text_over_the_limit_is_a_field_error(strict: AppServer) -> None:
    tab = strict.new_client().open_tab()
    answer = tab.ask("learn", {"text": "abcdefghi\n" * 101})
    assert (answer["code"], answer["field"]) == ("text_too_long", "text")
    assert tab.ask("learn", {"text": "abcdefghi\n" * 100})["ok"]
    tab.close()


def test_pages_per_session_limit(strict: AppServer) -> None:
    client = strict.new_client()
    one, other = client.open_tab(), client.open_tab()
    with pytest.raises(ConnectionRefused) as refused:
        client.open_tab()
    assert refused.value.data == {"code": "pages_per_session", "limit": "pages_per_session"}
    other.next_frame()
    one.close()
    client.open_tab().next_frame()
    client.leave()


def test_sessions_per_address_limit(tmp_path: Path) -> None:
    limits = Limits(sessions_per_address=2)
    with running_app(tmp_path, limits=limits, unwatched_minutes=10) as app_server:
        clients = [app_server.new_client() for _ in range(2)]
        for client in clients:
            client.open_tab()
        with pytest.raises(ConnectionRefused) as refused:
            app_server.new_client().open_tab()
        code = "sessions_per_address"
        assert refused.value.data == {"code": code, "limit": code}
        clients[0].open_tab().next_frame()  # an existing session may open another page


def test_a_full_server_refuses_sessions(
    tmp_path: Path,
) -> None:
    with running_app(tmp_path, limits=Limits(sessions=1), unwatched_minutes=10) as app_server:
        app_server.new_client().open_tab().wait_for_steps()
        with pytest.raises(ConnectionRefused) as refused:
            app_server.new_client().open_tab()
        assert refused.value.data == {"code": "server_full"}


def test_events_per_second_limit_applies_per_page(
    strict: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(admission, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    client = strict.new_client()
    flooding, other = client.open_tab(), client.open_tab()
    answers = [flooding.ask("set", {"temperature": 2}) for _ in range(12)]
    assert [answer["ok"] for answer in answers] == [True] * 10 + [False] * 2
    assert (answers[-1]["code"], answers[-1]["field"]) == ("events_per_second", None)
    assert other.ask("set", {"temperature": 3}) == {"ok": True}
    now[0] += 1.0
    answers = [flooding.ask("set", {"temperature": 2}) for _ in range(6)]
    assert [answer["ok"] for answer in answers] == [True] * 5 + [False]
    client.leave()
