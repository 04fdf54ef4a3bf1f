"""Shared copies: whoever has the link goes on from them, and nobody loses anything by it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.errors import BusyError
from app.protocol.limits import Limits
from app.storage.sharing import Sharing
from app.web.session_cookie import COOKIE
from tests.support.site import Site, Tab, Visitor, open_site

TEXT = "the own words\nof somebody\nwho shares"
OPTIONS = {"hidden_sizes": "7", "letter_size": "3"}
UNKNOWN = "A" * 22


def paused(tab: Tab, text: str = TEXT) -> dict[str, Any]:
    """Have a network of one's own that has learnt for a moment and rests; what is shown of it."""
    assert tab.ask("learn", {"text": text, "options": OPTIONS}) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"] == text and tab.newest("steps") > 0)
    tab.wait_for(lambda: tab.newest("perplexity"))
    tab.wait_for(
        lambda: any(
            shown["curve"]["points"] for shown in [tab.state, *tab.frames] if "curve" in shown
        )
    )
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")
    return {name: tab.newest(name) for name in ("steps", "version", "text", "options")}


def share(tab: Tab) -> str:
    answer = tab.ask("share")
    assert answer["ok"], answer
    assert answer["path"] == f"/s/{answer['id']}"
    share_id: str = answer["id"]
    return share_id


def session_of(visitor: Visitor) -> str:
    """The session's own name, which nobody else may learn."""
    cookie = visitor.http.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value.rpartition(".")[0]


def test_whoever_opens_a_link_goes_on_from_the_copy_in_a_session_of_their_own(
    new_visitor: Callable[[], Visitor],
) -> None:
    owner, guest = new_visitor(), new_visitor()
    mine = owner.open_tab()
    before = paused(mine)
    mine.ask("set", {"temperature": 0.5})
    saved = json.loads(mine.ask("save")["json"])
    share_id = share(mine)
    theirs = guest.open_tab()
    version = theirs.state["version"]
    assert theirs.ask("open_shared", {"id": share_id}) == {"ok": True}
    theirs.wait_for(lambda: theirs.state["version"] == version + 1)
    state = theirs.state
    assert (state["text"], state["options"]) == (before["text"], before["options"])
    assert (state["steps"] >= before["steps"], state["temperature"]) == (True, 0.5)
    assert state["curve"]["points"]  # how it came to be what it is
    theirs.wait_for_steps(more_than=before["steps"])
    assert theirs.newest("status") == "learning"
    assert theirs.ask("learn", {"text": "quite something else"}) == {"ok": True}
    # Nothing of it touches the original, nor the copy.
    assert {name: mine.newest(name) for name in before} == before
    assert json.loads(mine.ask("save")["json"]) == saved
    third = new_visitor().open_tab()
    assert third.ask("open_shared", {"id": share_id}) == {"ok": True}
    assert third.wait_for(lambda: third.state["text"] == TEXT)


def test_an_unchanged_network_is_shared_by_one_link_and_listed_with_its_figures(
    visitor: Visitor,
) -> None:
    tab = visitor.open_tab()
    assert tab.ask("shares") == {"ok": True, "copies": []}
    before = paused(tab)
    share_id = share(tab)
    assert share(tab) == share_id
    tab.ask("resume")
    tab.wait_for_steps(more_than=before["steps"])
    newer = share(tab)
    listed = tab.ask("shares")["copies"]
    assert [copy["id"] for copy in listed] == [newer, share_id]
    assert (listed[1]["steps"], listed[1]["sentences"]) == (before["steps"], 3)
    assert listed[1]["perplexity"] > 1
    assert listed[0]["created"] > listed[1]["created"]
    assert {copy["path"] for copy in listed} == {f"/s/{newer}", f"/s/{share_id}"}


def test_a_link_by_itself_changes_nothing_wherever_it_is(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    share_id = share(tab)
    state = tab.state
    for site in ("none", "same-origin", "cross-site"):
        answer = visitor.get(f"/s/{share_id}", headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 200
        assert f'data-copy="{share_id}"' in answer.text
        assert "data-new" not in answer.text  # it is asked before anything is replaced
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    tab.next_frame()
    assert tab.states == [state]


def test_whoever_has_no_session_yet_begins_one_with_the_link(site: Site, visitor: Visitor) -> None:
    share_id = share(visitor.open_tab())
    browser: FlaskClient = site.app.test_client()
    assert "data-new" in browser.get(f"/s/{share_id}").text
    tab = Tab(site.parts, site.app, browser)
    assert tab.ask("open_shared", {"id": share_id}) == {"ok": True}
    tab.close()
    assert "data-new" not in browser.get(f"/s/{share_id}").text


def test_another_session_may_not_withdraw_and_its_owner_may_once(
    new_visitor: Callable[[], Visitor],
) -> None:
    owner, guest = new_visitor(), new_visitor()
    mine, theirs = owner.open_tab(), guest.open_tab()
    share_id = share(mine)
    refused = theirs.ask("withdraw", {"id": share_id})
    assert (refused["code"], refused["field"]) == ("not_your_copy", "id")
    assert refused == theirs.ask("withdraw", {"id": UNKNOWN})  # it does not tell which there are
    assert guest.get(f"/s/{share_id}").status_code == 200
    assert theirs.ask("shares")["copies"] == []
    assert mine.ask("withdraw", {"id": share_id}) == {"ok": True}
    assert mine.ask("withdraw", {"id": share_id})["code"] == "not_your_copy"
    assert mine.ask("shares")["copies"] == []
    gone = guest.get(f"/s/{share_id}")
    assert gone.status_code == 404
    assert 'data-code="no_such_copy"' in gone.text
    state = theirs.state
    refused = theirs.ask("open_shared", {"id": share_id})
    assert (refused["code"], refused["field"]) == ("no_such_copy", "id")
    theirs.next_frame()
    assert theirs.states == [state]


@pytest.mark.parametrize(
    "name",
    [
        "x",
        UNKNOWN,
        "A" * 5000,
        "%00" * 22,
        "..%2f..%2fetc%2fpasswd",
        "'; DROP TABLE copies; --",
        "<script>alert(1)</script>",
        "\u0661" * 22,
        "%ff" * 22,
    ],
)
def test_a_link_to_nothing_is_told_on_a_page_of_its_own(visitor: Visitor, name: str) -> None:
    answer = visitor.get(f"/s/{name}")
    assert answer.status_code == 404
    assert 'data-code="no_such_copy"' in answer.text
    assert "<script" not in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_nothing_of_its_owner_is_in_what_a_link_gives(new_visitor: Callable[[], Visitor]) -> None:
    owner, guest = new_visitor(), new_visitor()
    mine, theirs = owner.open_tab(), guest.open_tab()
    paused(mine, "words to be shared")
    answer = mine.ask("share")
    assert theirs.ask("open_shared", {"id": answer["id"]}) == {"ok": True}
    theirs.wait_for(lambda: theirs.state["text"] == "words to be shared")
    theirs.next_frame()
    given = json.dumps([answer, mine.ask("shares"), theirs.states, theirs.frames])
    given += guest.get(answer["path"]).text
    assert len(session_of(owner)) > 20
    assert session_of(owner) not in given
    assert mine.state["session"] not in json.dumps(theirs.states)  # nor its short name


def test_a_copy_outlives_its_server_and_neither_log_nor_metrics_tell_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app")
    with open_site(tmp_path) as site:
        owner = site.visitor()
        share_id = share(owner.open_tab())
        cookie = owner.http.get_cookie(COOKIE)
    with open_site(tmp_path) as site:
        guest = site.visitor()
        assert guest.get(f"/s/{share_id}").status_code == 200
        assert guest.open_tab().ask("open_shared", {"id": share_id}) == {"ok": True}
        metrics = guest.get("/metrics").text
        again = site.visitor()
        assert cookie is not None
        again.http.set_cookie(COOKIE, cookie.value)
        assert again.open_tab().ask("withdraw", {"id": share_id}) == {"ok": True}
        assert guest.get(f"/s/{share_id}").status_code == 404
    shared = [record for record in caplog.records if hasattr(record, "copy")]
    assert len(shared) == 3  # it was shared, opened and withdrawn
    logged = str([vars(record) for record in caplog.records])
    for secret in (share_id, session_of(owner)):
        assert secret[:12] not in logged
        assert secret[:12] not in metrics


def test_a_copy_that_is_too_large_for_the_server_now_is_refused(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        tab = site.visitor().open_tab()
        tab.ask("learn", {"text": TEXT, "options": {"hidden_sizes": "90"}})
        share_id = share(tab)
    with open_site(tmp_path, limits=Limits(weights=9000)) as site:
        tab = site.visitor().open_tab()
        state = tab.state
        refused = tab.ask("open_shared", {"id": share_id})
        assert (refused["code"], refused["field"]) == ("network_too_large", "id")
        tab.ask("set", {"temperature": 3})
        tab.wait_for(lambda: tab.newest("temperature") == 3)
        assert tab.states == [state]


def test_a_store_that_cannot_be_reached_is_told_on_the_page_and_at_the_button(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BusyError("copies_unreachable", "id"))
        return future

    tab = visitor.open_tab()
    share_id = share(tab)
    with monkeypatch.context() as failing:
        for method in ("share", "fetch", "is_there", "of", "withdraw"):
            failing.setattr(Sharing, method, fails)
        for event, payload in (
            ("share", {}),
            ("shares", {}),
            ("withdraw", {"id": share_id}),
            ("open_shared", {"id": share_id}),
        ):
            refused = tab.ask(event, payload)
            assert (refused["code"], refused["field"]) == ("copies_unreachable", "id")
        page = visitor.get(f"/s/{share_id}")
        assert page.status_code == 503
        assert 'data-code="copies_unreachable"' in page.text
    assert visitor.get(f"/s/{share_id}").status_code == 200
