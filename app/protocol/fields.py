"""Numbers as people type them: read with tolerance, refused with a sentence that helps."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from app.protocol.base import field_error

AUTO = "auto"
LONGEST_NUMBER = 1000  # characters; whoever sends millions is not kept company while they are read
LONGEST_SHOWN = 40  # characters of a refused entry that its message repeats

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class _NotRead(Exception):  # noqa: N818  (never leaves this module)
    """Why an entry could not be read: a code, and what its message needs."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True)
class Quantity:
    """A number within a range, given as a number or as the text that a person typed."""

    name: str
    example: str
    low: float
    high: float
    low_included: bool = True
    whole: bool = False

    @property
    def rule(self) -> str:
        """What is taken, in words."""
        if self.whole:
            return f"a whole number from {self.low:g} to {self.high:g}"
        low = "from" if self.low_included else "above"
        return f"a number {low} {self.low:g}, at most {self.high:g}"

    def __call__(self, entry: object) -> float | int:
        """The number that was entered.

        Raises:
            PydanticCustomError: it cannot be used; the message says what to write instead.
        """
        try:
            return self.check(_as_number(entry))
        except _NotRead as reason:
            raise _refused(self.name, entry, reason, f"{self.rule}, like {self.example}") from None

    def check(self, number: float) -> float | int:
        """The number, if it is within the range."""
        if number < self.low or (number == self.low and not self.low_included):
            raise _NotRead("too_small")
        if number > self.high:
            raise _NotRead("too_large")
        if not self.whole:
            return number
        if number != int(number):
            raise _NotRead("not_whole")
        return int(number)


@dataclass(frozen=True)
class Sizes:
    """A list of whole numbers, given as a list or typed with commas: `20, 20`."""

    name: str
    example: str
    each: Quantity
    most: int

    @property
    def rule(self) -> str:
        """What is taken, in words."""
        return (
            f"1 to {self.most} whole numbers from {self.each.low:g} to {self.each.high:g}, "
            "separated by commas"
        )

    def __call__(self, entry: object) -> tuple[int, ...]:
        """The numbers that were entered.

        Raises:
            PydanticCustomError: they cannot be used; the message says what to write instead.
        """
        try:
            return self._check(_as_entries(entry))
        except _NotRead as reason:
            raise _refused(self.name, entry, reason, f"{self.rule}, like {self.example}") from None

    def _check(self, entries: list[Any]) -> tuple[int, ...]:
        if not entries:
            raise _NotRead("nothing_entered")
        if any(isinstance(entry, str) and not entry.strip() for entry in entries):
            raise _NotRead("empty_entry")
        if len(entries) > self.most:
            raise _NotRead("too_many_entries", count=len(entries))
        return tuple(self._check_entry(entry, alone=len(entries) == 1) for entry in entries)

    def _check_entry(self, entry: object, alone: bool) -> int:
        try:
            return int(self.each.check(_as_number(entry)))
        except _NotRead as reason:
            if alone:
                raise
            raise _NotRead(reason.code, entry=_show(entry)) from None


@dataclass(frozen=True)
class AutoOr:
    """A quantity, or nothing (typed as `auto`), which leaves it to the server.

    Attributes:
        quantity: what is taken otherwise.
        empty: an empty entry is nothing, too.
    """

    quantity: Quantity
    empty: bool = False

    @property
    def example(self) -> str:
        """A number that is taken."""
        return self.quantity.example

    @property
    def rule(self) -> str:
        """What is taken, in words."""
        return f"{'nothing' if self.empty else AUTO}, or {self.quantity.rule}"

    def __call__(self, entry: object) -> float | None:
        """The number that was entered; None where it is left to the server.

        Raises:
            PydanticCustomError: it cannot be used; the message says what to write instead.
        """
        if entry is None or (isinstance(entry, str) and self._is_nothing(entry.strip().lower())):
            return None
        try:
            return self.quantity.check(_as_number(entry))
        except _NotRead as reason:
            take = f"{self.rule}, like {self.example}"
            raise _refused(self.quantity.name, entry, reason, take) from None

    def _is_nothing(self, typed: str) -> bool:
        return typed == AUTO or (self.empty and not typed)


def _as_number(entry: object) -> float:
    if isinstance(entry, str):
        return _typed_number(entry)
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        raise _NotRead("not_a_number")
    try:
        number = float(entry)
    except OverflowError:
        raise _NotRead("too_large") from None
    if not math.isfinite(number):
        raise _NotRead("not_a_number")
    return number


def _typed_number(entry: str) -> float:
    typed = entry.strip()
    if not typed:
        raise _NotRead("nothing_entered")
    if len(typed) > LONGEST_NUMBER or not _NUMBER.fullmatch(typed):
        raise _NotRead("not_a_number")
    number = float(typed)
    if math.isinf(number):
        raise _NotRead("too_large")
    return number


def _as_entries(entry: object) -> list[Any]:
    if isinstance(entry, str):
        typed = entry.strip().removeprefix("[").removesuffix("]").strip()
        return [each.strip() for each in typed.split(",")] if typed else []
    if isinstance(entry, list | tuple):
        return list(entry)
    return [entry]


def _refused(name: str, entry: object, reason: _NotRead, rule: str) -> PydanticCustomError:
    values = {"entry": _show(entry), **reason.values}
    return field_error(reason.code, name=name, rule=rule, **values)


def _show(entry: object) -> str:
    """The entry as its message repeats it, cut where it is long."""
    if isinstance(entry, list | tuple):
        entry = ", ".join(str(each) for each in entry[:LONGEST_SHOWN])
    if isinstance(entry, str) and entry.strip():
        cut = "…" if len(entry) > LONGEST_SHOWN else ""
        # Half of a pair of UTF-16, which JSON can hold, cannot be written in a message.
        shown = entry[:LONGEST_SHOWN].encode("utf-8", "replace").decode()
        return f'"{shown}{cut}"'
    if isinstance(entry, float):
        return f"{entry:g}"
    if isinstance(entry, int) and not isinstance(entry, bool) and abs(entry) < 10**LONGEST_SHOWN:
        return str(entry)
    return "what was entered"
