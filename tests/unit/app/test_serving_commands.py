"""`charnn serve` and `charnn cluster`: what they are told, and where they cannot start."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import server
from app.cli import main
from app.engines import cluster
from app.protocol.limits import Limits
from app.runtime.config import ServerConfig

POSTGRES_WITH_NO_SERVER = "postgresql://user:hidden@127.0.0.1:1/name"


def serve(*options: object, **environment: str) -> Result:
    words = [str(option) for option in options]
    return CliRunner().invoke(main, ["serve", *words], env=environment)


# ------------------------------------------------------------------ what it is told


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[ServerConfig]:
    """The settings that a server would have run with."""
    settings: list[ServerConfig] = []
    monkeypatch.setattr(server, "serve", settings.append)
    return settings


def test_options_and_variables_of_the_environment_are_the_server_s_settings(
    served: list[ServerConfig], tmp_path: Path
) -> None:
    options = ("--port", 0, "--data-dir", tmp_path, "--async-mode", "threading", "--max-text", 77)
    done = serve(*options, CHARNN_TOKEN="open", CHARNN_MAX_SESSIONS="3", CHARNN_TRUST_PROXY="1")
    assert done.exit_code == 0, done.output
    (settings,) = served
    assert (settings.port, settings.data_dir) == (0, tmp_path)
    assert settings.async_mode == "threading"
    assert (settings.token, settings.trusted_proxies) == ("open", 1)
    assert settings.limits == Limits(text=77, sessions=3)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "65536"),
        ("--async-mode", "gevent"),
        ("--engine", "cloud"),
        ("--workers", "0"),
        ("--keep-days", "0"),
        ("--keep-days", "nan"),
        ("--unwatched-minutes", "inf"),
        ("--max-events-per-second", "nan"),
        ("--log-format", "xml"),
        ("--max-text", "0"),
        ("--max-events-per-second", "0"),
    ],
)
def test_an_option_out_of_its_range_is_named(
    served: list[ServerConfig], option: str, value: str
) -> None:
    done = serve(option, value)
    assert done.exit_code == 2
    assert option in done.output
    assert not served


def test_help_names_the_variables_of_the_environment() -> None:
    told = serve("--help").output
    for name in ("HOST", "PORT", "DATA_DIR", "ASYNC_MODE", "DATABASE_URL", "MAX_TEXT"):
        assert f"CHARNN_{name}" in told


# ------------------------------------------------------------------ where it cannot start


@pytest.fixture
def leaves_the_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server sets up logging and the interpreter's lock for all of its process."""
    monkeypatch.setattr(server, "configure_logging", lambda _: None)
    monkeypatch.setattr(server, "set_switch_interval", lambda: None)


@pytest.fixture
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "app.engines.cluster.ray_backend", raising=False)
    monkeypatch.delattr(cluster, "on_ray", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)


def failed(*options: object) -> str:
    """What a server that cannot start says."""
    done = serve("--port", 0, *options)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)  # and no traceback
    assert done.stdout == ""
    return done.stderr


@pytest.mark.usefixtures("leaves_the_process_alone")
def test_a_port_that_is_taken_is_named_with_the_option_to_change_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = failed("--port", port, "--data-dir", tmp_path)
    assert f"127.0.0.1:{port}" in told
    assert "--port" in told
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("leaves_the_process_alone")
def test_a_host_that_cannot_be_listened_on_is_named_with_its_option(tmp_path: Path) -> None:
    told = failed("--host", "192.0.2.1", "--data-dir", tmp_path)  # an address of no machine
    assert "192.0.2.1" in told
    assert "--host" in told


@pytest.mark.usefixtures("leaves_the_process_alone")
def test_a_database_that_cannot_be_used_is_named_without_its_password(tmp_path: Path) -> None:
    told = failed("--data-dir", tmp_path, "--database-url", POSTGRES_WITH_NO_SERVER)
    assert "--database-url" in told
    assert "hidden" not in told


@pytest.mark.usefixtures("leaves_the_process_alone")
def test_a_secret_that_could_be_guessed_is_refused_and_not_repeated(tmp_path: Path) -> None:
    told = failed("--data-dir", tmp_path, "--secret", "guessable")
    assert "--secret" in told
    assert "guessable" not in told


@pytest.mark.usefixtures("leaves_the_process_alone")
def test_several_machines_need_a_store_that_all_reach(tmp_path: Path) -> None:
    cluster = ("--engine", "ray", "--ray-address", "10.0.0.1:6379")
    assert "--database-url" in failed("--data-dir", tmp_path, *cluster)


@pytest.mark.usefixtures("leaves_the_process_alone", "no_ray")
def test_without_ray_the_package_to_install_is_named(tmp_path: Path) -> None:
    assert "charnn[ray]" in failed("--data-dir", tmp_path, "--engine", "ray")


@pytest.mark.usefixtures("no_ray")
def test_without_ray_the_cluster_s_commands_name_the_package_too() -> None:
    done = CliRunner().invoke(main, ["cluster", "status"])
    assert done.exit_code == 1
    assert "charnn[ray]" in done.stderr


@pytest.mark.parametrize("words", [[], ["machine", "--here"]], ids=["none", "two"])
def test_draining_takes_exactly_one_machine(words: list[str]) -> None:
    assert CliRunner().invoke(main, ["cluster", "drain", *words]).exit_code == 2
