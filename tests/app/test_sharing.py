"""Shared copies: whoever has the link goes on from them, and nobody loses anything by it."""

from __future__ import annotations

import json
import math
import string
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.checkpoint import Checkpoint
from app.clerk import Busy
from app.copy_id import is_copy_id, is_path, new_copy_id, path_of
from app.protocol import read_event
from app.errors import UserError
from app.shares import NO_SUCH_COPY, NOT_YOURS
from app.sharing import MOST_COPIES, MOST_WAITING, Sharing
from app.store import Copied, DamagedCheckpoint, Store
from app.store.copies import TOUCH_SECONDS
from app.store.tables import copies
from bench.live.postgres import Postgres
from tests.support.checkpoints import assert_same, checkpoint
from tests.support.client import PATIENCE, Tab, Visitor
from tests.support.server import running_server

TEXT = "the own words\nof somebody\nwho shares"
OPTIONS = {"hidden_sizes": "7", "letter_size": "3"}
UNKNOWN = "A" * 22


def about(at: float = 1.0) -> Copied:
    return Copied(new_copy_id(), created_at=at, steps=7, sentences=2, perplexity=4.5)


def keep(store: Store, owner: str, given: Checkpoint, at: float = 1.0, most: int = 20) -> str:
    copy_id = store.copies.keep(owner, given, about(at), most)
    assert copy_id is not None
    return copy_id


def changed(seed: int) -> Checkpoint:
    return checkpoint(seed=seed)


def paused(tab: Tab, text: str = TEXT) -> dict[str, Any]:
    """Have a network of one's own that has learnt for a moment and rests; its newest state."""
    assert tab.ask("learn", {"text": text, "options": OPTIONS}) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"] == text and tab.newest("steps") > 50)
    tab.wait_for(lambda: tab.newest("perplexity"))
    # A fast machine takes fifty steps before its first point.
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
    copy_id: str = answer["id"]
    return copy_id


# ------------------------------------------------------------------ in the store


def test_a_copy_comes_back_bit_for_bit_and_without_its_owner(store: Store) -> None:
    given = checkpoint("ann", text="a\0b \ud83d")
    copy_id = keep(store, "ann", given)
    fetched = store.copies.fetch(copy_id, at=2)
    assert fetched is not None
    assert_same(fetched, replace(given, session_id=""))
    assert store.copies.has(copy_id)


def test_the_same_again_is_the_same_copy_of_the_same_owner_only(store: Store) -> None:
    first = keep(store, "ann", changed(1))
    assert keep(store, "ann", changed(1), at=9) == first
    others = {keep(store, "ann", changed(2)), keep(store, "bob", changed(1))}
    assert first not in others
    assert [copy.created_at for copy in store.copies.of("ann")] == [1.0, 1.0]


def test_copies_are_listed_for_their_owner_the_newest_first(store: Store) -> None:
    ids = [keep(store, "ann", changed(seed), at=seed) for seed in (1, 2, 3)]
    keep(store, "bob", changed(4))
    assert [copy.copy_id for copy in store.copies.of("ann")] == ids[::-1]
    assert store.copies.of("ann")[0] == replace(about(at=3), copy_id=ids[2])
    assert store.copies.of("nobody") == []


def test_nobody_has_more_copies_than_one_may_have(store: Store) -> None:
    first = keep(store, "ann", changed(1), most=2)
    keep(store, "ann", changed(2), most=2)
    assert store.copies.keep("ann", changed(3), about(), 2) is None
    assert keep(store, "ann", changed(1), most=2) == first  # it is there already
    keep(store, "bob", changed(3), most=2)
    assert store.copies.withdraw("ann", first)
    keep(store, "ann", changed(3), most=2)


def test_servers_that_share_for_one_session_at_once_count_together(store: Store, url: str) -> None:
    other = Store.open(url)
    with ThreadPoolExecutor(8) as threads:
        made = list(
            threads.map(
                lambda seed: (store, other)[seed % 2].copies.keep("ann", changed(seed), about(), 3),
                range(16),
            )
        )
    other.close()
    assert len([copy_id for copy_id in made if copy_id]) == 3
    assert len(store.copies.of("ann")) == 3


def test_only_its_owner_withdraws_a_copy_and_only_that_one(store: Store) -> None:
    one, other = keep(store, "ann", changed(1)), keep(store, "ann", changed(2))
    assert not store.copies.withdraw("bob", one)
    assert store.copies.has(one)
    assert store.copies.withdraw("ann", one)
    assert not store.copies.withdraw("ann", one)
    assert not store.copies.has(one)
    assert store.copies.fetch(one, at=2) is None
    assert store.copies.fetch(other, at=2) is not None


def test_a_copy_stays_while_its_owner_is_kept_or_somebody_opens_it(store: Store) -> None:
    store.save([checkpoint("ann")], at=1)
    withdrawable = keep(store, "ann", changed(1))
    opened, forgotten = keep(store, "gone", changed(1)), keep(store, "gone", changed(2))
    store.copies.fetch(opened, at=10 + TOUCH_SECONDS)
    assert store.copies.remove_untouched(before=10) == 1
    assert [store.copies.has(each) for each in (withdrawable, opened, forgotten)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("part", ["state", "arrays", "text"])
def test_a_copy_that_was_damaged_is_not_opened_and_spoils_no_other(store: Store, part: str) -> None:
    spoilt, whole = keep(store, "ann", changed(1)), keep(store, "ann", changed(2))
    with store._engine.begin() as connection:
        connection.execute(
            sa.update(copies).where(copies.c.copy_id == spoilt).values({part: b"spoilt"})
        )
    with pytest.raises(DamagedCheckpoint):
        store.copies.fetch(spoilt, at=2)
    sharing = Sharing(store)
    with pytest.raises(UserError, match="share it again") as refused:
        sharing.fetch(spoilt).result(PATIENCE)
    sharing.close()
    assert refused.value.field == "id"
    assert store.copies.fetch(whole, at=2) is not None


def test_a_pause_or_a_restart_makes_no_other_copy_and_learning_does(store: Store) -> None:
    sharing = Sharing(store)
    given = checkpoint("ann", version=3)
    first = sharing.share("ann", given).result(PATIENCE)
    same = replace(given, learning=False, version=4, curve_version=9)
    assert sharing.share("ann", same).result(PATIENCE) == first
    newer = replace(given, totals=replace(given.totals, steps=8))
    assert sharing.share("ann", newer).result(PATIENCE) != first
    fetched = sharing.fetch(first).result(PATIENCE)
    assert (fetched.version, fetched.learning, fetched.session_id) == (0, True, "")
    assert {copy.perplexity for copy in store.copies.of("ann")} == {None}  # the last is infinite
    known = replace(given, points=given.points[:1])
    sharing.share("ann", known).result(PATIENCE)
    perplexities = [copy.perplexity for copy in sharing.of("ann").result(PATIENCE)]
    assert perplexities[0] == pytest.approx(math.exp(50 / 25))
    sharing.close()


def test_who_is_too_many_is_told_and_holds_up_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = threading.Event()
    fetch = store.copies.fetch

    def slow(copy_id: str, at: float) -> Checkpoint | None:
        assert going_on.wait(PATIENCE)
        return fetch(copy_id, at)

    copy_id = keep(store, "ann", changed(1))
    monkeypatch.setattr(store.copies, "fetch", slow)
    sharing = Sharing(store)
    waiting = [sharing.fetch(copy_id) for _ in range(MOST_WAITING)]
    with pytest.raises(Busy, match="try again soon") as refused:
        sharing.fetch(copy_id).result(PATIENCE)
    assert refused.value.field == "id"
    assert sharing.is_there(copy_id).result(PATIENCE)  # who only looks does not wait for them
    going_on.set()
    assert all(each.result(PATIENCE) for each in waiting)
    assert sharing.fetch(copy_id).result(PATIENCE)
    sharing.close()
    with pytest.raises(Busy):
        sharing.fetch(copy_id).result(PATIENCE)


# ------------------------------------------------------------------ names


def test_a_name_is_new_every_time_and_makes_a_path() -> None:
    names = {new_copy_id() for _ in range(1000)}
    assert len(names) == 1000
    assert all(is_copy_id(name) and is_path(path_of(name)) for name in names)


@given(st.text() | st.text("aA0_-", min_size=20, max_size=24))
def test_whatever_is_no_name_is_refused_at_its_field_before_the_store_is_asked(name: str) -> None:
    fits = len(name) == 22 and set(name) <= set(string.ascii_letters + string.digits + "-_")
    assert is_copy_id(name) == fits == is_path(path_of(name))
    for event in ("withdraw", "open_shared"):
        if fits:
            assert dict(read_event(event, ({"id": name},))) == {"id": name}
            continue
        with pytest.raises(UserError) as refused:
            read_event(event, ({"id": name},))
        assert refused.value.field == "id"
        # A sentence of ours, in which nothing of the name stands.
        assert refused.value.message == (NOT_YOURS if event == "withdraw" else NO_SUCH_COPY)


# ------------------------------------------------------------------ on a server


def test_whoever_opens_a_link_goes_on_from_the_copy_in_a_session_of_their_own(
    new_visitor: Callable[[], Visitor],
) -> None:
    owner, guest = new_visitor(), new_visitor()
    mine = owner.open_tab()
    before = paused(mine)
    mine.ask("set", {"temperature": 0.5})
    saved = json.loads(mine.ask("save")["json"])
    copy_id = share(mine)
    theirs = guest.open_tab()
    version = theirs.state["version"]
    assert theirs.ask("open_shared", {"id": copy_id}) == {"ok": True}
    theirs.wait_for(lambda: theirs.state["version"] == version + 1)
    state = theirs.state
    assert (state["text"], state["options"]) == (before["text"], before["options"])
    assert state["steps"] >= before["steps"]
    assert state["temperature"] == 0.5
    assert state["curve"]["points"]  # how it came to be what it is
    theirs.wait_for(lambda: theirs.newest("status") == "learning")
    theirs.wait_for(lambda: theirs.newest("steps") > before["steps"] + 200)
    assert theirs.ask("learn", {"text": "quite something else"}) == {"ok": True}
    # Nothing of it touches the original, nor the copy.
    assert {name: mine.newest(name) for name in before} == before
    assert json.loads(mine.ask("save")["json"]) == saved
    third = new_visitor().open_tab()
    assert third.ask("open_shared", {"id": copy_id}) == {"ok": True}
    assert third.wait_for(lambda: third.state["text"] == TEXT)


def test_an_unchanged_network_is_shared_by_one_link_and_listed_with_its_figures(
    visitor: Visitor,
) -> None:
    tab = visitor.open_tab()
    assert tab.ask("shares") == {"ok": True, "copies": []}
    before = paused(tab)
    copy_id = share(tab)
    assert share(tab) == copy_id
    tab.ask("resume")
    tab.wait_for(lambda: tab.newest("steps") > before["steps"])
    newer = share(tab)
    listed = tab.ask("shares")["copies"]
    assert [copy["id"] for copy in listed] == [newer, copy_id]
    assert listed[1]["steps"] == before["steps"]
    assert listed[1]["sentences"] == 3
    assert listed[1]["perplexity"] > 1
    assert listed[0]["created"] > listed[1]["created"]
    assert {copy["path"] for copy in listed} == {f"/s/{newer}", f"/s/{copy_id}"}


def test_a_link_by_itself_changes_nothing_wherever_it_is(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    copy_id = share(tab)
    version = tab.state["version"]
    for site in ("none", "same-origin", "cross-site"):
        answer = visitor.http.get(
            f"{visitor.url}/s/{copy_id}", headers={"Sec-Fetch-Site": site}, timeout=PATIENCE
        )
        assert answer.status_code == 200
        assert f'data-copy="{copy_id}"' in answer.text
        assert "data-new" not in answer.text  # it is asked before anything is replaced
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    tab.next_frame()
    assert tab.state["version"] == version


def test_who_has_no_session_yet_begins_one_with_the_link(visitor: Visitor) -> None:
    copy_id = share(visitor.open_tab())
    browser = requests.Session()
    page = browser.get(f"{visitor.url}/s/{copy_id}", timeout=PATIENCE)
    assert "data-new" in page.text
    tab = Tab(visitor.url, browser.cookies.get_dict())
    assert tab.ask("open_shared", {"id": copy_id}) == {"ok": True}
    tab.ask("pause")
    tab.close()
    assert "data-new" not in browser.get(f"{visitor.url}/s/{copy_id}", timeout=PATIENCE).text


def test_a_foreign_session_may_not_withdraw_and_its_owner_may_once(
    new_visitor: Callable[[], Visitor],
) -> None:
    owner, guest = new_visitor(), new_visitor()
    mine, theirs = owner.open_tab(), guest.open_tab()
    copy_id = share(mine)
    refused = theirs.ask("withdraw", {"id": copy_id})
    assert (refused["ok"], refused["field"]) == (False, "id")
    assert refused == theirs.ask("withdraw", {"id": UNKNOWN})  # it does not tell which there are
    assert guest.get(f"/s/{copy_id}").status_code == 200
    assert theirs.ask("shares")["copies"] == []
    assert mine.ask("withdraw", {"id": copy_id}) == {"ok": True}
    assert mine.ask("withdraw", {"id": copy_id})["field"] == "id"
    assert mine.ask("shares")["copies"] == []
    gone = guest.get(f"/s/{copy_id}")
    assert gone.status_code == 404
    assert "withdrawn" in gone.text
    version = theirs.state["version"]
    refused = theirs.ask("open_shared", {"id": copy_id})
    assert (refused["ok"], refused["field"]) == (False, "id")
    assert "withdrawn" in refused["error"]
    theirs.next_frame()
    assert theirs.state["version"] == version


def test_at_the_limit_it_says_what_to_do(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    ids: list[str] = []
    for _ in range(MOST_COPIES):  # it learns: each copy is another
        tab.wait_for(lambda: tab.next_frame()["steps"] > 0)
        ids.append(share(tab))
    assert len(set(ids)) == MOST_COPIES
    tab.next_frame()
    refused = tab.ask("share")
    assert (refused["ok"], refused["field"]) == (False, "id")
    assert f"{MOST_COPIES} copies" in refused["error"]
    assert "Withdraw one" in refused["error"]
    assert tab.ask("withdraw", {"id": ids[0]}) == {"ok": True}
    assert share(tab) not in ids


@pytest.mark.parametrize(
    "name",
    [
        "x",
        UNKNOWN,
        "A" * 21,
        "A" * 23,
        "A" * 5000,
        "%00" * 22,
        "..%2f..%2fetc%2fpasswd",
        "'; DROP TABLE copies; --",
        "<script>alert(1)</script>",
        "\u00e9" * 22,
        "\u0661" * 22,
        "%ff" * 22,
        "A" * 22 + "%0a",
    ],
)
def test_a_link_to_nothing_is_told_on_a_page_of_its_own(visitor: Visitor, name: str) -> None:
    answer = visitor.get(f"/s/{name}")
    assert answer.status_code == 404
    assert "<script" not in answer.text
    assert answer.headers["Content-Security-Policy"]
    if not name.endswith("%0a"):  # which no address of ours can be
        assert "no shared network at this link" in answer.text


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("share", {"id": UNKNOWN}),
        ("shares", {"x": 1}),
        ("withdraw", {}),
        ("withdraw", {"id": None}),
        ("withdraw", {"id": ["a"]}),
        ("open_shared", {"id": 7}),
        ("open_shared", {"id": "x" * 100_000}),
        ("open_shared", {"id": UNKNOWN, "session": "ann"}),
    ],
)
def test_what_no_page_sends_is_refused_in_words(
    visitor: Visitor, event: str, payload: dict[str, Any]
) -> None:
    answer = visitor.open_tab().ask(event, payload)
    assert answer["ok"] is False
    assert 10 < len(answer["error"]) < 300


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
    cookie = owner.http.cookies.get_dict()["charnn_session"]
    session_id = cookie.rpartition(".")[0]
    assert len(session_id) > 20
    assert session_id not in given
    assert mine.state["session"] not in json.dumps(theirs.states)  # nor its short name


# ------------------------------------------------------------------ over time


def test_a_copy_outlives_the_server_and_its_log_does_not_tell_of_it(
    url: str, tmp_path: Path
) -> None:
    options = ("--database-url", url)
    with running_server(tmp_path, options=options) as server:
        owner = Visitor(server.url)
        before = paused(owner.open_tab())
        copy_id = share(owner._tabs[0])
        owner.leave()
        log = server.log
    with running_server(tmp_path, options=options) as server:
        guest = Visitor(server.url)
        assert guest.get(f"/s/{copy_id}").status_code == 200
        tab = guest.open_tab()
        assert tab.ask("open_shared", {"id": copy_id}) == {"ok": True}
        assert tab.wait_for(lambda: tab.state["text"] == TEXT)
        assert tab.state["steps"] >= before["steps"]
        guest.leave()
        metrics = guest.get("/metrics").text
        owner.url = server.url
        assert owner.open_tab().ask("withdraw", {"id": copy_id}) == {"ok": True}
        assert guest.get(f"/s/{copy_id}").status_code == 404
        owner._tabs = owner._tabs[1:]
        owner.leave()
        log += server.log
    session_id = owner.http.cookies.get_dict()["charnn_session"].rpartition(".")[0]
    assert "a copy was shared" in log
    assert "a copy was opened" in log
    for secret in (copy_id, session_id):
        assert secret[:12] not in log
        assert secret[:12] not in metrics


def test_a_copy_that_is_too_large_for_the_server_now_is_refused(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        owner = Visitor(server.url)
        tab = owner.open_tab()
        tab.ask("learn", {"text": TEXT, "options": {"hidden_sizes": "90"}})
        copy_id = share(tab)
        owner.leave()
    with running_server(tmp_path, options=("--max-weights", "9000")) as server:
        guest = Visitor(server.url)
        tab = guest.open_tab()
        version = tab.state["version"]
        refused = tab.ask("open_shared", {"id": copy_id})
        assert (refused["ok"], refused["field"]) == (False, "id")
        assert "9,000" in refused["error"]
        tab.next_frame()
        assert tab.state["version"] == version
        guest.leave()


def test_a_store_that_cannot_be_reached_is_told_and_used_again(
    postgres: Postgres, tmp_path: Path
) -> None:
    with running_server(tmp_path, options=("--database-url", postgres.url)) as server:
        visitor = Visitor(server.url)
        tab = visitor.open_tab()
        copy_id = share(tab)
        postgres.stop()
        try:
            for event, payload in (
                ("share", {}),
                ("shares", {}),
                ("withdraw", {"id": copy_id}),
                ("open_shared", {"id": copy_id}),
            ):
                refused = tab.ask(event, payload)
                assert (refused["ok"], refused["field"]) == (False, "id")
                assert "cannot reach its store" in refused["error"]
            page = visitor.get(f"/s/{copy_id}")
            assert page.status_code == 503
            assert "cannot reach its store" in page.text
        finally:
            postgres.start()
        tab.wait_for(lambda: tab.ask("shares")["ok"])
        assert visitor.get(f"/s/{copy_id}").status_code == 200
        visitor.leave()


def test_who_needs_the_token_comes_to_the_shared_network_after_giving_it(tmp_path: Path) -> None:
    with running_server(tmp_path, environment={"CHARNN_TOKEN": "open"}) as server:
        owner = requests.Session()
        owner.get(f"{server.url}/?token=open", timeout=PATIENCE)
        tab = Tab(server.url, owner.cookies.get_dict())
        path = tab.ask("share")["path"]
        tab.ask("pause")
        tab.close()
        guest = requests.Session()
        form = guest.get(server.url + path, timeout=PATIENCE)
        assert form.status_code == 401
        assert f'name="wanted" value="{path}"' in form.text
        wrong = guest.post(f"{server.url}/token", {"token": "x", "wanted": path}, timeout=PATIENCE)
        assert f'name="wanted" value="{path}"' in wrong.text
        for wanted, came_to in (
            (path, path),
            ("//evil.example", "/"),
            ("https://evil.example/", "/"),
            ("/s/../api/model.json", "/"),
            (f"/s/{UNKNOWN}\r\nSet-Cookie: a=b", "/"),
            ("", "/"),
        ):
            answer = requests.post(
                f"{server.url}/token",
                {"token": "open", "wanted": wanted},
                timeout=PATIENCE,
                allow_redirects=False,
            )
            assert (answer.status_code, answer.headers["Location"]) == (303, came_to)
        by_link = requests.get(f"{server.url}{path}?token=open", timeout=PATIENCE)
        assert by_link.url == server.url + path
