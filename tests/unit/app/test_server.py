"""The address that a server prints, and how it reads its settings."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import server
from app.runtime.config import ServerConfig
from app.runtime.peers import network_of
from app.server import ServerError, _announce, _bind, _lock_data_dir, _secret
from app.web.http.api import history_csv
from tests.support.snapshots import FIRST, POINT

TOKEN = "naïve & a=100% s3cret/+ ?"


class Listener:
    """A socket that listens."""

    def __init__(self, *address: Any) -> None:
        self._address = address

    def getsockname(self) -> Any:
        """Where."""
        return self._address


@pytest.mark.parametrize(
    ("listening", "token", "printed"),
    [
        (("127.0.0.1", 8000), "", "http://127.0.0.1:8000"),
        (("0.0.0.0", 80), "", "http://127.0.0.1:80"),  # noqa: S104  (nothing listens there)
        (("::", 80, 0, 0), "", "http://[::1]:80"),
        (("fe80::1", 80, 0, 0), "", "http://[fe80::1]:80"),
        (
            ("127.0.0.1", 80),
            TOKEN,
            "http://127.0.0.1:80/?token=na%C3%AFve%20%26%20a%3D100%25%20s3cret%2F%2B%20%3F",
        ),
    ],
)
def test_the_printed_address_can_be_opened_on_this_machine(
    listening: tuple[Any, ...], token: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _announce(Listener(*listening), ServerConfig(token=token))  # type: ignore[arg-type]
    assert capsys.readouterr().out.split()[-1] == printed


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6 here")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_wildcard_address_of_ipv6_is_also_that_of_ipv4(host: str) -> None:
    """`--host ::` serves both; visitors by IPv4 keep the address that limits count."""
    with _bind(ServerConfig(host="::", port=0)) as listener:
        listener.listen()
        with socket.create_connection((host, listener.getsockname()[1])):
            connection, address = listener.accept()
            connection.close()
    assert network_of(address[0]) == network_of(host)


def test_a_port_that_is_taken_is_named_with_the_option_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        listener = _bind(ServerConfig(port=0))
        listener.close()
        with pytest.raises(ServerError) as caught:
            _bind(ServerConfig(port=port))
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "--port" in str(caught.value)


def test_a_second_server_on_a_data_folder_is_refused_unless_they_share_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOCK_SECONDS", 0.0)
    config = ServerConfig(data_dir=tmp_path)
    with _lock_data_dir(config):
        with pytest.raises(ServerError) as caught:
            _lock_data_dir(config)
        assert str(tmp_path) in str(caught.value)
        with _lock_data_dir(replace(config, database_url="postgresql://host/name")):
            pass
    with _lock_data_dir(config):
        pass


def test_a_secret_that_could_be_guessed_is_refused_and_one_is_made_where_there_is_none(
    tmp_path: Path,
) -> None:
    with pytest.raises(ServerError) as caught:
        _secret(ServerConfig(secret="short", data_dir=tmp_path))
    assert "--secret" in str(caught.value)
    made = _secret(ServerConfig(data_dir=tmp_path))
    assert len(made) == 32
    assert made == _secret(ServerConfig(data_dir=tmp_path))
    assert _secret(ServerConfig(secret="x" * 32, data_dir=tmp_path)) == b"x" * 32


def test_the_history_is_a_table_with_gaps_where_nothing_is_known() -> None:
    known = POINT._replace(validation=8.5, learning_rate=0.005)
    table = history_csv(replace(FIRST, points=(POINT, known)))
    header, *rows = [line.split(",") for line in table.splitlines()]
    assert header[:4] == ["step", "epoch", "seconds", "perplexity"]
    assert header[4:] == ["held_out_perplexity", "learning_rate"]
    assert rows[0] == ["10", "0.1000", "0.5000", "7.38906", "", ""]
    assert rows[1] == ["10", "0.1000", "0.5000", "7.38906", "8.5", "0.005"]
