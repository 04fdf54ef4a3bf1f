"""The texts that charnn has, as a page fetches and offers them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from app import protocol
from app.catalog import texts
from app.protocol import MAX_LINE
from tests.support.site import Site, Visitor


def test_every_text_comes_with_what_is_known_of_it(site: Site) -> None:
    for name in texts.names():
        described = texts.get(name)
        answer = site.app.test_client().get(f"/api/texts/{name}").get_json()
        TypeAdapter(protocol.BuiltInText).validate_python(answer)
        assert answer["text"] == described.text
        for said in ("title", "expect", "measured"):
            assert answer[said] == getattr(described, said)


def test_a_text_can_be_learnt_as_it_came(visitor: Visitor) -> None:
    answer = visitor.get("/api/texts/names").get_json()
    tab = visitor.open_tab()
    given = {"text": answer["text"], "options": answer["options"]}
    assert tab.ask("learn", given) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"] == answer["text"])
    assert tab.state["options"] == answer["options"]


@pytest.mark.parametrize("name", ["novels", "sums.held_out", "catalogue.toml", "%00"])
def test_another_name_is_answered_with_those_there_are(site: Site, name: str) -> None:
    response = site.app.test_client().get(f"/api/texts/{name}")
    answer = response.get_json()
    assert (response.status_code, answer["code"]) == (404, "unknown_text")
    assert all(known in answer["error"] for known in texts.names())


def test_an_address_that_leads_out_of_the_texts_leads_nowhere(site: Site) -> None:
    assert site.app.test_client().get("/api/texts/..%2Fessays").status_code == 404


def checksum(name: str) -> int:
    """Adler-32, as RFC 1950 has it."""
    low, high = 1, 0
    for byte in texts.text(name).encode():
        low = (low + byte) % 65521
        high = (high + low) % 65521
    return high << 16 | low


def test_the_page_knows_every_text_by_its_checksum_and_what_may_be_learnt(site: Site) -> None:
    page = site.app.test_client().get("/").text
    for name in texts.names():
        known_by = f'data-characters="{len(texts.text(name))}" data-checksum="{checksum(name)}"'
        assert f'<option value="{name}" {known_by}' in page
    assert f'data-longest-line="{MAX_LINE}"' in page
    assert f'data-most-characters="{site.parts.config.limits.text}"' in page
    assert f'data-most="{site.parts.config.limits.upload}"' in page
