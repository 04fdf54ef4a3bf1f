"""The sample configuration of nginx, in front of two servers that share a database."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from operator import gt
from pathlib import Path

import pytest
import requests

from app.storage import default_url
from bench.harness import nginx
from bench.harness.nginx import Nginx, running_nginx
from bench.harness.server import LiveServer, running_together
from tests.support.client import Client
from tests.support.server import KEEP_UNWATCHED, running_server
from tests.support.waiting import PATIENCE

pytestmark = [
    pytest.mark.extended,
    pytest.mark.skipif(nginx.find_program() is None, reason=nginx.NOT_INSTALLED),
]

FEW, MANY = 4, 64
"""Minimum and maximum number of clients until each of two servers has at least one."""


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
    with running_together(
        running_server(folder / "1", *KEEP_UNWATCHED, environment=environment),
        running_server(folder / "2", *KEEP_UNWATCHED, environment=environment),
    ) as (one, two):
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


def test_nginx_accepts_the_configuration(front: Nginx) -> None:
    front.check()


def test_clients_are_spread_and_stay_with_one_server(front: Nginx, webs: Webs) -> None:
    clients: list[Client] = []
    before = sessions_of(webs)
    while len(clients) < FEW or not all(map(gt, sessions_of(webs), before)):
        assert len(clients) < MANY, "one server has no client"
        client = Client(front.url)
        clients.append(client)
        for transport in ("polling", "websocket"):  # polling takes many requests
            tab = client.open_tab(transport)
            tab.wait_for(lambda tab=tab: tab.newest("steps") is not None)
            assert tab.ask("set", {"temperature": 0.5}) == {"ok": True}
            tab.close()
    assert sum(sessions_of(webs)) - sum(before) == len(clients)  # no session is on both
    for client in clients:
        client.leave()


def test_origin_and_host_are_forwarded(front: Nginx) -> None:
    client = Client(front.url)
    same_site = {"Origin": front.url, "Sec-Fetch-Site": "same-origin"}
    polling = f"{front.url}/socket.io/?EIO=4&transport=polling"
    assert client.http.get(polling, headers=same_site, timeout=PATIENCE).status_code == 200
    other_site = {"Origin": "http://elsewhere.example"}
    assert client.http.get(polling, headers=other_site, timeout=PATIENCE).status_code == 403


def test_metrics_are_hidden_and_a_token_is_not_logged(front: Nginx) -> None:
    for path in ("/", "/s/abc"):
        assert requests.get(f"{front.url}{path}?token=from-a-link", timeout=PATIENCE).status_code
    assert requests.get(f"{front.url}/metrics", timeout=PATIENCE).status_code == 404
    assert '"GET /s/abc"' in front.log
    assert "from-a-link" not in front.log


def test_a_model_is_downloaded_and_uploaded(front: Nginx) -> None:
    client = Client(front.url)
    tab = client.open_tab()
    assert tab.ask("pause") == {"ok": True}
    saved = client.get("/api/model.json")
    assert saved.ok
    assert json.loads(saved.content)["hidden_sizes"] == [20, 20]
    assert client.put("/api/model.json", saved.content).ok
    client.leave()


def test_sessions_of_a_killed_server_move_to_the_other(front: Nginx, webs: Webs) -> None:
    clients = [Client(front.url) for _ in range(6)]
    for number, client in enumerate(clients):
        tab = client.open_tab()
        assert tab.ask("learn", {"text": f"of visitor {number}"}) == {"ok": True}
        tab.wait_for(lambda tab=tab: tab.newest("saved_at"))
    webs[0].kill()
    try:
        for _ in range(FEW):
            requests.get(f"{front.url}/?token=from-a-link", timeout=PATIENCE)
        assert "from-a-link" not in front.log
        for number, client in enumerate(clients):
            assert client.get("/").ok
            assert client.open_tab().state["text"]["beginning"] == f"of visitor {number}"
            client.leave()
    finally:
        webs[0].start()


# ------------------------------------------------------------------ the documented examples

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "deployment.md"


def example(path: str) -> Callable[[Sequence[str], int], str]:
    """Makes a configuration from the example with this location, on a free port without TLS."""
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    (shared,) = (block for block in blocks if block.strip().startswith("map "))
    (found,) = (block for block in blocks if f"location {path} {{" in block)

    def configure(servers: Sequence[str], port: int) -> str:
        placed = found if "map " in found else shared.partition("server {")[0] + found
        assert placed.count("listen 443 ssl;") == placed.count("http://127.0.0.1:8000") == 1
        placed = placed.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
        return placed.replace("http://127.0.0.1:8000", servers[0])

    return configure


@pytest.mark.parametrize("path", ["/", "/charnn/"])
def test_the_examples_of_the_documentation_serve_the_page_on_any_port(
    webs: Webs, path: str
) -> None:
    """Static files, API and sockets work through nginx, also with the origin that a page sends."""
    with running_nginx([webs[1].url], example(path)) as front:
        front.check()
        client = Client(front.url + path.rstrip("/"))
        address = re.search(r'src="([^"]*/static/[^"]*)"', client.get("/").text)
        assert address is not None
        assert address[1].startswith(f"{path}static/")
        assert requests.get(front.url + address[1], timeout=PATIENCE).status_code == 200
        client.http.headers["Origin"] = front.url
        for transport in ("polling", "websocket"):
            tab = client.open_tab(transport)
            assert tab.ask("set", {"temperature": 0.5}) == {"ok": True}
            tab.close()
        assert client.get("/api/history.csv").ok
        client.leave()
