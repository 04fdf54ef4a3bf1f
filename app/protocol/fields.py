"""Fields for numbers as people type them: lenient parsing, helpful error messages."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticCustomError

from app.protocol.base import field_error

AUTO = "auto"
MAX_NUMBER_LENGTH = 1000  # characters: parsing millions would block the server
MAX_SHOWN_LENGTH = 40  # characters of an invalid entry that its message repeats

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class _InvalidEntry(Exception):  # noqa: N818  (private to this module)
    """An entry is invalid: the error code, and the values of its message."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True)
class ChoiceField:
    """A field with a fixed set of choices."""

    name: str
    choices: tuple[str, ...]

    def __call__(self, entry: object) -> object:
        """The choice entered.

        Raises:
            PydanticCustomError: the choice is unknown; the message lists the valid ones.
        """
        if entry not in self.choices:
            *known, last = self.choices
            raise field_error("unknown_choice", name=self.name, known=", ".join(known), last=last)
        return entry


@dataclass(frozen=True)
class OptionalFlagField:
    """A truth value, or None (typed as `auto`), for which the network chooses one."""

    name: str

    choices = (AUTO, "true", "false")
    example = "true"

    @property
    def rule(self) -> str:
        """The accepted values, in words."""
        *known, last = self.choices
        return f"{', '.join(known)} or {last}"

    def __call__(self, entry: object) -> bool | None:
        """The truth value entered, or None.

        Raises:
            PydanticCustomError: it is unknown; the message lists the valid ones.
        """
        if entry is None or isinstance(entry, bool):
            return entry
        ChoiceField(self.name, self.choices)(entry)
        return None if entry == AUTO else entry == "true"


@dataclass(frozen=True)
class NumberField:
    """A number within a range, as a number or as typed text."""

    name: str
    example: str
    low: float
    high: float
    low_included: bool = True
    whole: bool = False

    @property
    def inputmode(self) -> str:
        """The HTML attribute that selects the keyboard of a touch screen."""
        return "numeric" if self.whole else "decimal"

    @property
    def rule(self) -> str:
        """The accepted values, in words."""
        if self.whole:
            return f"a whole number from {self.low} to {self.high}"
        low = "from" if self.low_included else "above"
        return f"a number {low} {self.low:g}, at most {self.high:g}"

    def __call__(self, entry: object) -> float | int:
        """The number entered.

        Raises:
            PydanticCustomError: it is invalid; the message says what to enter instead.
        """
        try:
            return self.check(_as_number(entry))
        except _InvalidEntry as reason:
            raise _refused(self.name, entry, reason, f"{self.rule}, like {self.example}") from None

    def check(self, number: float) -> float | int:
        """The number; raises `_InvalidEntry` if it is out of range."""
        if number < self.low or (number == self.low and not self.low_included):
            raise _InvalidEntry("too_small")
        if number > self.high:
            raise _InvalidEntry("too_large")
        if not self.whole:
            return number
        if number != int(number):
            raise _InvalidEntry("not_whole")
        return int(number)


@dataclass(frozen=True)
class IntListField:
    """A list of whole numbers, as a list or as typed text: `20, 20`."""

    name: str
    example: str
    each: NumberField
    max_length: int

    inputmode = "text"

    @property
    def rule(self) -> str:
        """The accepted values, in words."""
        return (
            f"1 to {self.max_length} whole numbers from {self.each.low:g} to {self.each.high:g}, "
            "separated by commas"
        )

    def __call__(self, entry: object) -> tuple[int, ...]:
        """The numbers entered.

        Raises:
            PydanticCustomError: they are invalid; the message says what to enter instead.
        """
        try:
            return self._check(_as_entries(entry))
        except _InvalidEntry as reason:
            raise _refused(self.name, entry, reason, f"{self.rule}, like {self.example}") from None

    def _check(self, entries: list[Any]) -> tuple[int, ...]:
        if not entries:
            raise _InvalidEntry("nothing_entered")
        if any(isinstance(entry, str) and not entry.strip() for entry in entries):
            raise _InvalidEntry("empty_entry")
        if len(entries) > self.max_length:
            raise _InvalidEntry("too_many_entries", count=len(entries))
        return tuple(self._check_entry(entry, alone=len(entries) == 1) for entry in entries)

    def _check_entry(self, entry: object, alone: bool) -> int:
        try:
            return int(self.each.check(_as_number(entry)))
        except _InvalidEntry as reason:
            if alone:
                raise
            raise _InvalidEntry(reason.code, entry=_show(entry)) from None


@dataclass(frozen=True)
class OptionalNumberField:
    """A number, or None (typed as `auto`), for which the server chooses a value.

    Attributes:
        number: the field that validates the number.
        empty: whether an empty entry also means None.
    """

    number: NumberField
    empty: bool = False

    @property
    def name(self) -> str:
        """The name of the number."""
        return self.number.name

    @property
    def inputmode(self) -> str:
        """The keyboard of a touch screen."""
        return self.number.inputmode

    @property
    def example(self) -> str:
        """A valid number."""
        return self.number.example

    @property
    def rule(self) -> str:
        """The accepted values, in words."""
        return f"{'nothing' if self.empty else AUTO}, or {self.number.rule}"

    def __call__(self, entry: object) -> float | None:
        """The number entered, or None.

        Raises:
            PydanticCustomError: it is invalid; the message says what to enter instead.
        """
        if entry is None or (isinstance(entry, str) and self._is_nothing(entry.strip().lower())):
            return None
        try:
            return self.number.check(_as_number(entry))
        except _InvalidEntry as reason:
            take = f"{self.rule}, like {self.example}"
            raise _refused(self.name, entry, reason, take) from None

    def _is_nothing(self, typed: str) -> bool:
        return typed == AUTO or (self.empty and not typed)


Field = ChoiceField | OptionalFlagField | IntListField | NumberField | OptionalNumberField
"""A field of any kind."""


def as_entered(value: object) -> str:
    """The value as text that the field accepts."""
    if value is None:
        return AUTO
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(as_entered, value))
    return value if isinstance(value, str) else f"{Decimal(str(value)).normalize():f}"


def _as_number(entry: object) -> float:
    if isinstance(entry, str):
        return _typed_number(entry)
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        raise _InvalidEntry("not_a_number")
    try:
        number = float(entry)
    except OverflowError:
        raise _InvalidEntry("too_large") from None
    if not math.isfinite(number):
        raise _InvalidEntry("not_a_number")
    return number


def _typed_number(entry: str) -> float:
    typed = entry.strip()
    if not typed:
        raise _InvalidEntry("nothing_entered")
    if len(typed) > MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(typed):
        raise _InvalidEntry("not_a_number")
    number = float(typed)
    if math.isinf(number):
        raise _InvalidEntry("too_large")
    return number


def _as_entries(entry: object) -> list[Any]:
    if isinstance(entry, str):
        typed = entry.strip().removeprefix("[").removesuffix("]").strip()
        entries = typed.split(",", MAX_NUMBER_LENGTH)  # more are too many for any list
        return [each.strip() for each in entries] if typed else []
    if isinstance(entry, list | tuple):
        return list(entry)
    return [entry]


def _refused(name: str, entry: object, reason: _InvalidEntry, rule: str) -> PydanticCustomError:
    values = {"entry": _show(entry), **reason.values}
    return field_error(reason.code, name=name, rule=rule, **values)


def _show(entry: object) -> str:
    """The entry for an error message, truncated if long."""
    if isinstance(entry, list | tuple):
        entry = ", ".join(str(each) for each in entry[:MAX_SHOWN_LENGTH])
    if isinstance(entry, str) and entry.strip():
        cut = "…" if len(entry) > MAX_SHOWN_LENGTH else ""
        # JSON can hold a lone surrogate, which a message cannot.
        shown = entry[:MAX_SHOWN_LENGTH].encode("utf-8", "replace").decode()
        return f'"{shown}{cut}"'
    if isinstance(entry, float):
        return f"{entry:g}"
    if isinstance(entry, int) and not isinstance(entry, bool) and abs(entry) < 10**MAX_SHOWN_LENGTH:
        return str(entry)
    return "what was entered"
