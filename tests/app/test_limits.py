"""What one visitor may ask of a server: each limit is named where it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import socketio

from app.admission import Admission, TokenBucket, TooMany, network_of
from app.limits import Limits
from tests.support.client import PATIENCE, Tab, Visitor
from tests.support.server import RunningServer, running_server

OPTIONS = (
    *("--max-text", "1000"),
    *("--max-pages-per-session", "2"),
    *("--max-events-per-second", "5"),
)
MODES = ["eventlet", "threading"]


@pytest.fixture(scope="module", params=MODES)
def strict_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server that takes on little, from each visitor."""
    folder = tmp_path_factory.mktemp(f"strict-{request.param}")
    with running_server(folder, async_mode=request.param, options=OPTIONS) as server:
        yield server
        assert not server.complaints


def _refusal(visitor: Visitor) -> dict[str, object]:
    """Why the server does not let a page in."""
    client = socketio.Client(reconnection=False)
    reasons: list[dict[str, object]] = []
    client.on("connect_error", reasons.append)
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.get_dict().items())
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(visitor.url, headers={"Cookie": cookie}, wait_timeout=PATIENCE)
    return reasons[0]


def test_a_longer_text_than_the_server_takes_is_refused_with_the_limit(
    strict_server: RunningServer,
) -> None:
    visitor = Visitor(strict_server.url)
    tab = visitor.open_tab()
    answer = tab.ask("learn", {"text": "abcdefghi\n" * 101})
    assert answer["field"] == "text"
    assert "1,010" in answer["error"]
    assert "1,000" in answer["error"]
    assert tab.ask("learn", {"text": "abcdefghi\n" * 100})["ok"]
    visitor.leave()


def test_one_network_is_open_in_so_many_pages_and_no_more(strict_server: RunningServer) -> None:
    visitor = Visitor(strict_server.url)
    one, other = visitor.open_tab(), visitor.open_tab("polling")
    refusal = _refusal(visitor)
    assert "2 pages" in str(refusal["message"])
    assert refusal["data"] == {"limit": "pages_per_session"}
    other.next_frame()
    one.close()
    third = other.wait_for(lambda: _opened(visitor))
    third.next_frame()
    visitor.leave()


def _opened(visitor: Visitor) -> Tab | None:
    """A page, once the one before has been seen to leave."""
    try:
        return visitor.open_tab()
    except socketio.exceptions.ConnectionError:
        return None


@pytest.mark.parametrize("mode", MODES)
def test_one_address_begins_so_many_networks_and_no_more(mode: str, tmp_path: Path) -> None:
    options = ("--max-sessions-per-address", "3")
    with running_server(tmp_path, async_mode=mode, options=options) as server:
        visitors = [Visitor(server.url) for _ in range(3)]
        tabs = [visitor.open_tab() for visitor in visitors]
        refusal = _refusal(Visitor(server.url))
        assert "3 networks" in str(refusal["message"])
        assert refusal["data"] == {"limit": "sessions_per_address"}
        tabs[0].next_frame()
        visitors[0].open_tab().next_frame()  # who is here already may open another page
        for visitor in visitors:
            visitor.leave()
        assert not server.complaints


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_flood_of_events_is_refused_and_other_pages_go_on(
    strict_server: RunningServer, transport: str
) -> None:
    visitor = Visitor(strict_server.url)
    flooding, other = visitor.open_tab(transport), visitor.open_tab()
    flooding.next_frame()
    refused = flooding.wait_for(lambda: _asked_too_often(flooding))
    assert "5 events a second" in str(refused["error"])
    assert other.ask("set", {"temperature": 3}) == {"ok": True}
    flooding.wait_for(lambda: flooding.ask("pause")["ok"])
    visitor.leave()


def test_a_flood_that_waits_for_no_answer_gets_all_of_them(strict_server: RunningServer) -> None:
    visitor = Visitor(strict_server.url)
    flooding = visitor.open_tab()
    flooding.next_frame()
    answers: list[dict[str, object]] = []
    for _ in range(500):
        flooding._client.emit("set", {"temperature": 2}, callback=answers.append)
    flooding.wait_for(lambda: len(answers) == 500)
    done = [answer for answer in answers if answer["ok"]]
    assert 10 <= len(done) < 500
    flooding.wait_for(lambda: flooding.ask("pause")["ok"])
    visitor.leave()


def _asked_too_often(tab: Tab) -> dict[str, object] | None:
    """The refusal, once there is one."""
    answer = tab.ask("set", {"temperature": 2})
    return None if answer["ok"] else answer


def test_a_bucket_gives_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(10, now=0.0)
    assert [bucket.take(0.0) for _ in range(21)] == [True] * 20 + [False]
    assert [bucket.take(0.1) for _ in range(2)] == [True, False]
    assert [bucket.take(100.0) for _ in range(21)] == [True] * 20 + [False]


def test_a_rate_of_less_than_one_still_lets_something_through() -> None:
    bucket = TokenBucket(0.25, now=0.0)
    assert bucket.take(0.0)
    assert not bucket.take(3.9)
    assert bucket.take(4.1)


def test_sessions_that_rest_in_the_store_count_for_nobody() -> None:
    in_memory = {"a", "b"}
    admission = Admission(Limits(sessions_per_address=2), in_memory.__contains__)
    admission.enter("page a", "a", "192.0.2.1")
    admission.enter("page b", "b", "192.0.2.1")
    with pytest.raises(TooMany):
        admission.enter("page c", "c", "192.0.2.1")
    admission.enter("page d", "d", "192.0.2.2")  # another address
    admission.leave("page a")
    with pytest.raises(TooMany):
        admission.enter("page c", "c", "192.0.2.1")  # it learns on without a page
    in_memory.remove("a")
    admission.enter("page c", "c", "192.0.2.1")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
    ],
)
def test_who_has_a_whole_network_of_addresses_counts_once(address: str, network: str) -> None:
    assert network_of(address) == network
