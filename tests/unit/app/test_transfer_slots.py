"""Which transfer must end for another visitor's."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from app.errors import BusyError
from app.web.http.transfer_slots import (
    PATIENCE_SECONDS,
    SLOW_BYTES_PER_SECOND,
    Slot,
    TransferSlots,
)

LIMIT = 3
OLD, YOUNG = PATIENCE_SECONDS + 1, 0.0
FAST, SLOW = SLOW_BYTES_PER_SECOND + 1.0, 60_000.0


def transfer(rate: float = FAST, age: float = OLD) -> Mock:
    return Mock(rate=Mock(return_value=rate), age=Mock(return_value=age))


def displaced(slots: list[Slot]) -> list[int]:
    """The indices of the slots whose transfers must end."""
    return [i for i, slot in enumerate(slots) if slot.transfer.displace.called]  # type: ignore[attr-defined]


def taken(
    *visitors: tuple[str, str], rates: tuple[float, ...] = (FAST,) * LIMIT, age: float = OLD
) -> tuple[TransferSlots, list[Slot]]:
    """Slots that are all taken, by visitors given as addresses and sessions."""
    slots = TransferSlots(LIMIT, "uploads_full")
    return slots, [
        slots.take(transfer(rate, age), *visitor)
        for visitor, rate in zip(visitors, rates, strict=True)
    ]


def test_the_address_with_the_most_gives_its_slowest_up() -> None:
    for age in (OLD, YOUNG):
        slots, held = taken(("a", "1"), ("b", "2"), ("b", "3"), rates=(1.0, FAST, SLOW), age=age)
        slots.take(transfer(), "c", "4")
        assert displaced(held) == [2]


def test_within_an_address_the_session_with_the_most_gives_one_up() -> None:
    """A lecture hall has one address."""
    slots, held = taken(("a", "1"), ("a", "2"), ("a", "2"), rates=(1.0, FAST, SLOW), age=YOUNG)
    slots.take(transfer(), "a", "3")
    assert displaced(held) == [2]


def test_among_equals_a_slow_transfer_gives_way_after_a_while() -> None:
    visitors = [("a", "1"), ("b", "2"), ("c", "3")]
    slots, held = taken(*visitors, rates=(FAST, SLOW, FAST))
    slots.take(transfer(), "d", "4")
    assert displaced(held) == [1]
    for rate, age in ((SLOW, YOUNG), (FAST, OLD)):
        slots, held = taken(*visitors, rates=(rate,) * LIMIT, age=age)
        with pytest.raises(BusyError) as caught:
            slots.take(transfer(), "d", "4")
        assert caught.value.code == "uploads_full"
        assert not displaced(held)


def test_who_has_the_most_takes_no_slot_of_others() -> None:
    slots, held = taken(("a", "1"), ("a", "1"), ("b", "2"), rates=(FAST, FAST, 1.0))
    with pytest.raises(BusyError):
        slots.take(transfer(), "a", "1")
    assert not displaced(held)


def test_a_released_slot_is_free_also_after_its_transfer_was_displaced() -> None:
    slots, held = taken(("a", "1"), ("a", "1"), ("a", "1"))
    slots.take(transfer(), "b", "2")
    for slot in held:
        slots.release(slot)
    for _ in range(LIMIT - 1):
        slots.take(transfer(), "c", "3")
    with pytest.raises(BusyError):
        slots.take(transfer(), "c", "3")
