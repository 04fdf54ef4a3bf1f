"""The cookie that names a session: who has none, or a forged one, has no session."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from itsdangerous import Signer

from app.protocol.ids import new_session_id
from app.web.session_cookie import COOKIE, SECRET_FILE
from tests.support.site import ConnectionRefused, Site, Tab, Visitor, open_site


def cookie_of(visitor: Visitor) -> str:
    cookie = visitor.http.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def forgeries(site: Site, cookie: str) -> list[str]:
    guessed = new_session_id()
    value, _, signature = cookie.rpartition(".")
    secret = (site.parts.config.data_dir / SECRET_FILE).read_bytes()
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


def test_a_forged_or_damaged_cookie_counts_as_none(site: Site, visitor: Visitor) -> None:
    session = visitor.open_tab().state["session"]
    for forged in forgeries(site, cookie_of(visitor)):
        plain = site.app.test_client(use_cookies=False)
        headers = {"Cookie": f"{COOKIE}={forged}"}
        page = plain.get("/", headers=headers)
        assert page.status_code == 200
        assert f"{COOKIE}={forged};" not in page.headers["Set-Cookie"]
        model = plain.get("/api/model.json", headers=headers)
        assert (model.status_code, model.get_json()["code"]) == (404, "no_session")
        http = site.app.test_client()
        http.set_cookie(COOKIE, forged)
        with pytest.raises(ConnectionRefused) as refused:
            Tab(site.parts, site.app, http)
        assert refused.value.data == {"code": "unknown_page"}
    assert visitor.open_tab().state["session"] == session


def test_without_a_cookie_there_is_no_session(site: Site) -> None:
    http = site.app.test_client()
    with pytest.raises(ConnectionRefused) as refused:
        Tab(site.parts, site.app, http)
    assert refused.value.data == {"code": "unknown_page"}
    for path in ("/api/model.json", "/api/model.py", "/api/history.csv"):
        response = http.get(path)
        assert (response.status_code, response.get_json()["code"]) == (404, "no_session")
    response = http.put("/api/model.json", data=b"{}")
    assert (response.status_code, response.get_json()["code"]) == (404, "no_session")


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(visitor: Visitor) -> None:
    page = visitor.get("/")
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert page.headers["Cache-Control"] == "no-store"


def test_behind_a_proxy_that_is_trusted_the_cookie_goes_by_https_alone(tmp_path: Path) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "charnn.example"}
    with open_site(tmp_path, trust_proxy=True) as site:
        page = site.app.test_client().get("/", headers=forwarded)
        assert "Secure" in page.headers["Set-Cookie"]
