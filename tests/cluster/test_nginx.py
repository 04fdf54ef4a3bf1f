"""The sample configuration of nginx, in front of two real servers that share a store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from operator import gt

import pytest
import requests

from app.storage import default_url
from bench.harness import nginx
from bench.harness.nginx import Nginx, running_nginx
from bench.harness.server import LiveServer
from tests.support.client import Visitor
from tests.support.server import KEEP_UNWATCHED, running_server
from tests.support.waiting import PATIENCE

pytestmark = [
    pytest.mark.extended,
    pytest.mark.skipif(nginx.find_program() is None, reason=nginx.NOT_INSTALLED),
]

FEW, MANY = 4, 64
"""Visitors: one of two servers gets none of so many as often as a coin falls on one side."""


Webs = tuple[LiveServer, LiveServer]


@pytest.fixture(scope="module")
def webs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webs]:
    """Two servers that share a database and a secret, and keep unwatched sessions in memory."""
    folder = tmp_path_factory.mktemp("webs")
    environment = {
        "CHARNN_SECRET": "known to both of these servers, and to no other",
        "CHARNN_DATABASE_URL": default_url(folder),
        "CHARNN_TRUST_PROXY": "1",
    }
    with (
        running_server(folder / "1", *KEEP_UNWATCHED, environment=environment) as one,
        running_server(folder / "2", *KEEP_UNWATCHED, environment=environment) as two,
    ):
        yield one, two


@pytest.fixture(scope="module")
def front(webs: Webs) -> Iterator[Nginx]:
    with running_nginx([server.url for server in webs]) as front:
        yield front


def sessions_of(webs: Webs) -> list[int]:
    """The number of sessions that each server has in memory."""
    metrics = [requests.get(f"{web.url}/metrics", timeout=PATIENCE).text for web in webs]
    counts = (re.findall(r"^charnn_sessions\{.* (\S+)$", text, re.MULTILINE) for text in metrics)
    return [int(sum(map(float, count))) for count in counts]


def test_nginx_finds_no_mistake_in_it(front: Nginx) -> None:
    front.check()


def test_newcomers_are_spread_and_a_visitor_stays_with_one_server(front: Nginx, webs: Webs) -> None:
    visitors: list[Visitor] = []
    before = sessions_of(webs)
    while len(visitors) < FEW or not all(map(gt, sessions_of(webs), before)):
        assert len(visitors) < MANY, "one server is given nobody"
        visitor = Visitor(front.url)
        visitors.append(visitor)
        for transport in ("polling", "websocket"):  # polling takes many requests
            tab = visitor.open_tab(transport)
            tab.wait_for(lambda tab=tab: tab.newest("steps") is not None)
            assert tab.ask("set", {"temperature": 0.5}) == {"ok": True}
            tab.close()
    assert sum(sessions_of(webs)) - sum(before) == len(visitors)  # none was at both
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
    webs[0].kill()
    try:
        for number, visitor in enumerate(visitors):
            assert visitor.get("/").ok
            assert visitor.open_tab().state["text"] == f"of visitor {number}"
            visitor.leave()
    finally:
        webs[0].start()
