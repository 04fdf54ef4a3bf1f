"""The texts that charnn brings along, as a page fetches them."""

from __future__ import annotations

import pytest
import requests
from pydantic import TypeAdapter

from app import protocol, texts
from tests.support.client import PATIENCE, Visitor
from tests.support.server import RunningServer


@pytest.mark.parametrize("name", texts.names())
def test_a_text_comes_with_what_is_known_of_it_and_can_be_learnt(
    visitor: Visitor, name: str
) -> None:
    described = texts.described(name)
    answer = visitor.get(f"/api/texts/{name}").json()
    TypeAdapter(protocol.BroughtText).validate_python(answer)
    assert answer["text"] == described.text
    for said in ("title", "expect", "measured"):
        assert answer[said] == getattr(described, said)
    tab = visitor.open_tab()
    given = {"text": answer["text"], "options": answer["options"]}
    assert tab.ask("learn", given) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"] == described.text)
    assert tab.state["options"] == answer["options"]


@pytest.mark.parametrize(
    "name", ["novels", "sums.held_out", "catalogue.toml", "..%2Fessays", "%00"]
)
def test_another_name_is_answered_with_those_there_are(
    live_server: RunningServer, name: str
) -> None:
    answer = requests.get(f"{live_server.url}/api/texts/{name}", timeout=PATIENCE)
    assert answer.status_code == 404
    if "%2F" not in name:  # no name at all, but a longer address
        assert answer.json()["ok"] is False
        assert ", ".join(texts.names()) in answer.json()["error"]


def checksum(name: str) -> int:
    """Adler-32, as RFC 1950 has it."""
    low, high = 1, 0
    for byte in texts.text(name).encode():
        low = (low + byte) % 65521
        high = (high + low) % 65521
    return high << 16 | low


def test_the_page_offers_every_text_and_says_what_it_takes(live_server: RunningServer) -> None:
    page = requests.get(live_server.url, timeout=PATIENCE).text
    for name in texts.names():
        known_by = f'data-characters="{len(texts.text(name))}" data-checksum="{checksum(name)}"'
        assert f'<option value="{name}" {known_by}' in page
        assert texts.described(name).title in page
        assert texts.described(name).expect in page
    assert f'data-longest-line="{protocol.MAX_LINE}"' in page
    assert 'data-most-characters="2000000"' in page
