"""What every process that trains, or serves beside training, has to set."""

from __future__ import annotations

import sys

SWITCH_SECONDS = 0.001


def set_switch_interval() -> None:
    """Have a thread that returns from its kernel wait only so long for the interpreter's lock."""
    sys.setswitchinterval(SWITCH_SECONDS)
