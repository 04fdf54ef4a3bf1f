"""Sentences for whoever watches a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Remark:
    """A sentence for whoever watches the session; numbers grow, so that each is shown once."""

    number: int
    level: Level
    code: str
    message: str
