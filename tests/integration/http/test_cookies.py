"""The session cookie."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import Signer

from app.protocol.ids import new_session_id
from app.web import service
from app.web.session_cookie import COOKIE, SECRET_FILE
from tests.support.app_server import AppServer, Client, ConnectionRefused, Tab, running_app
from tests.support.stub_engine import StubEngine


def cookie_of(client: Client) -> str:
    cookie = client.http.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def forgeries(app_server: AppServer, cookie: str) -> list[str]:
    guessed = new_session_id()
    value, _, signature = cookie.rpartition(".")
    secret = (app_server.parts.config.data_dir / SECRET_FILE).read_bytes()
    return [
        guessed,
        f"{guessed}.",
        f"{guessed}.{signature}",
        value,
        cookie[:-1],
        f"x{cookie}",
        Signer(secrets.token_bytes(32), salt="charnn session").sign(guessed).decode(),
        Signer(secret, salt="another salt").sign(guessed).decode(),
        Signer(secret).sign(guessed).decode(),
        "a" * 4000,
        "ÿþ.ÿ",
        "",
    ]


def test_a_forged_or_damaged_cookie_is_ignored(app_server: AppServer, client: Client) -> None:
    session = client.open_tab().state["session"]
    for forged in forgeries(app_server, cookie_of(client)):
        plain = app_server.app.test_client(use_cookies=False)
        headers = {"Cookie": f"{COOKIE}={forged}"}
        page = plain.get("/", headers=headers)
        assert page.status_code == 200
        assert f"{COOKIE}={forged};" not in page.headers["Set-Cookie"]
        model = plain.get("/api/model.json", headers=headers)
        assert (model.status_code, model.get_json()["code"]) == (404, "no_session")
        http = app_server.app.test_client()
        http.set_cookie(COOKIE, forged)
        with pytest.raises(ConnectionRefused) as refused:
            Tab(app_server.parts, app_server.app, http)
        assert refused.value.data == {"code": "unknown_page"}
    assert client.open_tab().state["session"] == session


def test_an_id_that_the_store_has_lost_is_replaced(
    app_server: AppServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of a lost session must not take a new network for its own."""
    signer = app_server.parts.session_cookie._cookie._signer
    lost = signer.sign("0123abcd" + "x" * 24).decode()
    http = app_server.app.test_client()
    http.set_cookie(COOKIE, lost)
    with pytest.raises(ConnectionRefused) as refused:
        Tab(app_server.parts, app_server.app, http)
    assert refused.value.data == {"code": "unknown_page"}
    http.get("/")
    given = http.get_cookie(COOKIE)
    assert given is not None
    assert given.value != lost
    tab = Tab(app_server.parts, app_server.app, http)
    assert tab.state["session"]
    tab.close()
    # An id that is new, in memory or stored is left as it is.
    for _ in range(2):
        client.get("/")
        http.get("/")
        kept = http.get_cookie(COOKIE)
        assert kept is not None
        assert kept.value == given.value
    own = cookie_of(client)
    session = client.open_tab().state["session"]
    monkeypatch.setattr(service, "NEW_SECONDS", 0.0)
    client.get("/")
    assert cookie_of(client) == own
    assert client.open_tab().state["session"] == session


def test_no_session_without_a_cookie(app_server: AppServer) -> None:
    http = app_server.app.test_client()
    with pytest.raises(ConnectionRefused) as refused:
        Tab(app_server.parts, app_server.app, http)
    assert refused.value.data == {"code": "unknown_page"}
    for path in ("/api/model.json", "/api/model.py", "/api/history.csv"):
        response = http.get(path)
        assert (response.status_code, response.get_json()["code"]) == (404, "no_session")
    response = http.put("/api/model.json", data=b"{}")
    assert (response.status_code, response.get_json()["code"]) == (404, "no_session")


def test_the_cookie_is_httponly_and_samesite(client: Client) -> None:
    page = client.get("/")
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert page.headers["Cache-Control"] == "private, no-cache"


def test_the_cookie_is_secure_behind_a_trusted_proxy(tmp_path: Path) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "charnn.example"}
    with running_app(tmp_path, trusted_proxies=1) as app_server:
        page = app_server.app.test_client().get("/", headers=forwarded)
        assert "Secure" in page.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("host", "root", "name", "path"),
    [
        ("localhost", "", COOKIE, "/"),
        ("localhost:8001", "", f"{COOKIE}_8001", "/"),
        ("localhost:8001", "/a/charnn", f"{COOKIE}_8001_a_charnn", "/a/charnn"),
        ("[::1]:8001", "", f"{COOKIE}_8001", "/"),
    ],
)
def test_the_cookie_s_name_tells_servers_on_one_host_apart(
    tmp_path: Path, host: str, root: str, name: str, path: str
) -> None:
    """Browsers do not keep the cookies of two ports, or of a path and its parent, apart."""
    with running_app(tmp_path, engine=StubEngine(), root_path=root) as app_server:
        page = app_server.app.test_client().get("/", headers={"Host": host})
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=")
        assert f"Path={path}" in cookie.split("; ")


def test_a_cookie_without_the_port_is_accepted_until_there_is_one_with_it(
    app_server: AppServer, client: Client
) -> None:
    """A visitor of an older version keeps the network, and gets a cookie with the new name."""
    old = cookie_of(client)
    host = {"Host": "localhost:8001"}
    plain = app_server.app.test_client(use_cookies=False)
    headers = {**host, "Cookie": f"{COOKIE}={old}"}
    renamed = plain.get("/", headers=headers).headers["Set-Cookie"].partition(";")[0]
    assert renamed == f"{COOKIE}_8001={old}"
    other = cookie_of(app_server.new_client())
    headers = {**host, "Cookie": f"{COOKIE}={other}; {renamed}"}
    assert plain.get("/", headers=headers).headers["Set-Cookie"].startswith(renamed)


@pytest.mark.parametrize(("scheme", "embedded"), [("https", True), ("http", False)])
def test_an_embedded_page_gets_its_cookies_over_https(
    tmp_path: Path, scheme: str, embedded: bool
) -> None:
    """A browser keeps neither SameSite=Lax cookies of embedded pages, nor others without HTTPS."""
    settings: dict[str, Any] = {"frame_ancestors": "https://a.example", "trusted_proxies": 1}
    with running_app(
        tmp_path, engine=StubEngine(), token="of-sixteen-letters", **settings
    ) as app_server:
        headers = {"X-Forwarded-Proto": scheme}
        http = app_server.app.test_client()
        for path in ("/?token=of-sixteen-letters", "/"):
            base = f"{scheme}://localhost/"
            attributes = http.get(path, base_url=base, headers=headers).headers["Set-Cookie"]
            assert ("SameSite=None" in attributes) == embedded
            assert ("Partitioned" in attributes) == embedded
            assert ("SameSite=Lax" in attributes) != embedded
