"""Real machines of Ray's, a real store and two web processes: what visitors see when some fail."""

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

from app.cli import main
from bench.harness import ray_cluster
from bench.harness.postgres import Postgres
from bench.harness.ray_cluster import RayCluster
from bench.harness.server import LiveServer
from tests.support.client import Tab, Visitor
from tests.support.server import KEEP_UNWATCHED, running_server
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.extended

MACHINES = 2
SECRET = "known to both web processes"


class Place:
    """Machines that train, and two web processes."""

    def __init__(self, cluster: RayCluster, environment: dict[str, str], folder: Path) -> None:
        self.cluster = cluster
        self.environment = environment
        self.folder = folder

    def charnn(self, *words: str) -> Result:
        """What `charnn cluster` does: in this process, for another takes seconds to begin."""
        environment = {"CHARNN_RAY_ADDRESS": self.cluster.address}
        return CliRunner().invoke(main, ["cluster", *words], env=environment)

    def nodes(self) -> list[dict[str, Any]]:
        """What `charnn cluster status` tells of every node."""
        done = self.charnn("status", "--json")
        assert done.exit_code == 0, done.output
        nodes: list[dict[str, Any]] = json.loads(done.stdout)
        return nodes

    def web(self, name: str) -> LiveServer:
        """One more web process."""
        options = ("--engine", "ray", *KEEP_UNWATCHED)
        return running_server(self.folder / name, *options, environment=self.environment)


@pytest.fixture(scope="module", autouse=True)
def ray() -> None:
    """Only where Ray is installed; it is slow to import, and so looked for no sooner."""
    if not ray_cluster.ray_is_installed():
        pytest.skip(ray_cluster.NOT_INSTALLED)


@pytest.fixture(scope="module")
def place(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with ray_cluster.running_cluster(MACHINES, cores=1) as cluster:
        environment = {
            "CHARNN_DATABASE_URL": postgres.url,
            "CHARNN_RAY_ADDRESS": cluster.address,
            "CHARNN_SECRET": SECRET * 2,
        }
        yield Place(cluster, environment, tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def webs(place: Place) -> Iterator[tuple[LiveServer, LiveServer]]:
    with place.web("one") as one, place.web("other") as other:
        until_all_nodes_are_up(place)
        yield one, other


def until_all_nodes_are_up(place: Place) -> list[dict[str, Any]]:
    until = time.monotonic() + PATIENCE
    while len(nodes := place.nodes()) < MACHINES:
        assert time.monotonic() < until, "a node is missing"
    return nodes


def learning(visitor: Visitor, text: str) -> Tab:
    """A page whose network learns this text, and has been saved."""
    tab = visitor.open_tab()
    assert tab.ask("learn", {"text": text, "options": {"hidden_sizes": [8]}}) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"] == text and tab.newest("steps") > 100)
    tab.wait_for(lambda: tab.newest("saved_at"))
    return tab


def learns_on(tab: Tab) -> None:
    steps = tab.newest("steps")
    tab.wait_for(lambda: tab.newest("steps") > steps)


def test_sessions_are_spread_evenly_and_each_process_serves_all(
    place: Place, webs: tuple[LiveServer, LiveServer]
) -> None:
    one, other = webs
    visitors = [Visitor(web.url) for web in (one, other) for _ in range(4)]
    tabs = [learning(each, f"the words of visitor {n}") for n, each in enumerate(visitors)]
    sessions = [node["sessions"] for node in place.nodes()]
    assert sum(sessions) == len(tabs)
    assert max(sessions) - min(sessions) <= 2
    elsewhere = Visitor(other.url)
    elsewhere.http.cookies.update(visitors[0].http.cookies)
    tab = elsewhere.open_tab()
    assert tab.state["text"] == "the words of visitor 0"
    assert tab.ask("set", {"temperature": 0.3}) == {"ok": True}
    tabs[0].wait_for(lambda: tabs[0].newest("temperature") == 0.3)
    for each in [*visitors, elsewhere]:
        each.leave()


def test_whose_node_is_killed_learns_on_elsewhere_without_opening_the_page_again(
    place: Place, webs: tuple[LiveServer, LiveServer]
) -> None:
    visitors = [Visitor(web.url) for web in webs for _ in range(3)]
    tabs = [learning(each, f"of visitor {number}") for number, each in enumerate(visitors)]
    node = until_all_nodes_are_up(place)[0]
    os.kill(node["pid"], signal.SIGKILL)
    # The newcomers were spread over all nodes, so that some were there.
    told = tabs[0].wait_for(lambda: [tab for tab in tabs if tab.notices])
    for number, tab in enumerate(tabs):
        learns_on(tab)
        assert tab.is_open
        assert tab.state["text"] == f"of visitor {number}"
        assert tab.newest("curve")["points"] is not None
    for tab in told:
        (notice,) = tab.notices
        assert (notice["level"], notice["code"]) == ("warning", "machine_lost")
    assert node["pid"] not in {each["pid"] for each in until_all_nodes_are_up(place)}
    for visitor in visitors:
        visitor.leave()


def test_whose_web_process_is_killed_finds_their_training_at_the_other(
    place: Place, webs: tuple[LiveServer, LiveServer]
) -> None:
    with place.web("killed") as killed:
        visitor = Visitor(killed.url)
        before = learning(visitor, "mine")
        steps = before.newest("steps")
        killed.kill()
    visitor.url = webs[0].url
    tab = visitor.open_tab()
    assert tab.state["text"] == "mine"
    assert tab.state["steps"] >= steps
    learns_on(tab)
    assert not tab.notices
    visitor.leave()


def test_a_web_process_that_is_asked_to_stop_leaves_the_training_as_it_is(
    place: Place, webs: tuple[LiveServer, LiveServer]
) -> None:
    with place.web("stopped") as stopped:
        visitor = Visitor(stopped.url)
        tab = learning(visitor, "mine")
        steps = tab.newest("steps")
        assert stopped.stop() == 0
        assert tab.closings
        assert not stopped.warnings
    visitor.url = webs[0].url
    back = visitor.open_tab()
    assert back.state["steps"] >= steps
    assert back.state["status"] == "learning"
    visitor.leave()


def test_a_machine_that_is_drained_hands_its_sessions_over_and_nothing_is_lost(
    place: Place, webs: tuple[LiveServer, LiveServer]
) -> None:
    visitors = [Visitor(webs[0].url) for _ in range(3)]
    tabs = [learning(each, f"drained {number}") for number, each in enumerate(visitors)]
    node = until_all_nodes_are_up(place)[0]
    before = [tab.newest("steps") for tab in tabs]
    for unknown in ("nowhere", "--here"):  # this is the head's machine, which trains nothing
        assert place.charnn("drain", unknown).exit_code == 1
    done = place.charnn("drain", node["machine"][:12])
    assert done.exit_code == 0
    assert str(node["sessions"]) in done.stdout.split()
    assert node["machine"] not in {each["machine"] for each in place.nodes()}
    for tab, steps in zip(tabs, before, strict=True):
        learns_on(tab)
        assert tab.newest("steps") >= steps
        assert not tab.notices
    assert place.charnn("undrain", node["machine"]).exit_code == 0
    until_all_nodes_are_up(place)
    for visitor in visitors:
        visitor.leave()


def test_a_cluster_that_is_not_there_is_named() -> None:
    done = CliRunner().invoke(main, ["cluster", "status", "--ray-address", "127.0.0.1:1"])
    assert done.exit_code == 1
    assert "127.0.0.1:1" in done.stderr
