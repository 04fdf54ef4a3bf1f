"""Snapshots for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.protocol.hyperparameters import Hyperparameters
from app.sessions.snapshot import Description, Snapshot, TextSummary
from app.training.curve import CurvePoint

POINT = CurvePoint(10, 0.1, 0.5, 50.0, 25)

FIRST = Snapshot(
    session_id="ann",
    seq=1,
    description=Description(1, TextSummary.of("text"), Hyperparameters(), ("t", "e", "x"), 100),
    status="learning",
    steps=10,
    epoch=0.1,
    perplexity=7.0,
    ms_per_example=0.2,
    characters_per_second=300_000.0,
    learning_rate=0.01,
    temperature=1.0,
    samples=("a", "b", "c", "d", "e"),
    greedy="g",
    curve_version=0,
    points=(POINT,),
    notices=(),
).after(None)


def later(last: Snapshot, **changes: Any) -> Snapshot:
    """The next snapshot of a session, with these changes."""
    return replace(last, **{"seq": last.seq + 1, **changes}).after(last)
