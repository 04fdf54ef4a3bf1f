"""Whose turn it is."""

from __future__ import annotations

import threading
from collections import Counter

from app.engines.scheduler import (
    MAX_CREDIT,
    MIN_GRANULARITY,
    TARGET_LATENCY,
    TIME_SLICE,
    Lease,
    Scheduler,
)
from tests.support.waiting import PATIENCE


def acquire(scheduler: Scheduler) -> Lease:
    lease = scheduler.acquire()
    assert lease is not None
    return lease


def learning(*names: str) -> Scheduler:
    """A scheduler with these sessions runnable."""
    scheduler = Scheduler(threads=1)
    for name in names:
        scheduler.wake(name)
        scheduler.release(acquire(scheduler), used=0.0, runnable=True)
    return scheduler


def test_the_share_is_time_not_turns() -> None:
    scheduler, used = learning("narrow", "wide"), Counter[str]()
    for _ in range(500):
        lease = acquire(scheduler)
        seconds = {"narrow": 0.03, "wide": 0.3}[lease.session_id]
        used[lease.session_id] += seconds
        scheduler.release(lease, seconds, runnable=True)
    assert abs(used["narrow"] - used["wide"]) <= 0.33


def test_a_called_session_comes_before_all_that_wait_to_learn() -> None:
    scheduler = learning("a", "b", "c")
    scheduler.wake("c")
    assert acquire(scheduler)[:2] == ("c", True)
    assert acquire(scheduler)[:2] == ("a", False)


def test_a_session_is_given_to_one_thread_at_a_time() -> None:
    scheduler = learning("a")
    leased = acquire(scheduler)
    scheduler.wake("a")
    scheduler.wake("b")
    assert acquire(scheduler).session_id == "b"
    scheduler.release(leased, 0.0, runnable=False)
    assert acquire(scheduler)[:2] == ("a", True)


def test_a_session_that_rested_has_saved_no_time_up() -> None:
    scheduler = learning("busy")
    for _ in range(100):
        scheduler.release(acquire(scheduler), 0.03, runnable=True)
    scheduler.wake("rested")
    scheduler.release(acquire(scheduler), 0.0, runnable=True)
    order = []
    for _ in range(10):
        lease = acquire(scheduler)
        order.append(lease.session_id)
        scheduler.release(lease, 0.03, runnable=True)
    assert 4 <= order.count("busy") <= 6


def test_turns_get_shorter_when_many_learn() -> None:
    assert acquire(learning("a")).seconds == TIME_SLICE
    many = learning(*map(str, range(20)))
    assert abs(acquire(many).seconds - TARGET_LATENCY / 20) < 1e-9
    assert acquire(learning(*map(str, range(500)))).seconds == MIN_GRANULARITY


def test_a_removed_session_gets_no_turn() -> None:
    scheduler = learning("a", "b")
    scheduler.wake("a")
    scheduler.remove("a")
    leased = acquire(scheduler)
    assert leased.session_id == "b"
    scheduler.remove("b")
    scheduler.release(leased, 0.0, runnable=True)
    scheduler.wake("c")
    assert acquire(scheduler).session_id == "c"


def test_a_session_that_comes_again_is_not_released_by_the_thread_that_held_it_before() -> None:
    scheduler = learning("a")
    before = acquire(scheduler)
    scheduler.remove("a")
    scheduler.wake("a")
    now = acquire(scheduler)
    scheduler.release(before, 0.0, runnable=True)
    scheduler.wake("b")
    assert acquire(scheduler).session_id == "b"
    scheduler.release(now, 0.0, runnable=True)
    assert acquire(scheduler).session_id == "a"


def test_a_thread_that_waits_for_a_turn_is_released_when_the_turns_are_closed() -> None:
    scheduler = Scheduler(threads=1)
    answers: list[Lease | None] = []
    waiting = threading.Thread(target=lambda: answers.append(scheduler.acquire()))
    waiting.start()
    scheduler.close()
    waiting.join(PATIENCE)
    assert answers == [None]


def test_many_threads_never_share_a_session() -> None:
    scheduler = learning(*"abcde")
    leased, shared, taken = set[str](), list[str](), Counter[str]()

    def work() -> None:
        for _ in range(2000):
            lease = acquire(scheduler)
            shared.extend({lease.session_id} & leased)
            leased.add(lease.session_id)
            taken[lease.session_id] += 1
            scheduler.wake("abcde"[taken[lease.session_id] % 5])
            leased.discard(lease.session_id)
            scheduler.release(lease, 0.001, runnable=True)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not shared
    assert set(taken) == set("abcde")


def test_when_learning_is_held_only_those_who_are_called_have_a_turn() -> None:
    scheduler = learning("a", "b")
    scheduler.pause_training()
    scheduler.wake("b")
    leased = acquire(scheduler)
    assert leased[:2] == ("b", True)
    scheduler.release(leased, 0.0, runnable=True)
    scheduler.wake("a")
    assert acquire(scheduler)[:2] == ("a", True)


def test_a_question_waits_for_the_turn_of_its_session() -> None:
    """Questions of a session that does not train come after those who have used less."""
    scheduler = learning("a", "b")
    scheduler.release(acquire(scheduler), 0.03, runnable=True)  # a
    scheduler.wake("asks")
    scheduler.release(acquire(scheduler), 0.1, runnable=False)
    scheduler.schedule("asks")
    assert acquire(scheduler)[:2] == ("b", False)
    assert acquire(scheduler)[:2] == ("a", False)
    assert acquire(scheduler)[:2] == ("asks", False)


def test_a_question_during_a_lease_is_served_after_it() -> None:
    """Also if the session does not train."""
    scheduler = learning("a")
    leased = acquire(scheduler)
    scheduler.schedule("a")
    scheduler.release(leased, 0.0, runnable=False)
    assert acquire(scheduler)[:2] == ("a", False)


def test_commands_beyond_the_share_of_a_session_wait_their_turn() -> None:
    """A flood of commands delays nobody; the server's own commands still go first."""
    scheduler = learning("a", "flood")
    scheduler.wake("flood", MAX_CREDIT)
    scheduler.release(acquire(scheduler), 2 * MAX_CREDIT, runnable=True)
    scheduler.wake("flood", MAX_CREDIT)
    assert acquire(scheduler)[:2] == ("a", False)
    scheduler.wake("flood")
    assert acquire(scheduler)[:2] == ("flood", True)


def test_a_session_that_only_asks_and_one_that_trains_get_the_same_time() -> None:
    """Whatever a session does in its turns is charged to it."""
    scheduler, used = learning("trains", "asks"), Counter[str]()
    for _ in range(300):
        scheduler.schedule("asks")
        lease = acquire(scheduler)
        seconds = {"trains": 0.03, "asks": 0.1}[lease.session_id]
        used[lease.session_id] += seconds
        scheduler.release(lease, seconds, runnable=lease.session_id == "trains")
    assert abs(used["trains"] - used["asks"]) <= 0.2


def test_work_outside_of_leases_is_charged() -> None:
    """Also to a session that waits in the run queue."""
    scheduler = learning("a", "b")
    scheduler.charge("a", 0.1)
    assert acquire(scheduler).session_id == "b"
    assert acquire(scheduler).session_id == "a"
