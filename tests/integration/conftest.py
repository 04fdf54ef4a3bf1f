"""An application in this process, visitors to it, and stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.store import Store, default_url
from bench.live.postgres import Postgres
from tests.support.pacing import pace_training
from tests.support.site import Site, Visitor, open_site


@pytest.fixture(scope="session", autouse=True)
def _paced() -> None:
    """Training leaves the processors to the tests, whichever of them is the first."""
    pace_training()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An application, one for each worker: every test comes as a visitor of its own."""
    with open_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def new_visitor(site: Site) -> Iterator[Callable[[], Visitor]]:
    """Makes visitors with a browser of their own each."""
    visitors: list[Visitor] = []

    def make() -> Visitor:
        visitors.append(site.visitor())
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
    """The address of an empty store, of either kind of database."""
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
    """An empty store, of either kind of database."""
    store = Store.open(url)
    yield store
    store.close()
