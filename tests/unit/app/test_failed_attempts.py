"""How long an address waits after failed attempts."""

from __future__ import annotations

import itertools

from app.web.middleware.failed_attempts import (
    FORGET_SECONDS,
    FREE_ATTEMPTS,
    MAX_ADDRESSES,
    MAX_WAIT,
    FailedAttempts,
)

ADDRESS = "203.0.113.1"


def waits(attempts: FailedAttempts, count: int) -> list[float]:
    """Fail this often, each time as soon as possible; the waits in between."""
    now, result = 1e6, []
    for _ in range(count):
        assert attempts.attempt(ADDRESS, now, succeeds=False) == 0
        result.append(max(0.0, attempts._failures[ADDRESS].until - now))
        now += result[-1]
    return result


def test_waits_grow_up_to_a_bound() -> None:
    seconds = waits(FailedAttempts(), 100)
    assert seconds[: FREE_ATTEMPTS - 1] == [0] * (FREE_ATTEMPTS - 1)
    growing = seconds[FREE_ATTEMPTS - 1 :]
    assert all(0 < one <= next_one for one, next_one in itertools.pairwise(growing))
    assert growing[-1] == MAX_WAIT


def test_a_success_after_the_wait_forgets_the_failures() -> None:
    attempts = FailedAttempts()
    waits(attempts, FREE_ATTEMPTS)
    now = 2e6
    assert attempts.attempt(ADDRESS, now, succeeds=True) == 0
    assert attempts.attempt(ADDRESS, now, succeeds=False) == 0
    assert attempts.attempt(ADDRESS, now, succeeds=False) == 0


def test_failures_are_forgotten_after_a_while() -> None:
    attempts = FailedAttempts()
    waits(attempts, 100)
    later = 1e6 + 100 * MAX_WAIT + FORGET_SECONDS + 1
    assert attempts.attempt(ADDRESS, later, succeeds=False) == 0
    assert attempts.attempt(ADDRESS, later, succeeds=False) == 0


def test_one_network_counts_as_one_address() -> None:
    """A customer with IPv6 has 2**64 addresses."""
    attempts = FailedAttempts()
    for number in range(FREE_ATTEMPTS):
        attempts.attempt(f"2001:db8::{number:x}", 1e6, succeeds=False)
    assert attempts.attempt("2001:db8::ffff", 1e6, succeeds=True) > 0
    assert attempts.attempt("2001:db8:1::1", 1e6, succeeds=True) == 0


def test_memory_is_bounded() -> None:
    attempts = FailedAttempts()
    for number in range(MAX_ADDRESSES + 10):
        attempts.attempt(f"a{number}", 1e6, succeeds=False)
    assert len(attempts._failures) == MAX_ADDRESSES
