"""Compression of the page's files."""

from __future__ import annotations

import gzip

import pytest
from werkzeug.test import TestResponse

from tests.support.app_server import AppServer, Client

SCRIPT = "/static/main.js"
FILES = (SCRIPT, "/static/page.css")
RESPONSES = ("/", "/api/texts/essays")


def get(
    app_server: AppServer, path: str, takes: str, method: str = "GET", **headers: str
) -> TestResponse:
    """The response for this Accept-Encoding."""
    headers = {"Accept-Encoding": takes, **headers}
    return app_server.app.test_client().open(path, method=method, headers=headers)


@pytest.mark.parametrize(
    ("takes", "paths"),
    [("gzip", (*RESPONSES, *FILES)), ("br, gzip;q=0.5", RESPONSES), ("*", RESPONSES)],
)
def test_responses_are_compressed_on_request(
    app_server: AppServer, takes: str, paths: tuple[str, ...]
) -> None:
    for path in paths:
        compressed, plain = get(app_server, path, takes), get(app_server, path, "identity")
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert int(compressed.headers["Content-Length"]) < int(plain.headers["Content-Length"])
        assert gzip.decompress(compressed.data) == plain.data
        assert "Accept-Encoding" in compressed.headers["Vary"]


@pytest.mark.parametrize("takes", ["br", "gzip, deflate, br, zstd", "gzip;q=0, *"])
def test_the_files_of_the_page_are_smaller_with_brotli(app_server: AppServer, takes: str) -> None:
    """The browser tests decode them."""
    for path in FILES:
        smallest, with_gzip = get(app_server, path, takes), get(app_server, path, "gzip")
        assert smallest.headers["Content-Encoding"] == "br"
        assert len(smallest.data) < len(with_gzip.data)
        assert "Accept-Encoding" in smallest.headers["Vary"]


@pytest.mark.parametrize("takes", ["", "identity", "br;q=0", "gzip;q=0", "gzip;q=0, br;q=0, *"])
def test_responses_are_plain_otherwise_and_vary(app_server: AppServer, takes: str) -> None:
    for path in (*RESPONSES, *FILES):
        plain = get(app_server, path, takes)
        assert "Content-Encoding" not in plain.headers
        assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("takes", ["gzip", "identity", "br"])
def test_conditional_requests_get_304(app_server: AppServer, takes: str) -> None:
    for path in ("/", SCRIPT):
        first = get(app_server, path, takes)
        again = get(app_server, path, takes, **{"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.data == b""
    tags = {get(app_server, SCRIPT, each).headers["ETag"] for each in ("gzip", "identity", "br")}
    assert len(tags) == 3


def test_head_has_the_headers_of_get(app_server: AppServer) -> None:
    head, got = get(app_server, SCRIPT, "gzip", method="HEAD"), get(app_server, SCRIPT, "gzip")
    for name in ("Content-Encoding", "Content-Length", "ETag", "Vary"):
        assert head.headers[name] == got.headers[name]


def test_small_responses_are_not_compressed(app_server: AppServer) -> None:
    assert "Content-Encoding" not in get(app_server, "/healthz", "gzip").headers


def test_downloads_are_not_compressed(client: Client) -> None:
    client.open_tab()
    answer = client.get("/api/model.json", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
