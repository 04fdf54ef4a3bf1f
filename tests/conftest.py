"""For all tests: Hypothesis' settings, the bundled page, a real server, PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from bench.harness.postgres import NOT_INSTALLED, Postgres, find_programs, running_postgres
from bench.harness.server import LiveServer
from tests.support.server import running_server
from tools.bundle_page import PageBundle

# Reproducible inputs; no deadline, because an example may wait for the compiler or a busy machine.
settings.register_profile(
    "charnn",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("charnn")


def pytest_configure(config: pytest.Config) -> None:
    """Bundle the page if its sources have changed, before any worker of pytest-xdist starts."""
    if not hasattr(config, "workerinput"):
        PageBundle().update()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A real server per worker; every test uses its own clients.

    It evicts unwatched sessions at once, and its log must have no warnings at the end.
    """
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running
        assert not running.warnings, "the server has logged warnings or errors"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; a test that stops it must start it again."""
    programs = find_programs()
    if programs is None:
        pytest.skip(NOT_INSTALLED)
    with running_postgres(programs) as cluster:
        yield cluster
