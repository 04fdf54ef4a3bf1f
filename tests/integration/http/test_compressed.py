"""What the page is made of comes compressed to whoever takes that, and plain to the others."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.web.http.compression import compress
from bench.harness.server import ROOT
from tests.support.site import Site, Visitor

SCRIPT = "/static/js/main.js"
TEXTS = ("/", SCRIPT, "/static/css/base.css", "/api/texts/essays")


def get(site: Site, path: str, takes: str, method: str = "GET", **headers: str) -> TestResponse:
    """What is answered to a browser that takes so much."""
    headers = {"Accept-Encoding": takes, **headers}
    return site.app.test_client().open(path, method=method, headers=headers)


@pytest.mark.parametrize("takes", ["gzip", "br, gzip;q=0.5", "*"])
def test_it_comes_compressed_to_whoever_takes_that(site: Site, takes: str) -> None:
    for path in TEXTS:
        compressed, plain = get(site, path, takes), get(site, path, "identity")
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert int(compressed.headers["Content-Length"]) < int(plain.headers["Content-Length"])
        assert gzip.decompress(compressed.data) == plain.data
        assert "Accept-Encoding" in compressed.headers["Vary"]


@pytest.mark.parametrize("takes", ["", "identity", "br", "gzip;q=0", "gzip;q=0, *"])
def test_it_comes_plain_to_the_others_who_share_a_cache_with_them(site: Site, takes: str) -> None:
    for path in TEXTS:
        plain = get(site, path, takes)
        assert "Content-Encoding" not in plain.headers
        assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("takes", ["gzip", "identity"])
def test_a_browser_is_told_that_its_copy_is_still_good(site: Site, takes: str) -> None:
    first = get(site, SCRIPT, takes)
    again = get(site, SCRIPT, takes, **{"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.data == b""


def test_parts_are_of_the_plain_content_and_never_go_with_the_compressed(site: Site) -> None:
    compressed = get(site, SCRIPT, "gzip")
    assert compressed.headers["ETag"] != get(site, SCRIPT, "identity").headers["ETag"]
    part = get(site, SCRIPT, "gzip", Range="bytes=0-9")
    assert part.status_code == 206
    assert part.data == (ROOT / SCRIPT.lstrip("/")).read_bytes()[:10]
    whole = {"Range": "bytes=0-9", "If-Range": compressed.headers["ETag"]}
    assert get(site, SCRIPT, "gzip", **whole).data == compressed.data


def test_a_head_says_what_a_get_would_bring(site: Site) -> None:
    head, got = get(site, SCRIPT, "gzip", method="HEAD"), get(site, SCRIPT, "gzip")
    for name in ("Content-Encoding", "Content-Length", "ETag", "Vary"):
        assert head.headers[name] == got.headers[name]


def test_what_is_small_already_is_left_as_it_is(site: Site) -> None:
    assert "Content-Encoding" not in get(site, "/healthz", "gzip").headers


def test_what_is_downloaded_is_left_as_it_is(visitor: Visitor) -> None:
    visitor.open_tab()
    answer = visitor.get("/api/model.json", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_a_file_that_was_changed_comes_as_it_is_now(tmp_path: Path) -> None:
    app = Flask(__name__, static_folder=str(tmp_path), static_url_path="/static")
    app.after_request(compress)
    for content in (b"a { color: red }" * 99, b"b { color: red }" * 99):
        (tmp_path / "some.css").write_bytes(content)
        answer = app.test_client().get("/static/some.css", headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(answer.data) == content
