"""A page of a cluster, behind nginx: what its visitor sees when a part of the cluster fails."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bench.harness import nginx, ray_cluster
from bench.harness.nginx import running_nginx
from bench.harness.postgres import Postgres
from bench.harness.ray_cluster import RayCluster, running_cluster
from bench.harness.server import LiveServer
from tests.e2e.page import (
    await_figure,
    await_more_steps,
    await_status,
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
SECONDS_WITHOUT_RAY = 120.0


class Place:
    """Two machines that train, two web processes, and the address that visitors know."""

    def __init__(self, cluster: RayCluster, webs: tuple[LiveServer, ...], url: str) -> None:
        self.cluster = cluster
        self.webs = webs
        self.url = url

    def node_of_the_session(self) -> int:
        """The process of the node that trains the only session, once both nodes are there."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            nodes = self.cluster.nodes()
            busy = [node for node in nodes if node["sessions"]]
            if len(nodes) == MACHINES and len(busy) == 1:
                pid: int = busy[0]["pid"]
                return pid
        raise AssertionError("there are not two nodes with one session")


@pytest.fixture
def place(postgres: Postgres, tmp_path: Path) -> Iterator[Place]:
    if not ray_cluster.ray_is_installed():  # it is slow to import
        pytest.skip(ray_cluster.NOT_INSTALLED)
    with (
        running_cluster(MACHINES, cores=1) as cluster,
        cluster.web(tmp_path / "1", postgres) as one,
        cluster.web(tmp_path / "2", postgres) as two,
        running_nginx([one.url, two.url]) as front,
    ):
        yield Place(cluster, (one, two), front.url)


def test_a_page_survives_the_loss_of_a_machine_a_web_process_and_ray_itself(
    lone_page: Page, place: Place
) -> None:
    page = lone_page
    open_page(page, place.url)
    page.evaluate("window.opened = 'once'")
    learn(page, "words of one visitor\nand another line", hidden_sizes="12")
    saved = text(page, "saved")
    wait_until(page, lambda: text(page, "saved") != saved)

    os.kill(place.node_of_the_session(), signal.SIGKILL)
    expect(notice(page, "machine_lost")).to_be_visible()
    await_more_steps(page)

    for web in place.webs:  # one of them has the page
        steps = figure(page, "steps")
        web.kill()
        await_figure(page, "steps", steps)
        await_more_steps(page)
        web.start()

    place.cluster.stop()  # and its head, so that nothing knows of anything any more
    place.cluster.start()
    expect(notice(page, "cluster_lost")).to_be_visible(timeout=1000 * SECONDS_WITHOUT_RAY)
    for web in place.webs:
        assert web.ended() == 1  # so that whatever looks after it starts it again
        web.start()
    await_status(page, "learning")
    await_more_steps(page)

    assert page.locator("#opt_hidden_sizes").input_value() == "12"
    expect_characters(page, 15)
    assert page.evaluate("window.opened") == "once"
