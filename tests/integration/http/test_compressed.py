"""What the page is made of comes compressed to whoever takes that, and plain to the others."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import requests
from flask import Flask

from app.compressed import compress
from tests.support.client import PATIENCE, Visitor
from tests.support.server import ROOT, RunningServer

SCRIPT = "/static/js/main.js"
TEXTS = ("/", SCRIPT, "/static/css/base.css", "/api/texts/essays")


def _get(server: RunningServer, path: str, takes: str, **headers: str) -> requests.Response:
    return requests.get(
        f"{server.url}{path}", headers={"Accept-Encoding": takes, **headers}, timeout=PATIENCE
    )


@pytest.mark.parametrize("path", TEXTS)
@pytest.mark.parametrize("takes", ["gzip", "br, gzip;q=0.5", "*"])
def test_it_comes_compressed_to_whoever_takes_that(
    live_server: RunningServer, path: str, takes: str
) -> None:
    compressed, plain = _get(live_server, path, takes), _get(live_server, path, "identity")
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert int(compressed.headers["Content-Length"]) < int(plain.headers["Content-Length"])
    assert compressed.content == plain.content
    assert "Accept-Encoding" in compressed.headers["Vary"]


@pytest.mark.parametrize("path", TEXTS)
@pytest.mark.parametrize("takes", ["", "identity", "br", "gzip;q=0", "gzip;q=0, *"])
def test_it_comes_plain_to_the_others_who_share_a_cache_with_them(
    live_server: RunningServer, path: str, takes: str
) -> None:
    plain = _get(live_server, path, takes)
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("takes", ["gzip", "identity"])
def test_a_browser_is_told_that_its_copy_is_still_good(
    live_server: RunningServer, takes: str
) -> None:
    first = _get(live_server, SCRIPT, takes)
    again = _get(live_server, SCRIPT, takes, **{"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.content == b""


def test_parts_are_of_the_plain_content_and_never_go_with_the_compressed(
    live_server: RunningServer,
) -> None:
    compressed = _get(live_server, SCRIPT, "gzip")
    assert compressed.headers["ETag"] != _get(live_server, SCRIPT, "identity").headers["ETag"]
    part = _get(live_server, SCRIPT, "gzip", Range="bytes=0-9")
    assert part.status_code == 206
    assert part.content == (ROOT / SCRIPT.lstrip("/")).read_bytes()[:10]
    whole = {"Range": "bytes=0-9", "If-Range": compressed.headers["ETag"]}
    assert _get(live_server, SCRIPT, "gzip", **whole).content == compressed.content


def test_a_head_says_what_a_get_would_bring(live_server: RunningServer) -> None:
    headers = {"Accept-Encoding": "gzip"}
    head = requests.head(f"{live_server.url}{SCRIPT}", headers=headers, timeout=PATIENCE)
    got = _get(live_server, SCRIPT, "gzip")
    for name in ("Content-Encoding", "Content-Length", "ETag", "Vary"):
        assert head.headers[name] == got.headers[name]


def test_what_is_small_already_is_left_as_it_is(live_server: RunningServer) -> None:
    assert "Content-Encoding" not in _get(live_server, "/healthz", "gzip").headers


def test_what_is_downloaded_is_left_as_it_is(visitor: Visitor) -> None:
    visitor.open_tab().next_frame()
    answer = visitor.get("/api/model.json")
    assert "gzip" in answer.request.headers["Accept-Encoding"]
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_a_file_that_was_changed_comes_as_it_is_now(tmp_path: Path) -> None:
    web = Flask(__name__, static_folder=str(tmp_path), static_url_path="/static")
    web.after_request(compress)
    for content in (b"a { color: red }" * 99, b"b { color: red }" * 99):
        (tmp_path / "some.css").write_bytes(content)
        answer = web.test_client().get("/static/some.css", headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(answer.data) == content
