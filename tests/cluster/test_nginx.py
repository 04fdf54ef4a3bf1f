"""The sample configuration of nginx, in front of two real servers that share a store."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from app.store import default_url
from bench.live import nginx
from bench.live.nginx import Nginx, running_nginx
from tests.support.client import PATIENCE, Visitor
from tests.support.server import RunningServer, running_server

pytestmark = pytest.mark.skipif(nginx.find_program() is None, reason=nginx.NOT_INSTALLED)

Servers = tuple[RunningServer, RunningServer]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("webs")
    environment = {
        "CHARNN_SECRET": "known to both of these servers, and to nobody else",
        "CHARNN_DATABASE_URL": default_url(folder),
        "CHARNN_TRUST_PROXY": "1",
    }
    with (
        running_server(folder / "1", environment=environment) as one,
        running_server(folder / "2", environment=environment) as two,
    ):
        yield one, two


@pytest.fixture(scope="module")
def front(servers: Servers) -> Iterator[Nginx]:
    with running_nginx([server.url for server in servers]) as front:
        yield front


def sessions_of(server: RunningServer) -> int:
    """How many sessions a server has in memory."""
    told = requests.get(f"{server.url}/metrics", timeout=PATIENCE).text
    lines = [line for line in told.splitlines() if line.startswith("charnn_sessions{")]
    return sum(int(float(line.split()[-1])) for line in lines)


def test_nginx_finds_no_mistake_in_it(front: Nginx) -> None:
    front.check()


def test_newcomers_are_spread_and_a_visitor_stays_with_one_server(
    front: Nginx, servers: Servers
) -> None:
    visitors = [Visitor(front.url) for _ in range(10)]
    for visitor in visitors:
        for transport in ("polling", "websocket"):  # polling takes many requests
            tab = visitor.open_tab(transport)
            tab.wait_for(lambda tab=tab: tab.newest("steps") is not None)
            assert tab.ask("set", {"temperature": 0.5}) == {"ok": True}
            tab.close()
    held = [sessions_of(server) for server in servers]
    assert sum(held) == len(visitors)  # nobody was at both
    assert min(held) > 0  # in one of 2 ** 9 runs of a fair coin it would not be
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
    front: Nginx, servers: Servers
) -> None:
    visitors = [Visitor(front.url) for _ in range(6)]
    for number, visitor in enumerate(visitors):
        tab = visitor.open_tab()
        assert tab.ask("learn", {"text": f"of visitor {number}"}) == {"ok": True}
        tab.wait_for(lambda tab=tab: tab.newest("saved_at"))
    servers[0].process.kill()
    servers[0].process.wait()
    for number, visitor in enumerate(visitors):
        assert visitor.get("/").ok
        assert visitor.open_tab().state["text"] == f"of visitor {number}"
    for visitor in visitors:
        visitor.leave()
