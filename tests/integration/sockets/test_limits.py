"""How much one visitor may ask: what is refused names the limit, and others go on."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.protocol.limits import Limits
from app.web.sockets import connection_limits as admission
from tests.support.site import ConnectionRefused, Site, open_site

LIMITS = Limits(text=1000, pages_per_session=2, events_per_second=5)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that takes on little, from each visitor."""
    with open_site(tmp_path_factory.mktemp("strict"), limits=LIMITS) as site:
        yield site


def test_a_longer_text_than_the_server_takes_is_refused_at_its_field(strict: Site) -> None:
    tab = strict.visitor().open_tab()
    answer = tab.ask("learn", {"text": "abcdefghi\n" * 101})
    assert (answer["code"], answer["field"]) == ("text_too_long", "text")
    assert tab.ask("learn", {"text": "abcdefghi\n" * 100})["ok"]
    tab.close()


def test_one_network_is_open_in_so_many_pages_and_no_more(strict: Site) -> None:
    visitor = strict.visitor()
    one, other = visitor.open_tab(), visitor.open_tab()
    with pytest.raises(ConnectionRefused) as refused:
        visitor.open_tab()
    assert refused.value.data == {"code": "pages_per_session", "limit": "pages_per_session"}
    other.next_frame()
    one.close()
    visitor.open_tab().next_frame()
    visitor.leave()


def test_one_address_begins_so_many_networks_and_no_more(tmp_path: Path) -> None:
    limits = Limits(sessions_per_address=2)
    with open_site(tmp_path, limits=limits, unwatched_minutes=10) as site:
        visitors = [site.visitor() for _ in range(2)]
        for visitor in visitors:
            visitor.open_tab()
        with pytest.raises(ConnectionRefused) as refused:
            site.visitor().open_tab()
        code = "sessions_per_address"
        assert refused.value.data == {"code": code, "limit": code}
        visitors[0].open_tab().next_frame()  # who is here already may open another page


def test_a_server_that_is_full_says_so_without_naming_a_limit_of_the_visitors(
    tmp_path: Path,
) -> None:
    with open_site(tmp_path, limits=Limits(sessions=1), unwatched_minutes=10) as site:
        site.visitor().open_tab().wait_for_steps()
        with pytest.raises(ConnectionRefused) as refused:
            site.visitor().open_tab()
        assert refused.value.data == {"code": "server_full"}


def test_a_flood_of_events_is_refused_until_it_ebbs_and_other_pages_go_on(
    strict: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(admission, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    visitor = strict.visitor()
    flooding, other = visitor.open_tab(), visitor.open_tab()
    answers = [flooding.ask("set", {"temperature": 2}) for _ in range(12)]
    assert [answer["ok"] for answer in answers] == [True] * 10 + [False] * 2
    assert (answers[-1]["code"], answers[-1]["field"]) == ("events_per_second", None)
    assert other.ask("set", {"temperature": 3}) == {"ok": True}
    now[0] += 1.0
    answers = [flooding.ask("set", {"temperature": 2}) for _ in range(6)]
    assert [answer["ok"] for answer in answers] == [True] * 5 + [False]
    visitor.leave()
