"""Fixtures of the application's tests: real servers, and visitors to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.app.visitor import Visitor
from tests.running_server import RunningServer, running_server


@pytest.fixture(scope="session", params=["eventlet", "threading"])
def live_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A real server in either mode, shared by the tests: each brings its own visitors."""
    folder = tmp_path_factory.mktemp(f"server-{request.param}")
    with running_server(folder, async_mode=request.param) as server:
        yield server
        assert not server.complaints, "the server had something to complain about"


@pytest.fixture
def new_visitor(live_server: RunningServer) -> Iterator[Callable[[], Visitor]]:
    """Makes visitors with a browser of their own each."""
    visitors: list[Visitor] = []

    def make() -> Visitor:
        visitors.append(Visitor(live_server.url))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def visitor(new_visitor: Callable[[], Visitor]) -> Visitor:
    """One visitor."""
    return new_visitor()
