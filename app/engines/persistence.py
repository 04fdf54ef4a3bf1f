"""Saves sessions to the store, evicts idle ones, and loads them again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from app.engines.base import Problem
from app.engines.checkpoint_writer import CheckpointWriter
from app.engines.session_loader import load_session
from app.engines.training_pool import Slot, TrainingPool
from app.errors import UserError
from app.protocol.ids import short_id
from app.protocol.requests import Learn
from app.runtime.metrics import Metrics
from app.sessions.commands import Command, MarkSaved
from app.storage import Store, StoreError
from app.training.checkpoint import Revision

log = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 7.0
"""Seconds between two checkpoints of a session; with the time to write, at most ten."""
TICK_SECONDS = 0.25
"""Seconds between two runs of the save loop."""
PURGE_SECONDS = 3600.0
"""Seconds between two purges of expired sessions."""
CONNECT_SECONDS = 10.0
"""How long a page may take to start watching the session it opened."""
MAX_EVICTING = 16
"""Sessions that may be evicted at the same time; beyond that, new sessions are refused."""


@dataclass(frozen=True)
class RetentionPolicy:
    """How many sessions stay in memory, and for how long.

    Attributes:
        sessions: maximum in memory.
        unwatched_seconds: how long an unwatched session stays in memory.
        keep_seconds: how long the store keeps an unused session.
    """

    sessions: int
    unwatched_seconds: float
    keep_seconds: float


class Persistence:
    """Keeps the sessions of a training pool in a store.

    Loading and saving run on threads of their own. While the store fails, training continues, and
    snapshots say that the sessions are not being saved.
    """

    def __init__(
        self,
        pool: TrainingPool,
        store: Store,
        starting: Learn,
        policy: RetentionPolicy,
        metrics: Metrics,
    ) -> None:
        self._pool = pool
        self._store = store
        self._starting = starting
        self._policy = policy
        self._metrics = metrics
        self._loaders = ThreadPoolExecutor(2, thread_name_prefix="fetch")
        self._closing = threading.Event()
        self._wake_up = threading.Event()
        self._final: Future[bool] | None = None
        self._writer = CheckpointWriter(pool, store, metrics)
        self._purge_at = 0.0
        self._saver = threading.Thread(target=self._save_loop, name="saver", daemon=True)
        self._saver.start()

    def open(self, session_id: str, lost_at: float | None) -> Slot:
        """The slot of a session: in memory, or being loaded from the store, or new.

        Args:
            session_id: the session.
            lost_at: the Unix time at which its machine failed, if it did.

        Raises:
            UserError: the server is full, or it is stopping.
        """
        expected_until = time.monotonic() + CONNECT_SECONDS
        with self._pool.lock:
            slot = self._pool.get(session_id)
            if slot is not None:
                slot.evicting, slot.expected_until = False, expected_until
                return slot
            if self._final is not None:
                raise UserError("server_stopping")
            self._evict_lru()
            slot = self._pool.add(session_id)
            slot.expected_until = expected_until
        self._loaders.submit(self._load, slot, lost_at)
        return slot

    def save_all(self) -> Future[bool]:
        """Pause training and save every session; whether all were saved. Can be called again."""
        with self._pool.lock:
            if self._final is None or (self._final.done() and not self._final.result()):
                self._final = Future()
                self._pool.pause_training()
                self._wake_up.set()
            return self._final

    def problems(self) -> Sequence[Problem]:
        """The thread that saves, if it has ended unexpectedly."""
        if self._closing.is_set() or self._saver.is_alive():
            return ()
        return [Problem("thread_ended", f"the thread {self._saver.name} has ended")]

    def obstacles(self) -> Sequence[Problem]:
        """Whether the last attempt to write to the store failed."""
        if not self._writer.failing:
            return ()
        return [Problem("store_failing", "the store cannot be written to: see the log")]

    def stop(self) -> None:
        """Start no further load or save."""
        self._closing.set()
        self._wake_up.set()
        self._loaders.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Wait for the save that is running, and close the store."""
        self._saver.join(2 * TICK_SECONDS)
        self._store.close()

    # -------------------------------------------------------------- loading

    def _evict_lru(self) -> None:
        """Evict the least recently watched session if the limit is reached.

        Raises:
            UserError: none can be evicted.
        """
        slots = self._pool.slots()
        staying = [slot for slot in slots if not slot.evicting]
        if len(staying) < self._policy.sessions:
            return
        idle = [slot for slot in staying if slot.loaded and not slot.watched]
        evicting = len(slots) - len(staying)
        if not idle or self._writer.failing or evicting >= MAX_EVICTING:
            raise UserError("server_full", limit=self._policy.sessions)
        _least_recent(idle).evicting = True
        self._wake_up.set()

    def _load(self, slot: Slot, lost_at: float | None) -> None:
        """Load a session from the store, or start a new one."""
        session_id = slot.session_id
        try:
            loaded = load_session(self._store, self._metrics, session_id, lost_at)
        except StoreError as error:
            log.warning("%s", error, extra={"session": short_id(session_id)})
            self._pool.discard(slot, UserError("store_unreachable"))
            return
        except UserError as error:
            self._pool.discard(slot, error)
            return
        except Exception:  # otherwise its callers would wait forever
            log.exception("a session could not be loaded", extra={"session": short_id(session_id)})
            self._pool.discard(slot, UserError("unexpected"))
            return
        commands: list[Command] = [loaded.restore or self._starting]
        if loaded.recovered:
            commands.append(loaded.recovered)
        if loaded.notice:
            commands.append(loaded.notice)
        if loaded.saved_at is not None:
            commands.append(MarkSaved(loaded.saved_at))
        self._pool.start(slot, *commands)

    # -------------------------------------------------------------- saving

    def _save_loop(self) -> None:
        while not self._closing.is_set():
            self._wake_up.wait(TICK_SECONDS)
            self._wake_up.clear()
            try:
                self._tick()
            except Exception:
                log.exception("saving failed")

    def _tick(self) -> None:
        """Save sessions that are due, evict idle ones, and purge expired ones."""
        now = time.monotonic()
        self._pool.expire_undo()
        if self._final is not None:
            if not self._final.done():
                self._final.set_result(self._save(self._unsaved()))
            return
        if not self._writer.is_ready(now):
            return
        self._evict_idle(now)
        self._save(slot for slot in self._loaded() if self._is_due(slot, now))
        self._writer.check(now)
        self._purge_expired(now)

    def _is_due(self, slot: Slot, now: float) -> bool:
        """Whether to save a session now; a new or paused network is saved at once."""
        if slot.snapshot is None:
            return False
        if slot.evicting:
            return True
        revision = slot.snapshot.revision
        if revision == slot.saved:
            return False
        waited = now - slot.saved_at >= CHECKPOINT_SECONDS
        return waited or self._writer.failing or revision.major != slot.saved.major

    def _unsaved(self) -> list[Slot]:
        return [
            slot
            for slot in self._loaded()
            if slot.snapshot and slot.snapshot.revision != slot.saved
        ]

    def _loaded(self) -> list[Slot]:
        return [slot for slot in self._pool.slots() if slot.loaded]

    def _evict_idle(self, now: float) -> None:
        """Evict idle sessions; under memory pressure, also the least recently watched."""
        with self._pool.lock:
            idle = [slot for slot in self._loaded() if not (slot.watched or slot.evicting)]
            for slot in idle:
                unwatched = now - slot.left_at >= self._policy.unwatched_seconds
                slot.evicting = unwatched and now >= slot.expected_until
            staying = [slot for slot in idle if not slot.evicting]
            if staying and self._pool.memory.under_pressure:
                _least_recent(staying).evicting = True

    def _save(self, slots: Iterable[Slot]) -> bool:
        """Save these sessions; whether all were saved."""
        complete = True
        try:
            for batch in self._writer.write(slots):
                complete = complete and batch.complete
                at, now = time.time(), time.monotonic()
                for slot in batch.claimed:
                    log.warning("claimed by another node", extra={"session": slot.session.short_id})
                    self._pool.discard(slot, UserError("session_taken_over"))
                for slot, revision in batch.saved:
                    self._mark_saved(slot, revision, at, now)
        except StoreError as error:
            self._store_failed(error)
            return False
        return complete

    def _store_failed(self, error: StoreError) -> None:
        """Back off, keep all sessions in memory, and let those report it that have changed."""
        self._writer.note_failure(error)
        for slot in self._loaded():
            slot.evicting = False
        for slot in self._unsaved():
            if slot.snapshot is not None and slot.snapshot.saving:
                self._pool.post(slot, MarkSaved(None))

    def _mark_saved(self, slot: Slot, revision: Revision, at: float, now: float) -> None:
        with self._pool.lock:
            slot.saved, slot.saved_at = revision, now
            if slot.evicting and not slot.watched:
                self._pool.discard(slot, UserError("session_gone"))
                log.info("evicted", extra={"session": slot.session.short_id})
            else:
                self._pool.post(slot, MarkSaved(at))

    def _purge_expired(self, now: float) -> None:
        if self._writer.failing or now < self._purge_at:
            return
        self._purge_at = now + min(PURGE_SECONDS, self._policy.keep_seconds / 10)
        try:
            self._store.touch([slot.session_id for slot in self._loaded()], time.time())
            before = time.time() - self._policy.keep_seconds
            expiry = self._store.remove_expired(before, time.time())
            self._store.shares.remove_expired(before, time.time())
            self._store.set_aside.remove_before(before)
            self._store.texts.remove_unused(time.time())
        except StoreError as error:
            self._store_failed(error)
            return
        if any(expiry):
            log.info("unused sessions", extra=expiry._asdict())


def _least_recent(slots: Iterable[Slot]) -> Slot:
    return min(slots, key=lambda slot: slot.left_at)
