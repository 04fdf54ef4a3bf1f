"""Text files over HTTP, as the page sends them: read by the library's reader, within the limits."""

from __future__ import annotations

import gzip
import io

import pytest
from pydantic import TypeAdapter

from app import protocol
from app.protocol.limits import MAX_BOX_TEXT, MAX_EVENT_TEXT
from app.runtime.peers import AddressRateLimiter
from app.training.checkpoint import checksum_of
from app.web.http import text as text_module
from model import TextLimits
from tests.support.app_server import AppServer, Client

URL = "/api/text-file?name=notes.txt"
OPTIONS = {"hidden_sizes": "4", "letter_size": "2"}
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


def test_an_answer_counts_as_a_text_in_transfer_until_it_is_sent(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visitor who does not read it must not fill the memory."""
    monkeypatch.setattr(text_module, "MAX_SENDING_TO_ADDRESS", 1)
    unread = visitor.put(URL, b"text", buffered=False)
    assert visitor.put(URL, b"text").get_json()["code"] == "texts_full"
    unread.close()
    assert visitor.put(URL, b"text").get_json()["ok"]


def test_an_encoding_can_be_named(visitor: Client) -> None:
    content = "привет".encode("cp1251")
    assert visitor.put(URL, content).get_json()["code"] == "encoding_not_known"
    answer = visitor.put(f"{URL}&encoding=cp1251", content).get_json()
    assert (answer["text"], answer["remarks"]) == ("привет", [])


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "no_text"),
        (b"\n\xe2\x80\x8b\n", 400, "no_sentences"),
        (b"one\0two\n", 400, "not_a_text"),
        (b"%PDF-1.7", 400, "not_a_text"),
        (b'{"hidden_sizes": [20], "model": {}}', 400, "text_is_model"),
        (gzip.compress(b"text", mtime=0)[:-2], 400, "compression_damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_text_is_refused_at_the_text(
    visitor: Client, content: bytes, status: int, code: str
) -> None:
    response = visitor.put(URL, content)
    answer = response.get_json()
    assert (response.status_code, answer["code"], answer["field"]) == (status, code, "text")


def test_a_file_that_is_too_large_when_decompressed_is_refused(
    app_server: AppServer, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_server.parts.texts, "_limits", TextLimits(characters=10))
    answer = visitor.put(URL, gzip.compress(b"a\n" * 1_000)).get_json()
    assert (answer["code"], answer["field"]) == ("file_too_large", "text")


def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(app_server: AppServer) -> None:
    client = app_server.new_client()
    client.open_tab()
    most = app_server.parts.config.limits.of_text.bytes
    unread = io.BytesIO(b"a" * 10)
    response = client.http.put(URL, input_stream=unread, environ_overrides=length(most + 1))
    assert (response.status_code, response.get_json()["code"]) == (413, "text_file_too_large")
    assert unread.tell() == 0
    cut = client.http.put(URL, data=b"a" * 10, environ_overrides=length(20))
    assert cut.get_json()["code"] == "upload_incomplete"


def book(characters: int) -> str:
    """A text with lines, a rare character and this many characters in all."""
    line = "it was the best of times\n"
    return (line * (characters // len(line) + 1))[: characters - 1] + "é"


def test_a_large_text_is_stored_and_learned_by_its_checksum(app_server: AppServer) -> None:
    """Neither the answer nor an event has all of it; what is left out is not learned."""
    text = book(MAX_BOX_TEXT + 1)
    client = app_server.new_client()
    tab = client.open_tab()
    answer = client.put(URL, text.encode()).get_json()
    TypeAdapter(protocol.TextFile).validate_python(answer)
    assert 0 < len(answer["text"]) < len(text)
    stored = answer["stored"]
    assert stored["checksum"] == checksum_of(text)
    assert (stored["characters"], stored["distinct"]) == (len(text), len(set(text)))
    assert stored["lines"] == len(text.splitlines())
    assert (stored["rare"], stored["rare_count"]) == (["é"], 1)
    asked = {"checksum": stored["checksum"], "text": "", "options": OPTIONS}
    assert tab.ask("learn", asked)["ok"]
    tab.wait_for(lambda: tab.state["text"]["checksum"] == stored["checksum"])
    assert tab.state["text"]["stored"]
    assert client.get("/api/text").get_json()["text"] == text
    assert tab.ask("learn", {**asked, "leave_out_rare": True})["ok"]
    tab.wait_for(lambda: tab.state["text"]["characters"] == len(text) - 1)
    assert client.get("/api/text").get_json()["text"] == text[:-1]


def test_the_whole_of_a_large_text_is_answered_if_it_is_asked_for(visitor: Client) -> None:
    """A page joins several files, and uploads what they make."""
    text = book(MAX_BOX_TEXT + 1)
    answer = visitor.put(f"{URL}&whole=1", text.encode()).get_json()
    assert (answer["text"], answer["stored"]) == (text, None)


def test_a_text_that_is_not_there_is_refused_at_the_text(client: Client) -> None:
    tab = client.open_tab()
    before = tab.state["text"]
    answer = tab.ask("learn", {"checksum": "0" * 64, "text": "", "options": OPTIONS})
    assert (answer["code"], answer["field"]) == ("text_gone", "text")
    assert tab.ask("learn", {"checksum": "", "text": ""})["field"] == "checksum"
    assert tab.state["text"] == before


def test_large_texts_are_limited_by_address(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AddressRateLimiter, "take", lambda *_: False)
    large = visitor.put(URL, book(MAX_BOX_TEXT + 1).encode())
    assert (large.status_code, large.get_json()["code"]) == (429, "texts_per_address")
    assert visitor.put(URL, book(1000).encode()).get_json()["ok"]


def test_a_text_beyond_the_limit_of_events_is_to_be_uploaded(client: Client) -> None:
    text = book(MAX_EVENT_TEXT + 1)
    answer = client.open_tab().ask("learn", {"text": text, "options": OPTIONS})
    assert (answer["code"], answer["field"]) == ("text_too_long_for_event", "text")


def test_a_visitor_without_a_session_is_refused(app_server: AppServer) -> None:
    response = app_server.app.test_client().put(URL, data=b"text")
    assert (response.status_code, response.get_json()["code"]) == (404, "no_session")
