"""How many pages, sessions and events are let in."""

from __future__ import annotations

import json

import pytest

from app.errors import LimitExceeded
from app.protocol.limits import MAX_EVENT_TEXT, Limits
from app.runtime.peers import TokenBucket, network_of
from app.web.sockets.connection_limits import (
    MAX_ADDRESSES,
    NEW_SESSIONS_FACTOR,
    ConnectionLimiter,
)


def test_a_bucket_gives_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(10, now=0.0)
    assert [bucket.take(0.0) for _ in range(21)] == [True] * 20 + [False]
    assert [bucket.take(0.1) for _ in range(2)] == [True, False]
    assert [bucket.take(100.0) for _ in range(21)] == [True] * 20 + [False]


def test_a_rate_of_less_than_one_lets_something_through() -> None:
    bucket = TokenBucket(0.25, now=0.0)
    assert bucket.take(0.0)
    assert not bucket.take(3.9)
    assert bucket.take(4.1)


def test_sessions_count_for_their_address_while_they_are_in_memory_or_open() -> None:
    in_memory = {"a", "b"}
    limiter = ConnectionLimiter(Limits(sessions_per_address=2), in_memory.__contains__)
    limiter.register("page a", "a", "192.0.2.1")
    limiter.register("page b", "b", "192.0.2.1")
    with pytest.raises(LimitExceeded) as caught:
        limiter.register("page c", "c", "192.0.2.1")
    assert caught.value.code == "sessions_per_address"
    limiter.register("page d", "d", "192.0.2.2")  # another address
    limiter.register("second page of a", "a", "192.0.2.1")  # who is here may open another page
    limiter.unregister("page a")
    limiter.unregister("second page of a")
    with pytest.raises(LimitExceeded):
        limiter.register("page c", "c", "192.0.2.1")  # it learns on without a page
    in_memory.remove("a")
    limiter.register("page c", "c", "192.0.2.1")


def test_an_address_may_open_only_so_many_sessions_in_an_hour() -> None:
    """Each takes a place in the store, whether it stays in memory or not."""
    limiter = ConnectionLimiter(Limits(sessions_per_address=1), lambda _: False)
    for number in range(NEW_SESSIONS_FACTOR):
        limiter.register(f"page {number}", f"session {number}", "192.0.2.1")
        limiter.unregister(f"page {number}")
    with pytest.raises(LimitExceeded) as caught:
        limiter.register("page", "another session", "192.0.2.1")
    assert caught.value.code == "sessions_per_address"
    limiter.register("page", "another session", "192.0.2.2")


def test_shared_copies_count_for_the_address_not_for_the_session() -> None:
    """Else a new cookie would give more of them."""
    limiter = ConnectionLimiter(Limits(shares_per_address=2), lambda _: True)
    for number in range(3):
        limiter.register(f"page {number}", f"session {number}", "192.0.2.1")
    limiter.register("elsewhere", "session", "192.0.2.2")
    limiter.check_share("page 0")
    limiter.check_share("page 1")
    with pytest.raises(LimitExceeded) as caught:
        limiter.check_share("page 2")
    assert caught.value.code == "shares_per_address"
    limiter.check_share("elsewhere")


def test_addresses_where_nothing_is_any_more_are_forgotten() -> None:
    limiter = ConnectionLimiter(Limits(), lambda _: False)
    addresses = [f"192.0.{number // 250}.{number % 250}" for number in range(MAX_ADDRESSES + 2)]
    for address in addresses:
        limiter.register(f"page of {address}", f"session of {address}", address)
        if address != addresses[0]:
            limiter.unregister(f"page of {address}")
    assert len(limiter._sessions_of) < MAX_ADDRESSES
    assert addresses[0] in limiter._sessions_of


def test_pages_count_for_their_session_until_they_leave() -> None:
    limiter = ConnectionLimiter(Limits(pages_per_session=2), lambda _: True)
    limiter.register("one", "a", "192.0.2.1")
    limiter.register("other", "a", "192.0.2.2")
    with pytest.raises(LimitExceeded) as caught:
        limiter.register("third", "a", "192.0.2.1")
    assert (caught.value.code, caught.value.status) == ("pages_per_session", 429)
    limiter.register("page of b", "b", "192.0.2.1")
    limiter.unregister("one")
    limiter.unregister("one")
    limiter.register("third", "a", "192.0.2.1")


def test_each_page_has_its_own_share_of_events() -> None:
    limiter = ConnectionLimiter(Limits(events_per_second=0.001), lambda _: True)
    limiter.register("one", "a", "192.0.2.1")
    limiter.register("other", "a", "192.0.2.1")
    limiter.check_rate("one")
    with pytest.raises(LimitExceeded) as caught:
        limiter.check_rate("one")
    assert caught.value.code == "events_per_second"
    limiter.check_rate("other")
    limiter.check_rate("a page that has left")


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


def test_the_longest_text_of_an_event_fits_into_a_message_however_it_is_written() -> None:
    longest = "🙂" * MAX_EVENT_TEXT
    assert len(json.dumps(longest, ensure_ascii=False).encode()) < Limits().message
