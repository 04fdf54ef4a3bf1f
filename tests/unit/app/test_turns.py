"""Whose turn it is."""

from __future__ import annotations

import threading
from collections import Counter

from app.engines.scheduler import ROUND, SHORTEST_SLICE, SLICE, Turn, Turns
from tests.support.waiting import PATIENCE


def take(turns: Turns) -> Turn:
    turn = turns.take()
    assert turn is not None
    return turn


def learning(*names: str) -> Turns:
    """Turns with these sessions in line."""
    turns = Turns(threads=1)
    for name in names:
        turns.call(name)
        turns.give_back(take(turns), used=0.0, learning=True)
    return turns


def test_the_share_is_time_not_turns() -> None:
    turns, used = learning("narrow", "wide"), Counter[str]()
    for _ in range(500):
        turn = take(turns)
        seconds = {"narrow": 0.03, "wide": 0.3}[turn.session_id]
        used[turn.session_id] += seconds
        turns.give_back(turn, seconds, learning=True)
    assert abs(used["narrow"] - used["wide"]) <= 0.33


def test_a_called_session_comes_before_all_that_wait_to_learn() -> None:
    turns = learning("a", "b", "c")
    turns.call("c")
    assert take(turns)[:2] == ("c", True)
    assert take(turns)[:2] == ("a", False)


def test_a_session_is_given_to_one_thread_at_a_time() -> None:
    turns = learning("a")
    held = take(turns)
    turns.call("a")
    turns.call("b")
    assert take(turns).session_id == "b"
    turns.give_back(held, 0.0, learning=False)
    assert take(turns)[:2] == ("a", True)


def test_a_session_that_rested_has_saved_no_time_up() -> None:
    turns = learning("busy")
    for _ in range(100):
        turns.give_back(take(turns), 0.03, learning=True)
    turns.call("rested")
    turns.give_back(take(turns), 0.0, learning=True)
    order = []
    for _ in range(10):
        turn = take(turns)
        order.append(turn.session_id)
        turns.give_back(turn, 0.03, learning=True)
    assert 4 <= order.count("busy") <= 6


def test_turns_get_shorter_when_many_learn() -> None:
    assert take(learning("a")).seconds == SLICE
    many = learning(*map(str, range(20)))
    assert abs(take(many).seconds - ROUND / 20) < 1e-9
    assert take(learning(*map(str, range(500)))).seconds == SHORTEST_SLICE


def test_a_removed_session_gets_no_turn() -> None:
    turns = learning("a", "b")
    turns.call("a")
    turns.remove("a")
    held = take(turns)
    assert held.session_id == "b"
    turns.remove("b")
    turns.give_back(held, 0.0, learning=True)
    turns.call("c")
    assert take(turns).session_id == "c"


def test_a_session_that_comes_again_is_not_released_by_the_thread_that_held_it_before() -> None:
    turns = learning("a")
    before = take(turns)
    turns.remove("a")
    turns.call("a")
    now = take(turns)
    turns.give_back(before, 0.0, learning=True)
    turns.call("b")
    assert take(turns).session_id == "b"
    turns.give_back(now, 0.0, learning=True)
    assert take(turns).session_id == "a"


def test_a_thread_that_waits_for_a_turn_is_released_when_the_turns_are_closed() -> None:
    turns = Turns(threads=1)
    answers: list[Turn | None] = []
    waiting = threading.Thread(target=lambda: answers.append(turns.take()))
    waiting.start()
    turns.close()
    waiting.join(PATIENCE)
    assert answers == [None]


def test_many_threads_never_share_a_session() -> None:
    turns = learning(*"abcde")
    held, shared, taken = set[str](), list[str](), Counter[str]()

    def work() -> None:
        for _ in range(2000):
            turn = take(turns)
            shared.extend({turn.session_id} & held)
            held.add(turn.session_id)
            taken[turn.session_id] += 1
            turns.call("abcde"[taken[turn.session_id] % 5])
            held.discard(turn.session_id)
            turns.give_back(turn, 0.001, learning=True)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not shared
    assert set(taken) == set("abcde")


def test_when_learning_is_held_only_those_who_are_called_have_a_turn() -> None:
    turns = learning("a", "b")
    turns.hold()
    turns.call("b")
    held = take(turns)
    assert held[:2] == ("b", True)
    turns.give_back(held, 0.0, learning=True)
    turns.call("a")
    assert take(turns)[:2] == ("a", True)
