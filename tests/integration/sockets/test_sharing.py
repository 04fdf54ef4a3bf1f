"""Sharing copies by link."""

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
from tests.support.app_server import AppServer, Client, Tab, running_app

TEXT = "the own words\nof a client\nwho shares"
OPTIONS = {"hidden_sizes": "7", "letter_size": "3"}
UNKNOWN = "A" * 22


def paused(tab: Tab, text: str = TEXT) -> dict[str, Any]:
    """Train a small network and pause it; returns the page's state."""
    assert tab.ask("learn", {"text": text, "options": OPTIONS}) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"]["beginning"] == text and tab.newest("steps") > 0)
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


def session_of(client: Client) -> str:
    """The secret session id."""
    cookie = client.http.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value.rpartition(".")[0]


def test_opening_a_link_copies_into_the_own_session(
    new_client: Callable[[], Client],
) -> None:
    owner, guest = new_client(), new_client()
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
    assert state["curve"]["points"]  # the history comes along
    theirs.wait_for_steps(more_than=before["steps"])
    assert theirs.newest("status") == "learning"
    assert theirs.ask("learn", {"text": "quite something else"}) == {"ok": True}
    # Neither the original nor the copy changes.
    assert {name: mine.newest(name) for name in before} == before
    assert json.loads(mine.ask("save")["json"]) == saved
    third = new_client().open_tab()
    assert third.ask("open_shared", {"id": share_id}) == {"ok": True}
    assert third.wait_for(lambda: third.state["text"]["beginning"] == TEXT)


def test_an_unchanged_network_has_one_link(
    client: Client,
) -> None:
    tab = client.open_tab()
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


def test_fetching_a_link_changes_nothing(client: Client) -> None:
    tab = client.open_tab()
    share_id = share(tab)
    state = tab.state
    for fetch_site in ("none", "same-origin", "cross-site"):
        answer = client.get(f"/s/{share_id}", headers={"Sec-Fetch-Site": fetch_site})
        assert answer.status_code == 200
        assert 'id="offer"' in answer.text
        assert "data-new" not in answer.text  # the page asks before it replaces anything
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    tab.next_frame()
    assert tab.states == [state]


def test_a_link_opens_without_a_session(app_server: AppServer, client: Client) -> None:
    share_id = share(client.open_tab())
    browser: FlaskClient = app_server.app.test_client()
    assert "data-new" in browser.get(f"/s/{share_id}").text
    tab = Tab(app_server.parts, app_server.app, browser)
    assert tab.ask("open_shared", {"id": share_id}) == {"ok": True}
    tab.close()
    assert "data-new" not in browser.get(f"/s/{share_id}").text


def test_only_the_owner_can_withdraw(
    new_client: Callable[[], Client],
) -> None:
    owner, guest = new_client(), new_client()
    mine, theirs = owner.open_tab(), guest.open_tab()
    share_id = share(mine)
    refused = theirs.ask("withdraw", {"id": share_id})
    assert (refused["code"], refused["field"]) == ("not_your_copy", "id")
    assert refused == theirs.ask(
        "withdraw", {"id": UNKNOWN}
    )  # the error does not reveal which ids exist
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
def test_an_unknown_link_has_an_error_page(client: Client, name: str) -> None:
    answer = client.get(f"/s/{name}")
    assert answer.status_code == 404
    assert 'data-code="no_such_copy"' in answer.text
    assert "<script" not in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_a_link_reveals_nothing_about_its_owner(new_client: Callable[[], Client]) -> None:
    owner, guest = new_client(), new_client()
    mine, theirs = owner.open_tab(), guest.open_tab()
    paused(mine, "words to be shared")
    answer = mine.ask("share")
    assert theirs.ask("open_shared", {"id": answer["id"]}) == {"ok": True}
    theirs.wait_for(lambda: theirs.state["text"]["beginning"] == "words to be shared")
    theirs.next_frame()
    given = json.dumps([answer, mine.ask("shares"), theirs.states, theirs.frames])
    given += guest.get(answer["path"]).text
    assert len(session_of(owner)) > 20
    assert session_of(owner) not in given
    assert mine.state["session"] not in json.dumps(theirs.states)  # nor its short name


def test_a_copy_survives_restart_and_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app")
    with running_app(tmp_path) as app_server:
        owner = app_server.new_client()
        share_id = share(owner.open_tab())
        cookie = owner.http.get_cookie(COOKIE)
    with running_app(tmp_path) as app_server:
        guest = app_server.new_client()
        assert guest.get(f"/s/{share_id}").status_code == 200
        assert guest.open_tab().ask("open_shared", {"id": share_id}) == {"ok": True}
        metrics = guest.get("/metrics").text
        again = app_server.new_client()
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


def test_a_copy_over_the_weights_limit_is_refused(tmp_path: Path) -> None:
    with running_app(tmp_path) as app_server:
        tab = app_server.new_client().open_tab()
        tab.ask("learn", {"text": TEXT, "options": {"hidden_sizes": "90"}})
        share_id = share(tab)
    with running_app(tmp_path, limits=Limits(weights=9000)) as app_server:
        tab = app_server.new_client().open_tab()
        state = tab.state
        refused = tab.ask("open_shared", {"id": share_id})
        assert (refused["code"], refused["field"]) == ("network_too_large", "id")
        tab.ask("set", {"temperature": 3})
        tab.wait_for(lambda: tab.newest("temperature") == 3)
        assert tab.states == [state]


def test_an_unreachable_store_is_reported(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BusyError("copies_unreachable", "id"))
        return future

    tab = client.open_tab()
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
        page = client.get(f"/s/{share_id}")
        assert page.status_code == 503
        assert 'data-code="copies_unreachable"' in page.text
    assert client.get(f"/s/{share_id}").status_code == 200
