"""An application in this process, and visitors to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.pacing import pace_training
from tests.support.site import Site, Visitor, open_site


@pytest.fixture(scope="session", autouse=True)
def _paced() -> None:
    """Training leaves the processors to the tests."""
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
