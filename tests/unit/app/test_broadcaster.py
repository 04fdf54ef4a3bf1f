"""What is sent to whom, and when."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

from app.engines.base import Engine
from app.protocol.hyperparameters import Hyperparameters
from app.runtime.metrics import Metrics
from app.sessions.commands import Answer, Command, SetWatched
from app.sessions.delta import make_delta, version_of
from app.sessions.snapshot import Description, SessionNotice, Snapshot, TextSummary
from app.training.curve import MAX_POINTS, CurvePoint
from app.web.sockets import broadcaster as publisher_module
from app.web.sockets.broadcaster import FRAME_INTERVAL, MAX_INTERVAL, Broadcaster
from app.web.sockets.serializers import frame_of, full_state
from tests.support.snapshots import FIRST, POINT, later

NEW = SessionNotice(2, "warning", "rolled_back", "Any words.")


def test_the_largest_frame_stays_under_16_kb() -> None:
    """It comes when the curve has been thinned, and all of its points are others."""
    point = CurvePoint(
        98_765_432, 1.0, 1.0, 61_234.5, 27_182, validation=12.3456, learning_rate=0.00987654
    )
    thinned = (point._replace(set_rate=0.0123456),) * (MAX_POINTS // 2)
    sentences = tuple("m" * 100 for _ in range(5))
    now = later(
        FIRST,
        curve_version=1,
        points=thinned,
        samples=sentences,
        greedy="m" * 100,
        validation_perplexity=12.3456,
        rollbacks=3,
    )
    delta = make_delta(now, version_of(FIRST))
    assert delta is not None
    frame = frame_of(now, delta)
    assert len(frame["curve"]["points"]) == MAX_POINTS // 2
    assert len(json.dumps(frame, separators=(",", ":"))) < 16 * 1024


class StillEngine(Engine):
    """Trains nothing; shows what it is given."""

    def __init__(self) -> None:
        self.shown: dict[str, Snapshot] = {}
        self.commands: list[tuple[str, Command]] = []

    def open_session(self, session_id: str) -> Future[Answer]:
        return self.submit(session_id, SetWatched(watched=False))

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        self.commands.append((session_id, command))
        return Future()

    def snapshot(self, session_id: str) -> Snapshot | None:
        return self.shown.get(session_id)

    def snapshots(self) -> Mapping[str, Snapshot]:
        return self.shown

    def has_session(self, session_id: str) -> bool:
        return session_id in self.shown

    def close(self) -> None:
        pass


class Pages:
    """Takes what is sent, and acknowledges when the test says so."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Mapping[str, Any]]] = []
        self.unread: list[Callable[[], None]] = []
        self.open = True

    def is_open(self, watcher: str) -> bool:
        del watcher
        return self.open

    def send(
        self,
        watcher: str,
        event: str,
        payload: Mapping[str, Any],
        acknowledged: Callable[[], None] | None = None,
    ) -> None:
        self.sent.append((watcher, event, payload))
        if acknowledged:
            self.unread.append(acknowledged)

    def read(self) -> None:
        while self.unread:
            self.unread.pop()()

    def events(self) -> list[str]:
        return [event for _, event, _ in self.sent]


class Setup:
    """A publisher with its engine, its pages, and a clock that the test moves."""

    def __init__(self) -> None:
        self.engine, self.pages, self.now = StillEngine(), Pages(), 0.0
        self.broadcaster = Broadcaster(self.engine, self.pages, Metrics())

    def show(self, snapshot: Snapshot) -> None:
        last = self.engine.shown.get(snapshot.session_id)
        self.engine.shown[snapshot.session_id] = snapshot.after(last)

    def publish(self, after: float = FRAME_INTERVAL) -> None:
        self.now += after
        self.broadcaster.publish(self.now)


@pytest.fixture
def setup() -> Setup:
    setup = Setup()
    setup.show(FIRST)
    setup.broadcaster.subscribe("tab", "ann")
    return setup


def test_tabs_of_a_session_share_the_payload_of_a_state(setup: Setup) -> None:
    """Its JSON is made once, and is in memory once, however many tabs do not read it."""
    setup.broadcaster.subscribe("other tab", "ann")
    setup.publish()
    (_, _, one), (_, _, other) = setup.pages.sent
    assert one is other


def test_a_page_that_reads_nothing_has_one_state_to_read(setup: Setup) -> None:
    """States of later networks wait for it, and nothing is queued."""
    for version in range(2, 9):
        setup.publish()
        described = replace(FIRST.description, version=version)
        setup.show(replace(FIRST, seq=version, description=described))
    assert setup.pages.events() == ["state"]


def test_a_state_is_small_whatever_the_text_and_the_vocabulary() -> None:
    chars = tuple(chr(0x4E00 + number) for number in range(20_000))
    text = TextSummary.of("".join(chars) * 100)
    snapshot = replace(FIRST, description=Description(1, text, Hyperparameters(), chars, 100))
    state = full_state(snapshot)
    assert len(json.dumps(state)) < 16 * 1024
    assert state["text"]["characters"] == 100 * len(chars)
    assert state["vocabulary_size"] == len(chars)


def test_the_first_thing_is_the_whole_state(setup: Setup) -> None:
    setup.publish()
    (watcher, event, state) = setup.pages.sent[0]
    assert (watcher, event) == ("tab", "state")
    point = (10, pytest.approx(7.3891), None, None, None)
    assert state["curve"] == {"version": 0, "start": 0, "points": [point]}
    assert state["samples"] == ["a", "b", "c", "d", "e"]


def test_nothing_is_sent_while_the_last_is_unread(setup: Setup) -> None:
    for seq in range(2, 50):
        setup.publish()
        setup.show(replace(FIRST, seq=seq))
    assert setup.pages.events() == ["state"]
    setup.pages.read()
    setup.publish()
    assert setup.pages.events() == ["state", "frame"]
    assert setup.pages.sent[-1][2]["seq"] == 49


def test_nothing_is_sent_when_nothing_is_new(setup: Setup) -> None:
    for _ in range(10):
        setup.publish()
        setup.pages.read()
    assert setup.pages.events() == ["state"]


def test_frames_keep_their_distance(setup: Setup) -> None:
    for seq in range(2, 102):
        setup.show(replace(FIRST, seq=seq))
        setup.publish(after=FRAME_INTERVAL / 10)
        setup.pages.read()
    assert len(setup.pages.sent) <= 11


def test_a_frame_holds_only_what_has_changed(setup: Setup) -> None:
    setup.publish()
    setup.pages.read()
    setup.show(replace(FIRST, seq=2, steps=20))
    setup.publish()
    frame = setup.pages.sent[-1][2]
    assert frame["steps"] == 20
    assert not {"curve", "samples", "greedy", "recoveries"} & set(frame)
    setup.pages.read()
    setup.show(replace(FIRST, seq=3, steps=30, rollbacks=1))
    setup.publish()
    assert setup.pages.sent[-1][2]["recoveries"] == 1


def test_a_page_gets_only_the_points_it_lacks(setup: Setup) -> None:
    setup.publish()
    setup.pages.read()
    setup.show(replace(FIRST, seq=2, points=(POINT, POINT._replace(step=20))))
    setup.publish()
    curve = setup.pages.sent[-1][2]["curve"]
    assert (curve["start"], len(curve["points"])) == (1, 1)


def test_a_curve_of_a_new_version_is_sent_whole(setup: Setup) -> None:
    setup.publish()
    setup.pages.read()
    setup.show(replace(FIRST, seq=2, curve_version=1, points=(POINT, POINT)))
    setup.publish()
    curve = setup.pages.sent[-1][2]["curve"]
    assert (curve["version"], curve["start"], len(curve["points"])) == (1, 0, 2)


def test_a_new_network_is_sent_whole_to_every_tab(setup: Setup) -> None:
    setup.broadcaster.subscribe("other tab", "ann")
    setup.publish()
    setup.pages.read()
    setup.show(replace(FIRST, seq=2, description=replace(FIRST.description, version=2)))
    setup.publish()
    assert setup.pages.events() == ["state"] * 4


def test_a_session_that_began_again_elsewhere_is_sent_whole_with_what_it_has_to_tell(
    setup: Setup,
) -> None:
    setup.publish()
    setup.pages.read()
    told = (SessionNotice(1, "warning", "rolled_back", "Any words."),)
    setup.show(replace(FIRST, generation=7, steps=4, points=(), notices=told))
    setup.publish()
    assert setup.pages.events() == ["state", "notice", "state"]
    assert setup.pages.sent[-1][2]["steps"] == 4
    assert setup.pages.sent[-2][2]["code"] == "rolled_back"


def test_remarks_are_sent_once_also_with_the_first_state(setup: Setup) -> None:
    """A remark about a session that was just loaded is older than any page of it."""
    old = SessionNotice(NEW.number - 1, "warning", "checkpoint_damaged", "Any words.")
    setup.show(replace(FIRST, notices=(old,)))
    for seq in (2, 3):
        setup.publish()
        setup.pages.read()
        setup.show(replace(FIRST, seq=seq, notices=(old, NEW)))
    setup.publish()
    setup.broadcaster.subscribe("later tab", "ann")
    setup.publish()
    notices = [(page, each["code"]) for page, event, each in setup.pages.sent if event == "notice"]
    assert [code for _, code in notices] == [old.code, NEW.code]
    assert "later tab" not in dict(notices)


def test_numbers_that_json_lacks_are_null(setup: Setup) -> None:
    runaway = POINT._replace(cost=float("inf"))
    setup.show(replace(FIRST, perplexity=float("inf"), points=(runaway,)))
    setup.publish()
    state = setup.pages.sent[0][2]
    assert state["perplexity"] is None
    assert state["curve"]["points"] == [(10, None, None, None, None)]


def test_a_socket_that_is_not_open_yet_is_left_alone(setup: Setup) -> None:
    setup.pages.open = False
    setup.publish()
    assert not setup.pages.sent
    setup.pages.open = True
    setup.publish()
    assert setup.pages.events() == ["state"]


def test_the_engine_knows_whether_anybody_watches(setup: Setup) -> None:
    setup.broadcaster.subscribe("other tab", "ann")
    setup.broadcaster.unsubscribe("tab")
    setup.broadcaster.unsubscribe("other tab")
    setup.broadcaster.unsubscribe("other tab")
    assert setup.engine.commands == [("ann", SetWatched(True)), ("ann", SetWatched(False))]
    setup.publish()
    assert not setup.pages.sent


def test_a_page_that_says_twice_that_it_is_there_counts_once(setup: Setup) -> None:
    setup.broadcaster.subscribe("tab", "ann")
    setup.broadcaster.unsubscribe("tab")
    assert setup.engine.commands[-1] == ("ann", SetWatched(False))


def test_a_page_sees_nothing_of_another_session(setup: Setup) -> None:
    setup.show(replace(FIRST, session_id="bob", seq=7))
    setup.publish()
    assert {watcher for watcher, _, _ in setup.pages.sent} == {"tab"}
    assert len(setup.pages.sent) == 1


def test_what_goes_wrong_for_one_page_does_not_keep_the_others_waiting(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.broadcaster.subscribe("tab of bob", "bob")
    setup.show(replace(FIRST, session_id="bob", epoch=None))  # type: ignore[arg-type]
    setup.broadcaster.subscribe("other tab", "ann")
    setup.publish()
    assert [watcher for watcher, _, _ in setup.pages.sent] == ["tab", "other tab"]
    (record,) = caplog.records
    assert record.exc_info
    assert "bob" not in record.getMessage()


def test_with_many_pages_each_gets_fewer_frames_and_none_gets_none(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr(publisher_module.time, "thread_time", lambda: next(clock) * 0.001)
    for number in range(2, 40):
        setup.show(replace(FIRST, seq=number))
        setup.publish(after=2 * MAX_INTERVAL)  # each frame takes a millisecond to make
        setup.pages.read()
    for number in range(30):
        setup.broadcaster.subscribe(str(number), "ann")
    setup.show(replace(FIRST, seq=40))
    setup.publish(after=2 * MAX_INTERVAL)
    setup.pages.read()
    sent = len(setup.pages.sent)
    setup.show(replace(FIRST, seq=50))
    setup.publish(after=FRAME_INTERVAL)
    assert len(setup.pages.sent) == sent
    setup.publish(after=MAX_INTERVAL)
    assert len(setup.pages.sent) == sent + 31
