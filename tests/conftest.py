"""What all tests share: a real server, as a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from bench.live.postgres import NOT_INSTALLED, Postgres, find_programs, running_postgres
from tests.running_server import RunningServer, running_server

# The same inputs on every run, so that a red test is red for everyone; no deadline, because an
# example may wait for the compiler or for whatever else the machine is at.
settings.register_profile(
    "charnn",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("charnn")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What serves the visitors, where a test does not try both."""
    parser.addoption("--async-mode", choices=["eventlet", "threading"], default="eventlet")


def pytest_configure(config: pytest.Config) -> None:
    """Every server that a test starts reads it there."""
    os.environ["CHARNN_ASYNC_MODE"] = config.getoption("--async-mode")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with a data folder of its own; a module's tests share it, each as its own visitor.

    Not one for the whole run: visitors who are gone train on for a while, and would slow the tests
    that come after.
    """
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that runs; whoever stops it starts it again."""
    programs = find_programs()
    if programs is None:
        pytest.skip(NOT_INSTALLED)
    with running_postgres(programs) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The address of the PostgreSQL that runs; its tables are shared by the tests."""
    return postgres.url
