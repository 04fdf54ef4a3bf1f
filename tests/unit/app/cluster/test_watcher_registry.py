"""Who looks at what, as far as every web process has told."""

from __future__ import annotations

from app.engines.cluster.node import SILENCE_SECONDS, WatcherRegistry


def test_a_session_is_watched_as_long_as_any_process_has_a_page_of_it() -> None:
    audience = WatcherRegistry()
    assert audience.watches("web", "ann", watched=True, now=0)
    assert audience.watches("other", "ann", watched=True, now=0)
    assert audience.watches("web", "ann", watched=False, now=0)
    assert not audience.watches("other", "ann", watched=False, now=0)


def test_only_what_makes_a_difference_is_told() -> None:
    audience = WatcherRegistry()
    assert audience.tell("web", ["ann", "bob"], now=0) == {"ann": True, "bob": True}
    assert audience.tell("web", ["ann", "bob"], now=1) == {}
    assert audience.tell("other", ["bob", "eve"], now=1) == {"eve": True}
    assert audience.tell("web", [], now=1) == {"ann": False}


def test_a_process_that_is_silent_has_no_pages_any_more() -> None:
    audience = WatcherRegistry()
    audience.tell("killed", ["ann", "bob"], now=0)
    audience.tell("alive", ["bob"], now=SILENCE_SECONDS)
    assert audience.expire(SILENCE_SECONDS) == {}
    assert audience.expire(SILENCE_SECONDS + 1) == {"ann": False}
    assert audience.tell("killed", ["ann"], now=SILENCE_SECONDS + 2) == {"ann": True}
