"""A page of a cluster, behind nginx: what its visitor sees when a part of the cluster fails."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bench.live import nginx, ray_cluster
from bench.live.nginx import running_nginx
from bench.live.postgres import Postgres
from bench.live.ray_cluster import RayCluster, running_cluster
from bench.live.server import LiveServer
from tests.e2e.the_page import assert_learns_on, figure, learn, text, wait_until

pytestmark = [
    pytest.mark.skipif(not ray_cluster.ray_is_installed(), reason=ray_cluster.NOT_INSTALLED),
    pytest.mark.skipif(nginx.find_program() is None, reason=nginx.NOT_INSTALLED),
]

MACHINES = 2
PATIENCE = 30.0
SECONDS_WITHOUT_RAY = 60.0


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
    with (
        running_cluster(MACHINES, cores=1) as cluster,
        cluster.web(tmp_path / "1", postgres) as one,
        cluster.web(tmp_path / "2", postgres) as two,
        running_nginx([one.url, two.url]) as front,
    ):
        yield Place(cluster, (one, two), front.url)


def test_a_page_outlives_machine_web_process_and_ray_itself_without_being_opened_again(
    lone_page: Page, place: Place
) -> None:
    page = lone_page
    page.goto(place.url)
    wait_until(page, lambda: figure(page, "steps") > 0)
    page.evaluate("window.opened = 'once'")
    learn(page, "words of one visitor\nand another line", hidden_sizes="12")
    expect(page.locator("#prepro_status")).to_contain_text("found 15 distinct characters")
    saved = text(page, "saved")
    wait_until(page, lambda: text(page, "saved") != saved)

    os.kill(place.node_of_the_session(), signal.SIGKILL)
    told = page.locator("#notices").get_by_text("The machine that trained your network has failed")
    expect(told).to_contain_text("of training")
    assert_learns_on(page)

    for web in place.webs:  # one of them has the page
        steps = figure(page, "steps")
        web.kill()
        wait_until(page, lambda steps=steps: figure(page, "steps") > steps)
        assert_learns_on(page)
        web.start()

    place.cluster.stop()  # and its head, so that nobody knows of anything any more
    place.cluster.start()
    told = page.locator("#notices").get_by_text("The machines that train have failed")
    expect(told).to_be_visible(timeout=1000 * SECONDS_WITHOUT_RAY)
    for web in place.webs:
        assert web.ended() == 1  # so that whoever looks after it starts it again
        assert "Nothing of the Ray cluster answers" in web.log
        web.start()
    assert_learns_on(page)

    assert page.locator("#opt_hidden_sizes").input_value() == "12"
    assert "found 15 distinct characters" in text(page, "prepro_status")
    assert page.evaluate("window.opened") == "once"
