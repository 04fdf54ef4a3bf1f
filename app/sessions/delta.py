"""The difference between two snapshots, for receivers that know an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from app.sessions.snapshot import FIELDS, Snapshot
from app.training.curve import CurvePoint


class SnapshotVersion(NamedTuple):
    """Identifies the snapshot that a receiver knows.

    Attributes:
        generation: of the session.
        seq: of the snapshot.
        points: number of points of its curve.
    """

    generation: int
    seq: int
    points: int


@dataclass(frozen=True)
class SnapshotDelta:
    """The changes from the snapshot that a receiver knows to a newer one.

    Attributes:
        generation: of the session.
        seq: of the snapshot.
        base: `seq` of the known snapshot; None if the delta holds the whole snapshot.
        changed: the values of the fields that changed, by name.
        start: how many points of the known curve stay.
        points: the points that follow these.
    """

    generation: int
    seq: int
    base: int | None
    changed: Mapping[str, Any]
    start: int
    points: tuple[CurvePoint, ...]


def version_of(snapshot: Snapshot | None) -> SnapshotVersion | None:
    """The version of a snapshot; None for none."""
    if snapshot is None:
        return None
    return SnapshotVersion(snapshot.generation, snapshot.seq, len(snapshot.points))


def make_delta(snapshot: Snapshot, known: SnapshotVersion | None) -> SnapshotDelta | None:
    """The changes since a known version; None if there are none."""
    since = snapshot.changed_at
    base, start, names = None, 0, FIELDS
    if known is not None and known.generation == snapshot.generation:
        if known.seq == snapshot.seq:
            return None
        base = known.seq
        names = tuple(name for name in FIELDS if since[name] > base)
        if "curve_version" not in names and known.points <= len(snapshot.points):
            start = known.points
    changed = {name: getattr(snapshot, name) for name in names}
    return SnapshotDelta(
        snapshot.generation, snapshot.seq, base, changed, start, snapshot.points[start:]
    )


def apply_delta(delta: SnapshotDelta, last: Snapshot | None) -> Snapshot | None:
    """The whole snapshot, given the last one that is known; None if the delta does not fit.

    Deltas can arrive out of order: one that is older than the last snapshot changes nothing.
    """
    same = last is not None and last.generation == delta.generation
    if last is not None and same and last.seq >= delta.seq:
        return last
    changed_at = dict.fromkeys(delta.changed, delta.seq)
    if delta.base is None:
        return Snapshot(**delta.changed, points=delta.points, changed_at=changed_at)
    if last is None or not same or last.seq < delta.base:
        return None
    return replace(
        last,
        **delta.changed,
        points=last.points[: delta.start] + delta.points,
        changed_at={**last.changed_at, **changed_at},
    )
