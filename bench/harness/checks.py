"""What was found, beside what was hoped for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """A figure and its limit.

    Attributes:
        what: what was measured.
        value: what came out.
        limit: what it has to keep to, in words; empty where it is only told.
        holds: whether it does.
    """

    what: str
    value: str
    limit: str
    holds: bool


class Findings:
    """All that one run found."""

    def __init__(self) -> None:
        self.all: list[Finding] = []

    def least(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """A figure that may not be less."""
        self._add(what, value, f"at least {limit:g}{unit}", value >= limit, unit)

    def most(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """A figure that may not be more."""
        self._add(what, value, f"at most {limit:g}{unit}", value <= limit, unit)

    def equal(self, what: str, value: object, expected: object) -> None:
        """What may not be anything else."""
        self._tell(Finding(what, str(value), str(expected), value == expected))

    def tell(self, what: str, value: object) -> None:
        """A figure without a limit."""
        self._tell(Finding(what, str(value), "", holds=True))

    @property
    def all_hold(self) -> bool:
        """Whether every limit is kept."""
        return all(finding.holds for finding in self.all)

    def as_json(self) -> str:
        """All findings, for programs."""
        return json.dumps([asdict(finding) for finding in self.all], indent=1)

    def _add(self, what: str, value: float, limit: str, holds: bool, unit: str) -> None:
        self._tell(Finding(what, f"{value:.4g}{unit}", limit, holds))

    def _tell(self, finding: Finding) -> None:
        self.all.append(finding)
        verdict = ("ok" if finding.holds else "FAILS") if finding.limit else ""
        print(f"{finding.what:64} {finding.value:>16}  {finding.limit:18} {verdict}", flush=True)
