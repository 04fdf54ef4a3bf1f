"""Fixtures of the application's tests: real servers, and visitors to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.store import Store, default_url
from bench.live.postgres import Postgres
from tests.support.client import Visitor
from tests.support.server import RunningServer, running_server


@pytest.fixture(scope="session", params=["eventlet", "threading"])
def live_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A real server in either mode, shared by the tests: each brings its own visitors.

    Its kernels are there, so that it makes no difference which test is the first.
    """
    folder = tmp_path_factory.mktemp(f"server-{request.param}")
    with running_server(folder, async_mode=request.param) as server:
        first = Visitor(server.url)
        tab = first.open_tab()
        tab.wait_for(lambda: tab.newest("steps") > 0)
        first.leave()
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


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, of either make."""
    if request.param == "sqlite":
        return default_url(tmp_path)
    cluster: Postgres = request.getfixturevalue("postgres")
    engine = sa.create_engine(cluster.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for table in ("copies", "texts", "sessions", "alembic_version"):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
    engine.dispose()
    return cluster.url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store, of either make."""
    store = Store.open(url)
    yield store
    store.close()
