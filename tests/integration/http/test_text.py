"""The training text over HTTP: whole, once, and private."""

from __future__ import annotations

from typing import NoReturn

import pytest
from pydantic import TypeAdapter

from app import protocol
from app.errors import BusyError
from app.web.http import text as text_module
from app.web.http.responses import PIECE
from app.web.http.text import TextTransfers
from tests.support.app_server import AppServer, Client

OPTIONS = {"hidden_sizes": "8", "letter_size": "3"}


@pytest.mark.parametrize(
    "text",
    [
        "<b>\"'\\\r\nna\u00efve \U0001f642 \u65e5\u672c\tx",
        "half a pair \ud83d of UTF-16",
        "\u65e5\u672c line\n" * (PIECE // 3),  # several pieces
    ],
)
def test_the_whole_text_is_served_once(client: Client, text: str) -> None:
    """The state has only its beginning; the browser that has the text gets 304."""
    tab = client.open_tab()
    assert tab.ask("learn", {"text": text, "options": OPTIONS})["ok"]
    tab.wait_for(lambda: tab.state["text"]["characters"] == len(text))
    assert text.startswith(tab.state["text"]["beginning"])
    response = client.get("/api/text")
    answer = response.get_json()
    TypeAdapter(protocol.SessionText).validate_python(answer)
    assert answer["text"] == text
    assert answer["checksum"] == tab.state["text"]["checksum"]
    assert "private" in response.headers["Cache-Control"]
    again = client.get("/api/text", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_another_text_has_another_tag(client: Client) -> None:
    tab = client.open_tab()
    old = client.get("/api/text").headers["ETag"]
    assert tab.ask("learn", {"text": "another", "options": OPTIONS})["ok"]
    response = client.get("/api/text", headers={"If-None-Match": old})
    assert response.get_json()["text"] == "another"


def test_a_stranger_gets_no_text(app_server: AppServer) -> None:
    response = app_server.app.test_client().get("/api/text")
    assert (response.status_code, response.get_json()["code"]) == (404, "no_session")


def test_a_server_that_answers_too_late_is_busy(
    client: Client, app_server: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.open_tab()

    def read_text(_session_id: str) -> NoReturn:
        raise BusyError("answer_timeout", seconds=1.0)

    monkeypatch.setattr(app_server.parts.service, "read_text", read_text)
    response = client.get("/api/text")
    assert (response.status_code, response.get_json()["code"]) == (503, "answer_timeout")


def test_texts_in_transfer_are_limited_by_address_and_in_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page that reads slowly keeps a text in memory which the session may have replaced."""
    monkeypatch.setattr(text_module, "MAX_SENDING", 30)
    monkeypatch.setattr(text_module, "MAX_SENDING_TO_ADDRESS", 20)
    transfers = TextTransfers()
    assert transfers.begin("a", 25)  # a single one always
    assert not transfers.begin("a", 1)
    assert not transfers.begin("b", 10)
    assert transfers.begin("b", 5)
    transfers.end("a", 25)
    assert transfers.begin("c", 20)
    assert not transfers.begin("b", 10)


def test_a_transfer_that_ends_is_no_longer_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "MAX_SENDING_TO_ADDRESS", 1)
    client.open_tab()
    unread = client.get("/api/text", buffered=False)
    assert client.get("/api/text").get_json()["code"] == "texts_full"
    unread.close()
    assert client.get("/api/text").get_json()["ok"]
