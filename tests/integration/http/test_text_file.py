"""Text files over HTTP, as the page sends them: read by the library's reader, within the limits."""

from __future__ import annotations

import gzip
import io

import pytest
from pydantic import TypeAdapter

from app import protocol
from tests.support.app_server import AppServer, Client

URL = "/api/text-file?name=notes.txt"
TEXT = "café\n“quoted”\n"


def length(content_length: int) -> dict[str, str]:
    return {"CONTENT_LENGTH": str(content_length)}


@pytest.fixture
def visitor(client: Client) -> Client:
    """A client with a session."""
    client.open_tab()
    return client


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-be", "cp1252"])
def test_a_text_file_is_answered_as_text(visitor: Client, encoding: str) -> None:
    content = gzip.compress(TEXT.replace("\n", "\r\n").encode(encoding))
    answer = visitor.put(URL, content).get_json()
    TypeAdapter(protocol.TextFile).validate_python(answer)
    assert answer["text"] == TEXT
    assert len(answer["remarks"]) == (encoding == "cp1252")
    assert all("notes.txt" in remark for remark in answer["remarks"])


def test_an_encoding_can_be_named(visitor: Client) -> None:
    content = "привет".encode("cp1251")
    assert visitor.put(URL, content).get_json()["code"] == "encoding_not_known"
    answer = visitor.put(f"{URL}&encoding=cp1251", content).get_json()
    assert (answer["text"], answer["remarks"]) == ("привет", [])


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "no_sentences"),
        (b"\n\xe2\x80\x8b\n", 400, "no_sentences"),
        (b"one\0two\n", 400, "not_a_text"),
        (b"%PDF-1.7", 400, "not_a_text"),
        (b'{"hidden_sizes": [20], "model": {}}', 400, "text_is_model"),
        (gzip.compress(b"text", mtime=0)[:-2], 400, "compression_damaged"),
        (b"a" * 20_000, 400, "line_too_long"),
        (gzip.compress(b"a\n" * 5_000_000, mtime=0), 400, "file_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_text_is_refused_at_the_text(
    visitor: Client, content: bytes, status: int, code: str
) -> None:
    response = visitor.put(URL, content)
    answer = response.get_json()
    assert (response.status_code, answer["code"], answer["field"]) == (status, code, "text")


def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(app_server: AppServer) -> None:
    client = app_server.new_client()
    client.open_tab()
    most = app_server.parts.config.limits.of_text.bytes
    unread = io.BytesIO(b"a" * 10)
    response = client.http.put(URL, input_stream=unread, environ_overrides=length(most + 1))
    assert (response.status_code, response.get_json()["code"]) == (413, "text_file_too_large")
    assert unread.tell() == 0
    cut = client.http.put(URL, data=b"a" * 10, environ_overrides=length(20))
    assert cut.get_json()["code"] == "text_file_incomplete"


def test_a_visitor_without_a_session_is_refused(app_server: AppServer) -> None:
    response = app_server.app.test_client().put(URL, data=b"text")
    assert (response.status_code, response.get_json()["code"]) == (404, "no_session")
