"""Who is let in, and what other sites and strangers cannot do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import socketio
import websocket
from itsdangerous import Signer

from app.identity import COOKIE, SECRET_FILE
from app.session_id import new_session_id
from tests.support.client import PATIENCE, Tab, Visitor
from tests.support.server import RunningServer, running_server

POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
TOKEN = "naïve & a=100% s3cret/+ ?"

STRANGERS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://[not-a-host"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def _get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=PATIENCE, allow_redirects=False)


def _cookie(visitor: Visitor) -> str:
    return "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.get_dict().items())


def _open_websocket(url: str, headers: dict[str, str]) -> websocket.WebSocket:
    return websocket.create_connection(
        url.replace("http", "ws", 1) + WEBSOCKET,
        header=headers,
        timeout=PATIENCE,
        suppress_origin=True,
    )


# ------------------------------------------------------------------ other sites


@pytest.mark.parametrize("headers", STRANGERS)
def test_another_sites_page_cannot_open_a_socket_with_a_visitors_cookie(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    headers = {**headers, "Cookie": _cookie(visitor)}
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        _open_websocket(visitor.url, headers)
    assert refused.value.status_code == 403
    polling = _get(visitor.url + POLLING, **headers)
    assert polling.status_code == 403
    assert "another site" in polling.json()["error"]


@pytest.mark.parametrize("headers", STRANGERS)
def test_another_sites_page_cannot_change_a_visitors_network(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    tab = visitor.open_tab()
    version = tab.state["version"]
    answer = requests.put(
        f"{visitor.url}/api/model.json",
        data=tab.ask("save")["json"],
        headers={**headers, "Cookie": _cookie(visitor)},
        timeout=PATIENCE,
    )
    assert answer.status_code == 403
    assert answer.json()["ok"] is False
    tab.next_frame()
    assert tab.state["version"] == version


def test_the_own_page_and_programs_are_let_in(visitor: Visitor) -> None:
    host = urlsplit(visitor.url).netloc
    for headers in (
        {"Origin": visitor.url, "Sec-Fetch-Site": "same-origin"},
        {"Origin": f"http://{host}"},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        assert _get(visitor.url + POLLING, **headers).status_code == 200
        _open_websocket(visitor.url, {**headers, "Cookie": _cookie(visitor)}).close()


def test_a_link_from_another_site_opens_the_page(live_server: RunningServer) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    assert _get(live_server.url, **headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", "10.0.0.1"]
)
def test_a_name_that_leads_to_this_machine_from_elsewhere_is_refused(
    live_server: RunningServer, host: str
) -> None:
    for path in ("/", "/healthz", "/api/model.json", POLLING):
        answer = _get(live_server.url + path, Host=host)
        assert answer.status_code == 403
        assert "localhost" in answer.json()["error"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:80"])
def test_the_names_of_this_machine_are_answered(live_server: RunningServer, host: str) -> None:
    assert _get(f"{live_server.url}/healthz", Host=host).status_code == 200


# ------------------------------------------------------------------ what every answer carries


def test_every_answer_keeps_other_sites_and_foreign_scripts_out(live_server: RunningServer) -> None:
    for path in ("/", "/static/js/main.js", "/healthz", "/nowhere", "/api/model.json", POLLING):
        headers = _get(live_server.url + path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Permissions-Policy" in headers
        assert "Strict-Transport-Security" not in headers
        assert "Access-Control-Allow-Origin" not in headers


# ------------------------------------------------------------------ cookies


def _forgeries(server_folder: Path | None, cookie: str) -> list[str]:
    guessed = new_session_id()
    value, _, signature = cookie.rpartition(".")
    forged = [
        guessed,
        f"{guessed}.",
        f"{guessed}.{signature}",
        value,
        cookie[:-1],
        f"x{cookie}",
        Signer(secrets.token_bytes(32), salt="charnn session").sign(guessed).decode(),
        "a" * 6000,
        "ÿþ.ÿ",
        "",
    ]
    if server_folder is not None:
        secret = (server_folder / "data" / SECRET_FILE).read_bytes()
        forged.append(Signer(secret, salt="another salt").sign(guessed).decode())
        forged.append(Signer(secret).sign(guessed).decode())
    return forged


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def own_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, Path]]:
    folder = tmp_path_factory.mktemp(f"own-{request.param}")
    with running_server(folder, async_mode=request.param) as server:
        yield server, folder
        assert not server.complaints


def test_a_forged_or_damaged_cookie_counts_as_none(
    own_server: tuple[RunningServer, Path],
) -> None:
    server, folder = own_server
    visitor = Visitor(server.url)
    cookie = visitor.http.cookies.get_dict()[COOKIE]
    tab = visitor.open_tab()
    session = tab.state["session"]
    for forged in _forgeries(folder, cookie):
        header = f"{COOKIE}={forged}".encode("latin-1", "replace")
        page = requests.get(server.url, headers={"Cookie": header}, timeout=PATIENCE)
        assert page.status_code == 200
        assert page.cookies[COOKIE] != forged
        model = requests.get(
            f"{server.url}/api/model.json", headers={"Cookie": header}, timeout=PATIENCE
        )
        assert model.status_code == 404
        if forged.isascii():
            for transport in ("websocket", "polling"):
                with pytest.raises(socketio.exceptions.ConnectionError):
                    Tab(server.url, {COOKIE: forged}, transport)
    assert visitor.open_tab().state["session"] == session
    visitor.leave()


# ------------------------------------------------------------------ the proxy

FORWARDED = {
    "X-Forwarded-For": "203.0.113.7, 198.51.100.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "charnn.example",
}


def test_without_a_proxy_nobody_can_say_they_come_by_one(live_server: RunningServer) -> None:
    answer = _get(live_server.url, **FORWARDED, Forwarded="for=1.2.3.4;proto=https")
    assert answer.status_code == 200
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in answer.headers
    polling = _get(live_server.url + POLLING, **FORWARDED, Origin="https://charnn.example")
    assert polling.status_code == 403


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_trusted_proxy_says_who_visits_and_that_it_is_safe(mode: str, tmp_path: Path) -> None:
    with running_server(tmp_path, async_mode=mode, options=("--trust-proxy",)) as server:
        answer = _get(server.url, **FORWARDED)
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        own = _get(server.url + POLLING, **FORWARDED, Origin="https://charnn.example")
        assert own.status_code == 200
        for stranger in ("http://charnn.example", "https://evil.example", server.url):
            other = _get(server.url + POLLING, **FORWARDED, Origin=stranger)
            assert other.status_code == 403
        assert not server.complaints


# ------------------------------------------------------------------ the token


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def locked_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, Path]]:
    folder = tmp_path_factory.mktemp(f"locked-{request.param}")
    environment = {"CHARNN_TOKEN": TOKEN}
    with running_server(folder, async_mode=request.param, environment=environment) as server:
        yield server, folder
        assert not server.complaints


def test_without_the_token_only_the_form_is_shown(
    locked_server: tuple[RunningServer, Path],
) -> None:
    server, _ = locked_server
    page = _get(server.url)
    assert page.status_code == 401
    assert 'action="/token"' in page.text
    assert page.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers
    for path in ("/api/model.json", "/api/history.csv", "/metrics", "/nowhere", POLLING):
        answer = _get(server.url + path)
        assert answer.status_code == 401
        assert "token" in answer.json()["error"]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        _open_websocket(server.url, {})
    assert refused.value.status_code == 401


def test_health_and_the_styles_of_the_form_need_no_token(
    locked_server: tuple[RunningServer, Path],
) -> None:
    server, _ = locked_server
    assert _get(f"{server.url}/healthz").status_code == 200
    assert _get(f"{server.url}/static/css/base.css").status_code == 200
    assert _get(f"{server.url}/static/../api/model.json").status_code in {401, 404}


def test_the_printed_address_opens_the_page_and_leaves_no_token_in_it(
    locked_server: tuple[RunningServer, Path],
) -> None:
    server, _ = locked_server
    browser = requests.Session()
    answer = browser.get(server.url + server.door, timeout=PATIENCE)
    assert answer.status_code == 200
    assert answer.url == f"{server.url}/"
    assert 'id="learn"' in answer.text
    given = answer.history[0].headers["Set-Cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    assert "s3cret" not in given
    tab = Tab(server.url, browser.cookies.get_dict())
    assert tab.ask("pause") == {"ok": True}
    tab.close()


def test_the_form_takes_the_token_and_no_other(locked_server: tuple[RunningServer, Path]) -> None:
    server, _ = locked_server
    browser = requests.Session()
    for wrong in ("", "x", TOKEN[:-1], TOKEN.upper(), "é" * 3000):
        answer = browser.post(f"{server.url}/token", {"token": wrong}, timeout=PATIENCE)
        assert answer.status_code == 401
        assert "not the token" in answer.text
        assert not browser.cookies
    answer = browser.post(f"{server.url}/token", {"token": f" {TOKEN} "}, timeout=PATIENCE)
    assert answer.status_code == 200
    assert 'id="learn"' in answer.text


def test_a_program_sends_the_token_with_each_request(
    locked_server: tuple[RunningServer, Path],
) -> None:
    server, _ = locked_server
    right = f"Bearer {TOKEN}".encode()
    assert requests.get(server.url, headers={"Authorization": right}, timeout=PATIENCE).ok
    wrong = _get(server.url + POLLING, Authorization="Bearer guess")
    assert wrong.status_code == 401


def test_a_forged_pass_opens_nothing(locked_server: tuple[RunningServer, Path]) -> None:
    server, folder = locked_server
    secret = (folder / "data" / SECRET_FILE).read_bytes()
    for forged in ("known", "known.", "known.x", Signer(secret).sign("known").decode(), "x" * 6000):
        assert _get(server.url, Cookie=f"charnn_access={forged}").status_code == 401


def test_another_token_ends_the_passes_for_the_old_one(tmp_path: Path) -> None:
    browser = requests.Session()

    def visit(token: str, path: Callable[[RunningServer], str]) -> int:
        with running_server(tmp_path, environment={"CHARNN_TOKEN": token}) as server:
            return browser.get(server.url + path(server), timeout=PATIENCE).status_code

    assert visit("first", lambda server: server.door) == 200
    assert visit("first", lambda _: "/") == 200
    assert visit("second", lambda _: "/") == 401
