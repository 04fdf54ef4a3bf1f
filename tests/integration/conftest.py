"""An application in this process, and its clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.app_server import AppServer, Client, running_app
from tests.support.pacing import pace_training


@pytest.fixture(scope="session", autouse=True)
def _paced() -> None:
    """Pace training, so that the tests get CPU time."""
    pace_training()


@pytest.fixture(scope="session")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An application per worker; every test uses its own client."""
    with running_app(tmp_path_factory.mktemp("app_server")) as app_server:
        yield app_server


@pytest.fixture
def new_client(app_server: AppServer) -> Iterator[Callable[[], Client]]:
    """Makes clients, each with its own cookies."""
    clients: list[Client] = []

    def make() -> Client:
        assert not app_server.parts.engine.problems(), "an earlier test has ended a thread"
        clients.append(app_server.new_client())
        return clients[-1]

    yield make
    for client in clients:
        client.leave()


@pytest.fixture
def client(new_client: Callable[[], Client]) -> Client:
    """A client."""
    return new_client()
