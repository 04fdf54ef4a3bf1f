"""Writes checkpoints to the store, in batches, and backs off while the store fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from typing import NamedTuple

from app.engines.training_pool import Slot, TrainingPool
from app.runtime.metrics import Metrics
from app.sessions.commands import Answer, CreateCheckpoint
from app.storage import Store, StoreError
from app.training.checkpoint import Checkpoint, Revision

log = logging.getLogger(__name__)

MAX_BATCH_BYTES = 64_000_000
"""Estimated bytes of a batch: its checkpoints are copies of what is in memory already."""
BYTES_PER_WEIGHT, BYTES_PER_CHARACTER = 20, 4
"""Of a checkpoint: weights and optimizer state, copied and encoded, with the best weights; text."""
MAX_BATCH_SESSIONS = 32
PROMPT_SECONDS = 1.0
"""How long a batch waits for its sessions; the others are written after all batches."""
CAPTURE_TIMEOUT = 10.0
"""Seconds that a batch of sessions may take to create checkpoints; the late ones are skipped."""
CHECK_SECONDS = 10.0
"""Seconds without a write after which the store is tried; longer than the longest retry."""
FIRST_RETRY, MAX_RETRY = 1.0, 5.0
"""Seconds until a failed store is tried again; the delay doubles from the first to the last."""


class Batch(NamedTuple):
    """The result of writing one batch.

    Attributes:
        saved: each session with the revision of its checkpoint.
        claimed: sessions that another process has claimed; they were not written.
        complete: whether every session of the batch created a checkpoint.
    """

    saved: list[tuple[Slot, Revision]]
    claimed: list[Slot]
    complete: bool


class CheckpointWriter:
    """Creates checkpoints of sessions and writes them to the store.

    Attributes:
        failing: whether the last write failed.
    """

    def __init__(self, pool: TrainingPool, store: Store, metrics: Metrics) -> None:
        self._pool = pool
        self._store = store
        self._metrics = metrics
        self.failing = False
        self._retry_seconds = FIRST_RETRY
        self._retry_at = 0.0
        self._tried_at = time.monotonic()

    def is_ready(self, now: float) -> bool:
        """Whether the store may be tried at this monotonic time."""
        return now >= self._retry_at

    def write(self, slots: Iterable[Slot]) -> Iterator[Batch]:
        """Write these sessions batch by batch; those that are slow to answer come last.

        Raises:
            StoreError: a batch could not be written; the rest is not tried.
        """
        late: dict[Future[Answer], Slot] = {}
        for batch in _batches(slots):
            pending = {self._pool.post(slot, CreateCheckpoint()): slot for slot in batch}
            done, slow = wait(pending, timeout=PROMPT_SECONDS)
            late.update((future, pending[future]) for future in slow)
            yield self._write({future: pending[future] for future in done})
        if late:
            done, lost = wait(late, timeout=CAPTURE_TIMEOUT)
            yield self._write({future: late[future] for future in done}, complete=not lost)

    def _write(self, captured: Mapping[Future[Answer], Slot], *, complete: bool = True) -> Batch:
        """Write the checkpoints of futures that are done."""
        checkpoints: dict[Slot, Checkpoint] = {}
        for future, slot in captured.items():
            checkpoint = None if future.exception() else future.result()
            if isinstance(checkpoint, Checkpoint):
                checkpoints[slot] = checkpoint
        claimed = self._save(list(checkpoints.values())) if checkpoints else frozenset()
        return Batch(
            saved=[
                (slot, checkpoint.revision)
                for slot, checkpoint in checkpoints.items()
                if slot.session_id not in claimed
            ],
            claimed=[slot for slot in checkpoints if slot.session_id in claimed],
            complete=complete and len(checkpoints) == len(captured),
        )

    def check(self, now: float) -> None:
        """Try to write to the store, if nothing else has for a while."""
        if now - self._tried_at < CHECK_SECONDS:
            return
        try:
            with self._metrics.store("check"):
                self._store.touch((), time.time())
        except StoreError as error:
            self.note_failure(error)
        else:
            self._note_success()

    def note_failure(self, error: StoreError) -> None:
        """Delay the next attempt."""
        if not self.failing:
            log.warning("sessions are not being saved: %s", error)
        self.failing = True
        self._tried_at = time.monotonic()
        self._retry_at = self._tried_at + self._retry_seconds
        self._retry_seconds = min(2 * self._retry_seconds, MAX_RETRY)

    def _save(self, checkpoints: list[Checkpoint]) -> frozenset[str]:
        with self._metrics.store("save"):
            claimed = self._store.save(checkpoints, time.time())
        self._note_success()
        return claimed

    def _note_success(self) -> None:
        if self.failing:
            log.info("the store can be written to again")
        self.failing, self._retry_seconds, self._retry_at = False, FIRST_RETRY, 0.0
        self._tried_at = time.monotonic()


def checkpoint_bytes(weights: int, characters: int) -> int:
    """Estimated bytes of a checkpoint of so many weights, and of a text of so many characters."""
    return BYTES_PER_WEIGHT * weights + BYTES_PER_CHARACTER * characters


def _batches(slots: Iterable[Slot]) -> Iterator[list[Slot]]:
    batch: list[Slot] = []
    size = 0
    for slot in slots:
        if slot.snapshot:
            description = slot.snapshot.description
            size += checkpoint_bytes(description.weights, description.text.characters)
        batch.append(slot)
        if size >= MAX_BATCH_BYTES or len(batch) >= MAX_BATCH_SESSIONS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
