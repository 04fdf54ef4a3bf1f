"""Writes checkpoints to the store, in batches, and backs off while the store fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.engines.local import LocalEngine
from app.errors import UserError
from app.runtime.metrics import Metrics
from app.sessions.commands import CreateCheckpoint
from app.sessions.snapshot import Snapshot
from app.storage import Store, StoreError
from app.training.checkpoint import Checkpoint

log = logging.getLogger(__name__)

MAX_BATCH_WEIGHTS = 4_000_000
"""Weights of a batch: its checkpoints are copies of what is in memory already."""
MAX_BATCH_SESSIONS = 32
CAPTURE_TIMEOUT = 10.0
"""Seconds that a batch of sessions may take to create checkpoints; the late ones are skipped."""
FIRST_RETRY, MAX_RETRY = 1.0, 5.0
"""Seconds until a failed store is tried again; the delay doubles from the first to the last."""

Fingerprint = tuple[object, ...]
"""Identifies the content of a checkpoint: it changes whenever a new checkpoint would differ."""
INITIAL_NETWORK = (1, False)
"""Start of the fingerprint of a session's initial network while it trains."""


class Batch(NamedTuple):
    """The result of writing one batch.

    Attributes:
        saved: each session with the fingerprint of its checkpoint.
        claimed: sessions that another process has claimed; they were not written.
        complete: whether every session of the batch created a checkpoint.
    """

    saved: list[tuple[str, Fingerprint]]
    claimed: frozenset[str]
    complete: bool


class CheckpointWriter:
    """Creates checkpoints of sessions and writes them to the store.

    Attributes:
        failing: whether the last write failed.
    """

    def __init__(self, engine: LocalEngine, store: Store, metrics: Metrics) -> None:
        self._engine = engine
        self._store = store
        self._metrics = metrics
        self.failing = False
        self._retry_seconds = FIRST_RETRY
        self._retry_at = 0.0

    def is_ready(self, now: float) -> bool:
        """Whether the store may be tried at this monotonic time."""
        return now >= self._retry_at

    def write(self, session_ids: list[str]) -> Iterator[Batch]:
        """Write these sessions batch by batch.

        Raises:
            StoreError: a batch could not be written; the rest is not tried.
        """
        for batch in self._batches(session_ids):
            checkpoints = list(self._create_checkpoints(batch))
            claimed = self._save(checkpoints) if checkpoints else frozenset()
            saved = [(each.session_id, fingerprint_of(each)) for each in checkpoints]
            yield Batch(saved, claimed, len(checkpoints) == len(batch))

    def note_failure(self, error: StoreError) -> None:
        """Delay the next attempt."""
        if not self.failing:
            log.warning("sessions are not being saved: %s", error)
        self.failing = True
        self._retry_at = time.monotonic() + self._retry_seconds
        self._retry_seconds = min(2 * self._retry_seconds, MAX_RETRY)

    def _save(self, checkpoints: list[Checkpoint]) -> frozenset[str]:
        with self._metrics.store("save"):
            claimed = self._store.save(checkpoints, time.time())
        if self.failing:
            log.info("the store can be written to again")
        self.failing, self._retry_seconds, self._retry_at = False, FIRST_RETRY, 0.0
        return claimed

    def _batches(self, session_ids: list[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        weights = 0
        for session_id in session_ids:
            snapshot = self._engine.snapshot(session_id)
            weights += snapshot.description.weights if snapshot else 0
            batch.append(session_id)
            if weights >= MAX_BATCH_WEIGHTS or len(batch) >= MAX_BATCH_SESSIONS:
                yield batch
                batch, weights = [], 0
        if batch:
            yield batch

    def _create_checkpoints(self, session_ids: Iterable[str]) -> Iterator[Checkpoint]:
        asked = [self._engine.submit(session_id, CreateCheckpoint()) for session_id in session_ids]
        until = time.monotonic() + CAPTURE_TIMEOUT
        for future in asked:
            try:
                checkpoint = future.result(max(0.0, until - time.monotonic()))
            except (UserError, TimeoutError):
                continue  # the session is gone, or its time slice takes too long
            if isinstance(checkpoint, Checkpoint):
                yield checkpoint


def fingerprint(snapshot: Snapshot) -> Fingerprint:
    """The fingerprint that a checkpoint of the session would have now."""
    return (
        snapshot.description.version,
        snapshot.status == "paused",
        snapshot.steps,
        snapshot.learning_rate,
        snapshot.temperature,
    )


def fingerprint_of(checkpoint: Checkpoint) -> Fingerprint:
    """The fingerprint of a checkpoint."""
    return (
        checkpoint.version,
        not checkpoint.learning,
        checkpoint.totals.steps,
        checkpoint.learning_rate,
        checkpoint.temperature,
    )


def is_urgent(current: Fingerprint, saved: Fingerprint | None) -> bool:
    """Whether the network was replaced or paused since the last checkpoint.

    A session's initial network is not urgent: it holds no work of the visitor.
    """
    return current[:2] != (saved[:2] if saved is not None else INITIAL_NETWORK)
