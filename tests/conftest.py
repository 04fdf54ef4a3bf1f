"""What all tests share: Hypothesis' settings, the tiers, a real server, PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from bench.harness.postgres import NOT_INSTALLED, Postgres, find_programs, running_postgres
from bench.harness.server import LiveServer
from tests.support.server import running_server

# The same inputs on every run, so that a red test is red for everyone; no deadline, because an
# example may wait for the compiler or for whatever else the machine is at.
settings.register_profile(
    "charnn",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("charnn")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A real server, one for each worker: every test comes as a visitor of its own.

    It trains with pauses, and a session that no page watches is stored and leaves at once. Its
    log must hold nothing but plain news when it ends.
    """
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running
        assert not running.warnings, "the server has logged warnings or errors"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; a test that stops it starts it again."""
    programs = find_programs()
    if programs is None:
        pytest.skip(NOT_INSTALLED)
    with running_postgres(programs) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The address of the PostgreSQL that runs; its tables are shared by the tests."""
    return postgres.url
