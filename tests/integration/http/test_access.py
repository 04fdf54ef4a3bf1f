"""Access control by a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from itsdangerous import Signer

from app.web.http.responses import CODE_HEADER
from app.web.middleware import access_token
from app.web.middleware.access_token import COOKIE, MAX_FORM_BYTES
from app.web.middleware.failed_attempts import FIRST_WAIT, FREE_ATTEMPTS
from app.web.session_cookie import SECRET_FILE
from tests.support.app_server import AppServer, Tab, running_app

TOKEN = "naïve & a=100% s3cret/+ ?"
SHARED = f"/s/{'A' * 22}"
POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    with running_app(tmp_path_factory.mktemp("locked"), token=TOKEN) as app_server:
        yield app_server


ADDRESSES = (f"10.0.0.{number}" for number in range(1, 255))


@pytest.fixture
def browser(locked: AppServer) -> FlaskClient:
    """A browser with an address of its own: an address that fails often must wait."""
    browser = locked.app.test_client()
    browser.environ_base["REMOTE_ADDR"] = next(ADDRESSES)
    return browser


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """The clock of the access control, stopped."""
    clock = Mock(monotonic=Mock(return_value=1e6))
    monkeypatch.setattr(access_token, "time", clock)
    return clock


def test_requests_without_the_token_get_the_form(browser: FlaskClient) -> None:
    for path in ("/", SHARED):
        page = browser.get(path)
        assert page.status_code == 401
        assert 'action="/token"' in page.text
        assert "data-code" not in page.text
        assert page.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in page.headers
    for path in ("/api/model.json", "/api/history.csv", "/metrics", "/nowhere", POLLING):
        answer = browser.get(path)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "token_needed")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert browser.get("/socket.io/?transport=websocket", headers=WEBSOCKET).status_code == 401


def test_public_paths_need_no_token(browser: FlaskClient) -> None:
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/readyz").status_code == 200
    assert browser.get("/static/page.css").status_code == 200
    assert browser.get("/static/../api/model.json").status_code in {401, 404}


def test_a_token_in_the_url_is_replaced_by_a_cookie(
    locked: AppServer, browser: FlaskClient
) -> None:
    answer = browser.get(f"/?token={quote(TOKEN, safe='')}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    given = answer.headers["Set-Cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    assert "s3cret" not in given
    page = browser.get("/")
    assert page.status_code == 200
    assert 'id="learn"' in page.text
    tab = Tab(locked.parts, locked.app, browser)
    assert tab.ask("pause") == {"ok": True}
    tab.close()


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], TOKEN.upper(), "é" * MAX_FORM_BYTES])
def test_the_form_rejects_a_wrong_token(browser: FlaskClient, wrong: str) -> None:
    answer = browser.post("/token", data={"token": wrong})
    assert answer.status_code == 401
    assert 'data-code="token_wrong"' in answer.text
    assert browser.get_cookie(COOKIE) is None


def test_the_form_strips_whitespace(browser: FlaskClient) -> None:
    answer = browser.post("/token", data={"token": f" {TOKEN} "}, follow_redirects=True)
    assert answer.status_code == 200
    assert 'id="learn"' in answer.text


def test_bearer_token_authorizes_a_request(browser: FlaskClient) -> None:
    sent = f"Bearer {TOKEN}".encode().decode("latin-1")
    assert browser.get("/", environ_overrides={"HTTP_AUTHORIZATION": sent}).status_code == 200
    wrong = browser.get(POLLING, headers={"Authorization": "Bearer guess"})
    assert (wrong.status_code, wrong.get_json()["code"]) == (401, "token_wrong")


def guess(browser: FlaskClient, how: str, token: str) -> tuple[int, str | None]:
    """Offer a token; returns the status and the code of the error, if any."""
    if how == "form":
        answer = browser.post("/token", data={"token": token})
    elif how == "url":
        answer = browser.get("/", query_string={"token": token})
    else:
        bearer = f"Bearer {token}".encode().decode("latin-1")
        answer = browser.get("/metrics", environ_overrides={"HTTP_AUTHORIZATION": bearer})
    return answer.status_code, answer.headers.get(CODE_HEADER)


@pytest.mark.parametrize("how", ["form", "url", "bearer"])
def test_an_address_that_guesses_must_wait(
    locked: AppServer, browser: FlaskClient, clock: Mock, how: str
) -> None:
    """Also with the right token, since else guesses were still answered."""
    for _ in range(FREE_ATTEMPTS):
        assert guess(browser, how, "a wrong token") == (401, "token_wrong")
    for token in (TOKEN, "another wrong token"):
        assert guess(browser, how, token) == (429, "token_wait")
    elsewhere = locked.app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = next(ADDRESSES)
    assert guess(elsewhere, how, TOKEN)[1] is None
    clock.monotonic.return_value += FIRST_WAIT
    assert guess(browser, how, TOKEN)[1] is None
    counted = locked.parts.metrics.text().decode()
    assert re.search(r'charnn_refusals_total\{code="token_wait"\} [1-9]', counted)
    assert re.search(r'charnn_refusals_total\{code="token_wrong"\} [1-9]', counted)


def test_a_visitor_with_the_cookie_does_not_wait(browser: FlaskClient, clock: Mock) -> None:
    """A neighbour at the same address cannot shut visitors out who are in."""
    del clock
    assert guess(browser, "form", TOKEN)[1] is None
    for _ in range(FREE_ATTEMPTS + 1):
        guess(browser, "form", "a wrong token")
    assert browser.get("/").status_code == 200


def test_behind_a_proxy_the_visitor_s_address_waits(tmp_path: Path) -> None:
    """All visitors have the proxy's address; one that guesses must not make them wait."""
    with running_app(tmp_path, token=TOKEN, trusted_proxies=1) as app_server:
        http = app_server.app.test_client()

        def post(address: str) -> int:
            headers = {"X-Forwarded-For": address}
            return http.post("/token", data={"token": "wrong"}, headers=headers).status_code

        assert [post("203.0.113.1") for _ in range(FREE_ATTEMPTS + 1)][-1] == 429
        assert post("203.0.113.2") == 401


def test_a_forged_cookie_is_rejected(locked: AppServer, browser: FlaskClient) -> None:
    secret = (locked.parts.config.data_dir / SECRET_FILE).read_bytes()
    for forged in ("known", "known.", "known.x", Signer(secret).sign("known").decode(), "x" * 4000):
        browser.set_cookie(COOKIE, forged)
        assert browser.get("/").status_code == 401


def test_changing_the_token_invalidates_cookies(tmp_path: Path) -> None:
    with running_app(tmp_path, token="the first token!") as app_server:
        http = app_server.app.test_client()
        http.get("/?token=the first token!")
        given = http.get_cookie(COOKIE)
        assert given is not None
    for token, status in (("the first token!", 200), ("another token 123", 401)):
        with running_app(tmp_path, token=token) as app_server:
            http = app_server.app.test_client()
            http.set_cookie(COOKIE, given.value)
            assert http.get("/").status_code == status


def test_the_form_redirects_to_the_requested_share(browser: FlaskClient) -> None:
    assert f'name="wanted" value="{SHARED}"' in browser.get(SHARED).text
    wrong = browser.post("/token", data={"token": "x", "wanted": SHARED})
    assert f'name="wanted" value="{SHARED}"' in wrong.text
    by_link = browser.get(f"{SHARED}?token={quote(TOKEN, safe='')}")
    assert (by_link.status_code, by_link.headers["Location"]) == (303, SHARED)


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        (SHARED, SHARED),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/s/../api/model.json", "/"),
        (f"{SHARED}\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_the_form_redirects_only_to_this_server(
    browser: FlaskClient, wanted: str, led_to: str
) -> None:
    answer = browser.post("/token", data={"token": TOKEN, "wanted": wanted})
    assert (answer.status_code, answer.headers["Location"]) == (303, led_to)
