"""Serializers of snapshots: the full state, or the changes since an earlier one."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from app.protocol import Best, Curve, Frame, LiveState, Point, State
from app.protocol.ids import short_id
from app.protocol.limits import MAX_BOX_TEXT
from app.sessions.delta import SnapshotDelta
from app.sessions.snapshot import Snapshot
from app.training.curve import CurvePoint

DECIMALS = 4
"""More digits than a page shows, in a third of the bytes of full precision."""

MAX_VOCABULARY = 200
"""Characters of a vocabulary in a state; some writing systems have thousands."""


class SharedPayload(dict[str, Any]):
    """A payload that several pages get, encoded once."""

    @cached_property
    def encoded(self) -> str:
        """The payload as JSON."""
        return json.dumps(self, separators=(",", ":"))


def full_state(snapshot: Snapshot) -> State:
    """The full state of a session."""
    description = snapshot.description
    return {
        **_live_state(snapshot),
        "version": description.version,
        "session": short_id(snapshot.session_id),
        "text": {
            "checksum": description.text.checksum,
            "characters": description.text.characters,
            "beginning": description.text.beginning,
            "stored": description.text.characters > MAX_BOX_TEXT,
        },
        "options": description.options.to_json(),
        "seed": description.seed,
        "vocabulary": list(description.vocabulary[:MAX_VOCABULARY]),
        "vocabulary_size": len(description.vocabulary),
        "weights": description.weights,
        "sentences": description.sentences,
        "held_out_sentences": description.validation_sentences,
        "now": time.time(),
        "recoveries": snapshot.rollbacks,
        "undoable": snapshot.undoable,
        "samples": list(snapshot.samples),
        "greedy": snapshot.greedy,
        "curve": _curve(snapshot, start=0),
    }


def frame_of(snapshot: Snapshot, delta: SnapshotDelta) -> Frame:
    """The changes since the last snapshot that was sent to a page."""
    frame: Frame = {"seq": snapshot.seq, **_live_state(snapshot)}  # type: ignore[typeddict-item]
    changed = delta.changed
    if "curve_version" in changed or delta.points:
        frame["curve"] = _curve(snapshot, delta.start)
    if "samples" in changed:
        frame["samples"] = list(snapshot.samples)
    if "greedy" in changed and snapshot.greedy is not None:
        frame["greedy"] = snapshot.greedy
    if "rollbacks" in changed:
        frame["recoveries"] = snapshot.rollbacks
    if "undoable" in changed:
        frame["undoable"] = snapshot.undoable
    return frame


def _live_state(snapshot: Snapshot) -> LiveState:
    return {
        "status": snapshot.status,
        "pause_reason": snapshot.pause_reason,
        "steps": snapshot.steps,
        "epoch": round(snapshot.epoch, DECIMALS),
        "perplexity": _rounded(snapshot.perplexity),
        "held_out_perplexity": _rounded(snapshot.validation_perplexity),
        "best": _best(snapshot),
        "overfitting_since": snapshot.overfitting_since,
        "ms_per_example": _rounded(snapshot.ms_per_example),
        "characters_per_second": _rounded(snapshot.characters_per_second),
        "learning_rate": snapshot.learning_rate,
        "temperature": snapshot.temperature,
        "saved_at": snapshot.saved_at,
        "saving": snapshot.saving,
    }


def _best(snapshot: Snapshot) -> Best | None:
    best = snapshot.best
    return None if best is None else {"loss": round(best.loss, DECIMALS), "step": best.step}


def _curve(snapshot: Snapshot, start: int) -> Curve:
    return {
        "version": snapshot.curve_version,
        "start": start,
        "points": _points(snapshot.points[start:]),
    }


def _points(points: Sequence[CurvePoint]) -> list[Point]:
    return [
        (
            point.step,
            _rounded(point.perplexity),
            _rounded(point.validation),
            _significant(point.learning_rate),
            _significant(point.set_rate),
        )
        for point in points
    ]


def _significant(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.{DECIMALS}g}")


def _rounded(number: float | None) -> float | None:
    """The rounded number; None if it is None, infinite or NaN."""
    return None if number is None or not math.isfinite(number) else round(number, DECIMALS)
