"""Measured values, and whether they keep their limits."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Check:
    """A measured value and its limit.

    Attributes:
        what: what was measured.
        value: the value, with its unit.
        limit: the limit in words; empty if there is none.
        holds: whether the value keeps the limit.
    """

    what: str
    value: str
    limit: str
    holds: bool


class Checks:
    """All checks of a run; each is printed as it is added."""

    def __init__(self) -> None:
        self.all: list[Check] = []

    def at_least(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """Check a value against a lower limit."""
        text = f"at least {limit:g}{unit}"
        self._add(Check(what, f"{value:.4g}{unit}", text, value >= limit))

    def at_most(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """Check a value against an upper limit."""
        text = f"at most {limit:g}{unit}"
        self._add(Check(what, f"{value:.4g}{unit}", text, value <= limit))

    def equal(self, what: str, value: object, expected: object) -> None:
        """Check a value for equality."""
        self._add(Check(what, str(value), str(expected), value == expected))

    def info(self, what: str, value: object) -> None:
        """Record a value without a limit."""
        self._add(Check(what, str(value), "", holds=True))

    @property
    def all_passed(self) -> bool:
        """Whether all values keep their limits."""
        return all(check.holds for check in self.all)

    def as_json(self) -> str:
        """All checks as JSON."""
        return json.dumps([asdict(check) for check in self.all], indent=1)

    def _add(self, check: Check) -> None:
        self.all.append(check)
        verdict = ("ok" if check.holds else "FAILS") if check.limit else ""
        print(f"{check.what:64} {check.value:>16}  {check.limit:18} {verdict}", flush=True)
