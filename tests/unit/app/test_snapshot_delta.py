"""A receiver of deltas always holds a snapshot that the sender had."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.sessions.delta import (
    SnapshotDelta,
    SnapshotVersion,
    apply_delta,
    make_delta,
    version_of,
)
from app.sessions.snapshot import Snapshot
from tests.support.snapshots import FIRST, POINT, later


def after(snapshot: Snapshot, what: str) -> Snapshot:
    """A later snapshot of the same session."""
    steps = snapshot.steps + 1
    match what:
        case "point":
            points = (*snapshot.points, POINT._replace(step=steps))
            return later(snapshot, steps=steps, points=points)
        case "thinned":
            return later(
                snapshot, curve_version=snapshot.curve_version + 1, points=snapshot.points[::2]
            )
        case "network":
            description = replace(
                snapshot.description,
                version=snapshot.description.version + 1,
                text=f"text {snapshot.seq}",
            )
            return later(
                snapshot,
                description=description,
                curve_version=snapshot.curve_version + 1,
                points=(),
            )
        case "samples":
            return later(snapshot, samples=(f"sample {snapshot.seq}",))
        case "generation":
            return later(
                snapshot, generation=snapshot.generation + 1, seq=1, points=snapshot.points[:1]
            )
    return later(snapshot, steps=steps)


EVENTS = st.sampled_from(
    ["steps", "point", "thinned", "network", "samples", "generation", "ask", "hear", "lose"]
)


@given(st.lists(EVENTS, max_size=60), st.randoms(use_true_random=False))
def test_late_and_lost_deltas_never_produce_a_mixed_snapshot(
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


def test_a_delta_holds_only_what_the_receiver_does_not_know() -> None:
    text = "a long text " * 5000
    points = (POINT,) * 600
    snapshot = later(FIRST, description=replace(FIRST.description, text=text), points=points)
    news = make_delta(after(snapshot, "point"), version_of(snapshot))
    assert news is not None
    assert len(pickle.dumps(news)) < 2_000 < len(pickle.dumps(snapshot))
    assert make_delta(snapshot, version_of(snapshot)) is None
    assert make_delta(snapshot, SnapshotVersion(1, 0, 0)) is not None
