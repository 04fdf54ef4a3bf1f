"""The server below a path, as a proxy may make it available."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.support.app_server import AppServer, running_app
from tests.support.stub_engine import StubEngine

ROOT = "/lab/charnn"
TOKEN = "of-sixteen-letters"
SHARED = "/s/" + "A" * 22


@pytest.fixture
def app_server(tmp_path: Path) -> Iterator[AppServer]:
    with running_app(tmp_path, engine=StubEngine(), token=TOKEN, root_path=ROOT) as app_server:
        yield app_server


@pytest.fixture
def http(app_server: AppServer) -> FlaskClient:
    return app_server.app.test_client()


def test_every_address_of_every_page_is_below_the_root_path(http: FlaskClient) -> None:
    """Neither of the pages, nor the token's redirect, leads out of the path."""
    form = http.get(f"{ROOT}/")
    granted = http.post(f"{ROOT}/token", data={"token": TOKEN, "wanted": "/"})
    assert granted.headers["Location"] == f"{ROOT}/"
    pages = [form, http.get(f"{ROOT}/"), http.get(f"{ROOT}{SHARED}")]
    assert [page.status_code for page in pages] == [401, 200, 404]
    for page in pages:
        addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
        assert addresses
        assert [each for each in addresses if not each.startswith(f"{ROOT}/")] == []
        for address in addresses:
            if "/static/" in address:
                assert http.get(address).status_code == 200, address
    assert f'data-root="{ROOT}"' in pages[1].text


def test_the_root_path_without_a_slash_is_the_page(http: FlaskClient) -> None:
    """A visitor who leaves out the last slash gets the page."""
    assert http.get(f"{ROOT}?token={TOKEN}").headers["Location"] == f"{ROOT}/"
    page = http.get(ROOT)
    assert page.status_code == 200
    assert f"Path={ROOT}" in page.headers["Set-Cookie"]
