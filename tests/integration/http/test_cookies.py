"""The session cookie."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from itsdangerous import Signer

from app.protocol.ids import new_session_id
from app.web import service
from app.web.session_cookie import COOKIE, SECRET_FILE
from tests.support.app_server import AppServer, Client, ConnectionRefused, Tab, running_app


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
    signer = app_server.parts.session_cookie._signer
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
        assert http.get_cookie(COOKIE) == given
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
    with running_app(tmp_path, trust_proxy=True) as app_server:
        page = app_server.app.test_client().get("/", headers=forwarded)
        assert "Secure" in page.headers["Set-Cookie"]
