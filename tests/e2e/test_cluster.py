"""A real Ray cluster with PostgreSQL, two web processes, nginx and a page, and its failures.

The tests are in the order in which they need these parts, so that each set-up starts one of them.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import Page, expect

from app.cli import main
from bench.harness import nginx, ray_cluster
from bench.harness.nginx import running_nginx
from bench.harness.postgres import Postgres
from bench.harness.ray_cluster import RayCluster
from bench.harness.server import LiveServer
from tests.e2e.page import (
    await_figure,
    await_more_steps,
    expect_characters,
    figure,
    learn,
    notice,
    open_page,
    text,
    wait_until,
)
from tests.support.client import Client, Tab
from tests.support.server import KEEP_UNWATCHED, running_server
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.extended

MACHINES = 2
SECRET = "known to both web processes"


class Cluster:
    """A Ray cluster and the configuration of its web processes."""

    def __init__(self, ray: RayCluster, environment: dict[str, str], folder: Path) -> None:
        self.ray = ray
        self.environment = environment
        self.folder = folder

    def charnn(self, *words: str) -> Result:
        """Run `charnn cluster` in this process, which is faster than another."""
        environment = {"CHARNN_RAY_ADDRESS": self.ray.address}
        return CliRunner().invoke(main, ["cluster", *words], env=environment)

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes, as reported by `charnn cluster status`."""
        done = self.charnn("status", "--json")
        assert done.exit_code == 0, done.output
        nodes: list[dict[str, Any]] = json.loads(done.stdout)
        return nodes

    def kill_busy_nodes(self) -> None:
        """Kill each node that trains a session, once all nodes are up."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            nodes = self.ray.nodes()
            busy = [node["pid"] for node in nodes if node["sessions"]]
            if len(nodes) == MACHINES and busy:
                for pid in busy:
                    os.kill(pid, signal.SIGKILL)
                return
        raise AssertionError("no node has a session")

    def web(self, name: str) -> LiveServer:
        """A new web process."""
        options = ("--engine", "ray", *KEEP_UNWATCHED)
        return running_server(self.folder / name, *options, environment=self.environment)


@pytest.fixture(scope="module", autouse=True)
def _ray_installed() -> None:
    """Skip without Ray; checked only here because its import is slow."""
    if not ray_cluster.ray_is_installed():
        pytest.skip(ray_cluster.NOT_INSTALLED)


@pytest.fixture(scope="module")
def cluster(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with ray_cluster.running_cluster(MACHINES, cores=1) as ray:
        environment = {
            "CHARNN_DATABASE_URL": postgres.url,
            "CHARNN_RAY_ADDRESS": ray.address,
            "CHARNN_SECRET": SECRET * 2,
            "CHARNN_TRUST_PROXY": "1",
        }
        yield Cluster(ray, environment, tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def first_web(cluster: Cluster) -> Iterator[LiveServer]:
    with cluster.web("one") as web:
        yield web


@pytest.fixture(scope="module")
def webs(cluster: Cluster, first_web: LiveServer) -> Iterator[tuple[LiveServer, LiveServer]]:
    with cluster.web("other") as other:
        until_all_nodes_are_up(cluster)
        yield first_web, other


def until_all_nodes_are_up(cluster: Cluster) -> list[dict[str, Any]]:
    until = time.monotonic() + PATIENCE
    while len(nodes := cluster.nodes()) < MACHINES:
        assert time.monotonic() < until, "a node is missing"
    return nodes


@pytest.fixture
def learners(webs: tuple[LiveServer, LiveServer]) -> Iterator[list[tuple[Client, Tab]]]:
    """Six sessions in training that have been saved, on both web processes."""
    clients = [Client(web.url) for web in webs for _ in range(3)]
    yield [(each, learning(each, f"of visitor {number}")) for number, each in enumerate(clients)]
    for client in clients:
        client.leave()


@pytest.fixture(scope="module")
def front(webs: tuple[LiveServer, LiveServer]) -> Iterator[str]:
    """The URL of nginx in front of the web processes."""
    if nginx.find_program() is None:
        pytest.skip(nginx.NOT_INSTALLED)
    with running_nginx([web.url for web in webs]) as running:
        yield running.url


@pytest.fixture
def page(front: str, isolated_page: Page) -> Iterator[Page]:
    """A page in training that has been saved; it must not reload."""
    open_page(isolated_page, front)
    isolated_page.evaluate("window.opened = 'once'")
    learn(isolated_page, "words of one visitor\nand another line", hidden_sizes="12")
    saved = text(isolated_page, "saved")
    wait_until(isolated_page, lambda: text(isolated_page, "saved") != saved)
    yield isolated_page
    assert isolated_page.locator("#opt_hidden_sizes").input_value() == "12"
    expect_characters(isolated_page, 15)
    assert isolated_page.evaluate("window.opened") == "once"


def learning(client: Client, text: str) -> Tab:
    """A page in training on this text, once it has been saved."""
    tab = client.open_tab()
    assert tab.ask("learn", {"text": text, "options": {"hidden_sizes": [8]}}) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"]["beginning"] == text and tab.newest("steps") > 100)
    tab.wait_for(lambda: tab.newest("saved_at"))
    return tab


def assert_trains(tab: Tab) -> None:
    steps = tab.newest("steps")
    tab.wait_for(lambda: tab.newest("steps") > steps)


def test_an_unreachable_cluster_is_named() -> None:
    done = CliRunner().invoke(main, ["cluster", "status", "--ray-address", "127.0.0.1:1"])
    assert done.exit_code == 1
    assert "127.0.0.1:1" in done.stderr


def test_a_cluster_without_web_processes_has_no_status(cluster: Cluster) -> None:
    done = cluster.charnn("status", "--json")
    assert done.exit_code == 1
    assert "charnn serve --engine ray" in done.stderr


@pytest.mark.usefixtures("first_web")
def test_status_lists_a_node_of_every_machine(cluster: Cluster) -> None:
    nodes = until_all_nodes_are_up(cluster)
    assert len({node["machine"] for node in nodes}) == MACHINES
    assert [node["sessions"] for node in nodes] == [0, 0]


def test_sessions_are_spread_evenly_and_every_web_process_serves_all(
    cluster: Cluster, webs: tuple[LiveServer, LiveServer]
) -> None:
    one, other = webs
    clients = [Client(web.url) for web in (one, other) for _ in range(4)]
    tabs = [learning(each, f"the words of visitor {n}") for n, each in enumerate(clients)]
    sessions = [node["sessions"] for node in cluster.nodes()]
    assert sum(sessions) == len(tabs)
    assert max(sessions) - min(sessions) <= 2
    other_client = clients[0].at(other.url)
    tab = other_client.open_tab()
    assert tab.state["text"]["beginning"] == "the words of visitor 0"
    assert tab.ask("set", {"temperature": 0.3}) == {"ok": True}
    tabs[0].wait_for(lambda: tabs[0].newest("temperature") == 0.3)
    for each in [*clients, other_client]:
        each.leave()


def test_sessions_of_a_killed_node_train_on_another(
    cluster: Cluster, learners: list[tuple[Client, Tab]]
) -> None:
    tabs = [tab for _, tab in learners]
    node = until_all_nodes_are_up(cluster)[0]
    os.kill(node["pid"], signal.SIGKILL)
    # New sessions are spread over all nodes, so that some were on this one.
    notified = tabs[0].wait_for(lambda: [tab for tab in tabs if tab.notices])
    for number, tab in enumerate(tabs):
        assert_trains(tab)
        assert tab.is_open
        assert tab.state["text"]["beginning"] == f"of visitor {number}"
        assert tab.newest("curve")["points"] is not None
    for tab in notified:
        (notice,) = tab.notices
        assert (notice["level"], notice["code"]) == ("warning", "machine_lost")


@pytest.mark.usefixtures("webs")
def test_a_killed_node_is_replaced(cluster: Cluster) -> None:
    killed = until_all_nodes_are_up(cluster)[0]["pid"]
    os.kill(killed, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while killed in {each["pid"] for each in until_all_nodes_are_up(cluster)}:
        assert time.monotonic() < until, "the killed node is still listed"


def test_sessions_survive_a_killed_web_process(
    cluster: Cluster, webs: tuple[LiveServer, LiveServer]
) -> None:
    with cluster.web("killed") as killed:
        client = Client(killed.url)
        before = learning(client, "mine")
        steps = before.newest("steps")
        killed.kill()
    client = client.at(webs[0].url)
    tab = client.open_tab()
    assert tab.state["text"]["beginning"] == "mine"
    assert tab.state["steps"] >= steps
    assert_trains(tab)
    assert not tab.notices
    client.leave()


def test_stopping_a_web_process_does_not_interrupt_training(
    cluster: Cluster, webs: tuple[LiveServer, LiveServer]
) -> None:
    with cluster.web("stopped") as stopped:
        client = Client(stopped.url)
        tab = learning(client, "mine")
        steps = tab.newest("steps")
        assert stopped.stop() == 0
        assert tab.closings
        assert not stopped.warnings
    client = client.at(webs[0].url)
    back = client.open_tab()
    assert back.state["steps"] >= steps
    assert back.state["status"] == "learning"
    client.leave()


def test_drain_moves_sessions_without_loss(
    cluster: Cluster, webs: tuple[LiveServer, LiveServer]
) -> None:
    clients = [Client(webs[0].url) for _ in range(3)]
    tabs = [learning(each, f"drained {number}") for number, each in enumerate(clients)]
    node = until_all_nodes_are_up(cluster)[0]
    before = [tab.newest("steps") for tab in tabs]
    for unknown in ("nowhere", "--here"):  # the head's machine has no node
        assert cluster.charnn("drain", unknown).exit_code == 1
    done = cluster.charnn("drain", node["machine"][:12])
    assert done.exit_code == 0
    assert str(node["sessions"]) in done.stdout.split()
    assert node["machine"] not in {each["machine"] for each in cluster.nodes()}
    for tab, steps in zip(tabs, before, strict=True):
        assert_trains(tab)
        assert tab.newest("steps") >= steps
        assert not tab.notices
    assert cluster.charnn("undrain", node["machine"]).exit_code == 0
    until_all_nodes_are_up(cluster)
    for client in clients:
        client.leave()


def test_a_page_survives_the_loss_of_the_node_that_trains_its_network(
    page: Page, cluster: Cluster
) -> None:
    cluster.kill_busy_nodes()
    expect(notice(page, "machine_lost")).to_be_visible()
    await_more_steps(page)


def test_a_page_survives_the_loss_of_its_web_process(
    page: Page, webs: tuple[LiveServer, LiveServer]
) -> None:
    for web in webs:  # one of them serves the page
        steps = figure(page, "steps")
        web.kill()
        await_figure(page, "steps", steps)
        await_more_steps(page)
        web.start()
