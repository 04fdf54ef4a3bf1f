"""The page of a cluster behind nginx, and failures of the cluster."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bench.harness import nginx, ray_cluster
from bench.harness.nginx import running_nginx
from bench.harness.postgres import Postgres
from bench.harness.ray_cluster import RayCluster, running_cluster
from bench.harness.server import LiveServer, running_together
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

pytestmark = [
    pytest.mark.extended,
    pytest.mark.skipif(nginx.find_program() is None, reason=nginx.NOT_INSTALLED),
]

MACHINES = 2
PATIENCE = 60.0


class Cluster:
    """A Ray cluster of two machines, two web processes, and the URL of nginx."""

    def __init__(self, ray: RayCluster, webs: tuple[LiveServer, ...], url: str) -> None:
        self.ray = ray
        self.webs = webs
        self.url = url

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


@pytest.fixture(scope="module")
def cluster(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if not ray_cluster.ray_is_installed():  # it is slow to import
        pytest.skip(ray_cluster.NOT_INSTALLED)
    folder = tmp_path_factory.mktemp("cluster")
    with (
        running_cluster(MACHINES, cores=1) as ray,
        running_together(*(ray.web(folder / str(number), postgres) for number in range(2))) as (
            one,
            two,
        ),
        running_nginx([one.url, two.url]) as front,
    ):
        yield Cluster(ray, (one, two), front.url)


@pytest.fixture
def page(isolated_page: Page, cluster: Cluster) -> Iterator[Page]:
    """A page in training that has been saved; it must not reload."""
    open_page(isolated_page, cluster.url)
    isolated_page.evaluate("window.opened = 'once'")
    learn(isolated_page, "words of one visitor\nand another line", hidden_sizes="12")
    saved = text(isolated_page, "saved")
    wait_until(isolated_page, lambda: text(isolated_page, "saved") != saved)
    yield isolated_page
    assert isolated_page.locator("#opt_hidden_sizes").input_value() == "12"
    expect_characters(isolated_page, 15)
    assert isolated_page.evaluate("window.opened") == "once"


def test_a_page_survives_the_loss_of_the_node_that_trains_its_network(
    page: Page, cluster: Cluster
) -> None:
    cluster.kill_busy_nodes()
    expect(notice(page, "machine_lost")).to_be_visible()
    await_more_steps(page)


def test_a_page_survives_the_loss_of_its_web_process(page: Page, cluster: Cluster) -> None:
    for web in cluster.webs:  # one of them serves the page
        steps = figure(page, "steps")
        web.kill()
        await_figure(page, "steps", steps)
        await_more_steps(page)
        web.start()
