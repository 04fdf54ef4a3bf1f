"""Snapshots that travel in pieces are whole when they arrive."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.engines.cluster.deltas import (
    SnapshotDelta,
    SnapshotVersion,
    apply_delta,
    make_delta,
    version_of,
)
from app.sessions.snapshot import Snapshot
from tests.support.snapshots import FIRST, POINT


def after(snapshot: Snapshot, what: str) -> Snapshot:
    """A later snapshot of the same session."""
    later = replace(snapshot, seq=snapshot.seq + 1, steps=snapshot.steps + 1)
    match what:
        case "point":
            return replace(later, points=(*later.points, POINT._replace(step=later.steps)))
        case "thinned":
            return replace(later, curve_version=later.curve_version + 1, points=later.points[::2])
        case "network":
            description = replace(
                later.description, version=later.description.version + 1, text=f"text {later.seq}"
            )
            return replace(
                later, description=description, curve_version=later.curve_version + 1, points=()
            )
        case "life":
            return replace(later, life=later.life + 1, seq=1, points=later.points[:1])
    return later


EVENTS = st.sampled_from(["steps", "point", "thinned", "network", "life", "ask", "hear", "lose"])


@given(st.lists(EVENTS, max_size=60), st.randoms(use_true_random=False))
def test_whatever_arrives_late_or_never_what_is_known_is_a_moment_as_it_was(
    events: list[str], chance: random.Random
) -> None:
    now, mine = FIRST, None
    moments = [FIRST]
    under_way: list[SnapshotDelta] = []
    for event in events:
        if event == "ask":
            news = make_delta(now, version_of(mine))
            under_way += [news] if news is not None else []
        elif event in ("hear", "lose"):
            if under_way:
                news = under_way.pop(chance.randrange(len(under_way)))
                told = apply_delta(news, mine) if event == "hear" else None
                mine = told if told is not None else mine
        else:
            now = after(now, event)
            moments.append(now)
        assert mine is None or mine in moments
    news = make_delta(now, version_of(mine))
    assert (apply_delta(news, mine) if news is not None else mine) == now


def test_what_is_known_does_not_travel_again() -> None:
    text = "a long text " * 5000
    points = (POINT,) * 600
    snapshot = replace(FIRST, description=replace(FIRST.description, text=text), points=points)
    news = make_delta(after(snapshot, "point"), version_of(snapshot))
    assert news is not None
    assert len(pickle.dumps(news)) < 2_000 < len(pickle.dumps(snapshot))
    assert make_delta(snapshot, version_of(snapshot)) is None
    assert make_delta(snapshot, SnapshotVersion(0, 0, 0, 0, 0)) is not None
