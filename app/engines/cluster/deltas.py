"""Snapshots on their way to who shows them: only what is not there yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from app.protocol.hyperparameters import Options
from app.sessions.snapshot import Description, Snapshot
from app.training.curve import CurvePoint

OMITTED = Description(0, "", Options(), (), 0)
"""In the place of a description that is there already."""


class SnapshotVersion(NamedTuple):
    """What somebody has of a session already.

    Attributes:
        life: of the session.
        seq: of the snapshot.
        version: of the description.
        curve_version: of the points.
        points: how many there are.
    """

    life: int
    seq: int
    version: int
    curve_version: int
    points: int


@dataclass(frozen=True)
class SnapshotDelta:
    """A newer snapshot, without what is known already.

    Attributes:
        figures: the snapshot; its description and its points may be left out.
        has_description: whether the description is there.
        start: how many points are left out.
    """

    figures: Snapshot
    has_description: bool
    start: int


def version_of(snapshot: Snapshot | None) -> SnapshotVersion | None:
    """What is known with this snapshot; None: nothing."""
    if snapshot is None:
        return None
    return SnapshotVersion(
        snapshot.life,
        snapshot.seq,
        snapshot.description.version,
        snapshot.curve_version,
        len(snapshot.points),
    )


def make_delta(snapshot: Snapshot, known: SnapshotVersion | None) -> SnapshotDelta | None:
    """What a snapshot tells beyond what is known; None: nothing."""
    if known is None or known.life != snapshot.life:
        return SnapshotDelta(snapshot, has_description=True, start=0)
    if known.seq == snapshot.seq:
        return None
    described = known.version == snapshot.description.version
    same_curve = known.curve_version == snapshot.curve_version
    start = known.points if same_curve and known.points <= len(snapshot.points) else 0
    figures = replace(
        snapshot,
        description=OMITTED if described else snapshot.description,
        points=snapshot.points[start:],
    )
    return SnapshotDelta(figures, not described, start)


def apply_delta(news: SnapshotDelta, last: Snapshot | None) -> Snapshot | None:
    """The whole snapshot, with what is known from the last; None where they do not fit.

    News may come on two roads: what is older than the last is the last.
    """
    figures = news.figures
    if last is not None and last.life == figures.life and last.seq >= figures.seq:
        return last
    if news.has_description and not news.start:
        return figures
    if last is None or last.life != figures.life:
        return None
    points = _points(news, last)
    if points is None:
        return None
    description = figures.description if news.has_description else last.description
    return replace(figures, description=description, points=points)


def _points(news: SnapshotDelta, last: Snapshot) -> tuple[CurvePoint, ...] | None:
    if not news.start:
        return news.figures.points
    if last.curve_version != news.figures.curve_version or len(last.points) < news.start:
        return None
    return last.points[: news.start] + news.figures.points
