"""The sample configuration of nginx, in front of two real servers that share a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from operator import gt
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from app.storage import default_url
from bench.harness import nginx
from bench.harness.nginx import Nginx, running_nginx
from tests.support.client import PATIENCE, Visitor
from tests.support.server import RunningServer, running_server

pytestmark = [
    pytest.mark.extended,
    pytest.mark.skipif(nginx.find_program() is None, reason=nginx.NOT_INSTALLED),
]

FEW, MANY = 4, 64
"""Visitors: one of two servers gets none of so many as often as a coin falls on one side."""


class Webs:
    """Two servers that share a store and a secret; one that was killed can be started again."""

    def __init__(self, folder: Path, until_the_end: ExitStack) -> None:
        self.servers: dict[int, RunningServer] = {}
        self._folder = folder
        self._until_the_end = until_the_end
        self._environment = {
            "CHARNN_SECRET": "known to both of these servers, and to no other",
            "CHARNN_DATABASE_URL": default_url(folder),
            "CHARNN_TRUST_PROXY": "1",
        }
        for number in (1, 2):
            self.start(number)

    def start(self, number: int, port: int = 0) -> None:
        """Start one, where sessions stay in memory that no page watches."""
        folder = self._folder / str(number)
        server = running_server(folder, port=port, options=(), environment=self._environment)
        self.servers[number] = self._until_the_end.enter_context(server)

    def kill(self, number: int) -> None:
        """End one as the machine's power would."""
        self.servers[number].process.kill()
        self.servers[number].process.wait()

    def sessions(self) -> list[int]:
        """How many sessions each has in memory."""
        return [sessions_of(server) for server in self.servers.values()]


@pytest.fixture(scope="module")
def webs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webs]:
    with ExitStack() as until_the_end:
        yield Webs(tmp_path_factory.mktemp("webs"), until_the_end)


@pytest.fixture(scope="module")
def front(webs: Webs) -> Iterator[Nginx]:
    with running_nginx([server.url for server in webs.servers.values()]) as front:
        yield front


def sessions_of(server: RunningServer) -> int:
    """How many sessions a server has in memory."""
    told = requests.get(f"{server.url}/metrics", timeout=PATIENCE).text
    lines = [line for line in told.splitlines() if line.startswith("charnn_sessions{")]
    return sum(int(float(line.split()[-1])) for line in lines)


def test_nginx_finds_no_mistake_in_it(front: Nginx) -> None:
    front.check()


def test_newcomers_are_spread_and_a_visitor_stays_with_one_server(front: Nginx, webs: Webs) -> None:
    visitors: list[Visitor] = []
    before = webs.sessions()
    while len(visitors) < FEW or not all(map(gt, webs.sessions(), before)):
        assert len(visitors) < MANY, "one server is given nobody"
        visitor = Visitor(front.url)
        visitors.append(visitor)
        for transport in ("polling", "websocket"):  # polling takes many requests
            tab = visitor.open_tab(transport)
            tab.wait_for(lambda tab=tab: tab.newest("steps") is not None)
            assert tab.ask("set", {"temperature": 0.5}) == {"ok": True}
            tab.close()
    assert sum(webs.sessions()) - sum(before) == len(visitors)  # none was at both
    for visitor in visitors:
        visitor.leave()


def test_the_page_s_origin_and_address_come_through(front: Nginx) -> None:
    visitor = Visitor(front.url)
    there = {"Origin": front.url, "Sec-Fetch-Site": "same-origin"}
    polling = f"{front.url}/socket.io/?EIO=4&transport=polling"
    assert visitor.http.get(polling, headers=there, timeout=PATIENCE).status_code == 200
    elsewhere = {"Origin": "http://elsewhere.example"}
    assert visitor.http.get(polling, headers=elsewhere, timeout=PATIENCE).status_code == 403


def test_a_model_goes_up_and_down(front: Nginx) -> None:
    visitor = Visitor(front.url)
    tab = visitor.open_tab()
    assert tab.ask("pause") == {"ok": True}
    saved = visitor.get("/api/model.json")
    assert saved.ok
    assert json.loads(saved.content)["hidden_sizes"] == [20, 20]
    assert visitor.put("/api/model.json", saved.content).ok
    visitor.leave()


def test_when_a_server_is_killed_its_visitors_are_served_by_the_other(
    front: Nginx, webs: Webs
) -> None:
    visitors = [Visitor(front.url) for _ in range(6)]
    for number, visitor in enumerate(visitors):
        tab = visitor.open_tab()
        assert tab.ask("learn", {"text": f"of visitor {number}"}) == {"ok": True}
        tab.wait_for(lambda tab=tab: tab.newest("saved_at"))
    webs.kill(1)
    try:
        for number, visitor in enumerate(visitors):
            assert visitor.get("/").ok
            assert visitor.open_tab().state["text"] == f"of visitor {number}"
            visitor.leave()
    finally:
        webs.start(1, port=urlsplit(webs.servers[1].url).port or 0)
