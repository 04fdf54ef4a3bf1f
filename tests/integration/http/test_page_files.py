"""The page and its files come from memory, and browsers cache them."""

from __future__ import annotations

import json
import re

import pytest

from app.web.http import pages
from app.web.session_cookie import COOKIE
from bench.harness.server import ROOT
from tests.support.app_server import AppServer

SOURCE_MAP = re.compile(rb"sourceMappingURL=([\w.-]+)")


def links_of(html: str) -> list[str]:
    """The URLs of the page's own files."""
    return re.findall(r'(?:src|href)="(/static/[^"]+)"', html)


def test_every_visitor_gets_the_same_page_rendered_once(
    app_server: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rendering takes longer than all else that a request of the page needs."""
    first = app_server.app.test_client().get("/")

    def render_again(*_: object, **__: object) -> str:
        raise AssertionError("rendered again")

    monkeypatch.setattr(pages, "render_template", render_again)
    other = app_server.app.test_client().get("/")
    assert (other.status_code, other.data) == (200, first.data)
    assert other.headers["Set-Cookie"] != first.headers["Set-Cookie"]


def test_an_unchanged_page_still_sets_the_cookie(app_server: AppServer) -> None:
    """A browser whose cookie is gone has the page in its cache, and needs a session."""
    tag = app_server.app.test_client().get("/").headers["ETag"]
    answer = app_server.app.test_client().get("/", headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert f"{COOKIE}=" in answer.headers["Set-Cookie"]


def test_linked_files_are_cached_for_good(app_server: AppServer) -> None:
    """A reload of the page requests the page alone."""
    links = links_of(app_server.app.test_client().get("/").text)
    assert links
    for url in links:
        answer = app_server.app.test_client().get(url)
        assert answer.status_code == 200
        assert answer.cache_control.immutable
        assert answer.cache_control.max_age


def test_scripts_and_style_sheets_have_source_maps(app_server: AppServer) -> None:
    """Errors and profiles of the page point to its modules."""
    client = app_server.app.test_client()
    for url in links_of(client.get("/").text):
        found = SOURCE_MAP.search(client.get(url).data)
        assert url.endswith(".svg") or found, url
        if found:
            source_map = json.loads(client.get(f"/static/{found[1].decode()}").data)
            assert len(source_map["sources"]) == len(source_map["sourcesContent"]) > 0


def test_the_licences_of_the_libraries_are_served(app_server: AppServer) -> None:
    text = app_server.app.test_client().get("/static/licences.txt").text
    for library in ("uplot", "socket.io-client", "engine.io-client"):
        assert re.search(rf"^{library} \d", text, re.MULTILINE), library
    assert text.count("Permission is hereby granted") == text.count("Copyright (c)") > 2


def test_files_under_other_versions_are_current_and_not_cached(app_server: AppServer) -> None:
    """While a new version is installed, a page may ask a server of the other version."""
    current = next(
        url for url in links_of(app_server.app.test_client().get("/").text) if "main" in url
    )
    for url in ("/static/main-ABCDEFGH.js", "/static/main.js"):
        answer = app_server.app.test_client().get(url)
        assert answer.data == (ROOT / current[1:].replace("static", "static/bundle")).read_bytes()
        assert answer.mimetype == "text/javascript"
        assert answer.cache_control.no_cache
        assert answer.cache_control.max_age is None


@pytest.mark.parametrize(
    "path", ["", "main", "js/", "none-ABCDEFGH.js", "../app/server.py", "%2e%2e/Makefile"]
)
def test_other_paths_have_no_file(app_server: AppServer, path: str) -> None:
    assert app_server.app.test_client().get(f"/static/{path}").status_code == 404


def test_files_are_read_only(app_server: AppServer) -> None:
    assert app_server.app.test_client().put("/static/main.js").status_code == 404
