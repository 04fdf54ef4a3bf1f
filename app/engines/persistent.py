"""The engine that saves sessions to the store, evicts idle ones, and loads them again."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from app.engines.base import Engine
from app.engines.checkpoint_writer import CheckpointWriter, Fingerprint, fingerprint, is_urgent
from app.engines.local import LocalEngine
from app.engines.session_loader import LoadedSession, load_session
from app.errors import UserError
from app.protocol.ids import short_id
from app.runtime.futures import chain, failed
from app.runtime.metrics import Metrics
from app.sessions.commands import (
    Answer,
    Command,
    Learn,
    MarkSaved,
    SetWatched,
)
from app.sessions.snapshot import Snapshot
from app.storage import Store, StoreError

log = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 7.0
"""Between two checkpoints of a session; including the time to write, no more than ten."""
TICK_SECONDS = 0.25
"""Between two runs of the save loop."""
PURGE_SECONDS = 3600.0
"""Between two purges of expired sessions."""
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


@dataclass(eq=False)
class _Entry:
    """A session that is in memory or being loaded.

    Attributes:
        pending: commands to submit once it is loaded; None after that.
        ready: done once it is loaded.
        watched: whether a page watches it.
        left_at: when the last page that watched it closed.
        expected_until: until when a page that opened it may still start to watch it.
        evicting: whether it is dropped from memory after its next checkpoint.
        saved: fingerprint of its newest checkpoint in the store.
        saved_at: when that was written, on the monotonic clock.
    """

    pending: deque[tuple[Command, Future[Answer]]] | None
    ready: Future[Answer] = field(default_factory=Future)
    watched: bool = False
    left_at: float = field(default_factory=time.monotonic)
    expected_until: float = 0.0
    evicting: bool = False
    saved: Fingerprint | None = None
    saved_at: float = field(default_factory=time.monotonic)


class PersistentEngine(Engine):
    """Saves the sessions of a local engine.

    Loading and saving run on threads of their own. While the store fails, training continues, and
    snapshots say that the sessions are not being saved.
    """

    def __init__(
        self,
        engine: LocalEngine,
        store: Store,
        starting: Learn,
        policy: RetentionPolicy,
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._store = store
        self._starting = starting
        self._policy = policy
        self._metrics = metrics or Metrics()
        self._lock = threading.RLock()
        self._entries: dict[str, _Entry] = {}
        self._loaders = ThreadPoolExecutor(2, thread_name_prefix="fetch")
        self._closing = threading.Event()
        self._wake_up = threading.Event()
        self._final: Future[bool] | None = None
        self._writer = CheckpointWriter(engine, store, self._metrics)
        self._purge_at = 0.0
        self._saver = threading.Thread(target=self._save_loop, name="saver", daemon=True)
        self._saver.start()

    # -------------------------------------------------------------- Engine

    def open_session(self, session_id: str) -> Future[Answer]:
        """Open the session: from memory, from the store, or new."""
        return self.adopt(session_id, lost_at=None)

    def adopt(self, session_id: str, lost_at: float | None) -> Future[Answer]:
        """Open the session; `lost_at` is the Unix time at which its machine failed, if it did."""
        with self._lock:
            expected_until = time.monotonic() + CONNECT_SECONDS
            entry = self._entries.get(session_id)
            if entry is not None:
                entry.evicting, entry.expected_until = False, expected_until
                return entry.ready
            if self._final is not None:
                return failed(UserError("server_stopping"))
            try:
                self._evict_lru()
            except UserError as error:
                return failed(error)
            entry = _Entry(pending=deque(), expected_until=expected_until)
            self._entries[session_id] = entry
        self._loaders.submit(self._load, session_id, entry, lost_at)
        return entry.ready

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        """Submit a command; it waits until the session is loaded."""
        with self._lock:
            entry = self._entries.get(session_id)
            if entry is None:
                return failed(UserError("session_gone"))
            if isinstance(command, SetWatched):
                entry.watched, entry.left_at = command.watched, time.monotonic()
                if command.watched:
                    entry.expected_until = 0.0
            entry.evicting = False
            if entry.pending is not None:
                future: Future[Answer] = Future()
                entry.pending.append((command, future))
                return future
            return self._engine.submit(session_id, command)

    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session in memory."""
        return self._engine.snapshot(session_id)

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session in memory."""
        return self._engine.snapshots()

    def has_session(self, session_id: str) -> bool:
        """Whether the session is in memory or being loaded."""
        return session_id in self._entries

    def save_all(self) -> Future[bool]:
        """Pause training and save every session; whether all were saved. Can be called again."""
        with self._lock:
            if self._final is None or (self._final.done() and not self._final.result()):
                self._final = Future()
                self._engine.pause_training()
                self._wake_up.set()
            return self._final

    def close(self) -> None:
        """Stop training and saving."""
        self._closing.set()
        self._wake_up.set()
        self._loaders.shutdown(wait=False, cancel_futures=True)
        self._engine.close()
        self._saver.join(2 * TICK_SECONDS)
        self._store.close()

    def problems(self) -> Sequence[str]:
        """Problems of training and of saving."""
        problems = list(self._engine.problems())
        if not (self._closing.is_set() or self._saver.is_alive()):
            problems.append(f"the thread {self._saver.name} has ended")
        return problems

    @property
    def weights(self) -> int:
        """Of all networks in memory."""
        return self._engine.memory.weights

    # -------------------------------------------------------------- loading

    def _evict_lru(self) -> None:
        """Evict the least recently watched session if the limit is reached.

        Raises:
            UserError: none can be evicted.
        """
        staying = [entry for entry in self._entries.values() if not entry.evicting]
        if len(staying) < self._policy.sessions:
            return
        idle = [entry for entry in staying if not entry.watched and entry.pending is None]
        on_their_way = len(self._entries) - len(staying)
        if not idle or self._writer.failing or on_their_way >= MAX_EVICTING:
            raise UserError("server_full", limit=self._policy.sessions)
        min(idle, key=lambda entry: entry.left_at).evicting = True
        self._wake_up.set()

    def _load(self, session_id: str, entry: _Entry, lost_at: float | None) -> None:
        try:
            loaded = load_session(self._store, self._metrics, session_id, lost_at)
            if loaded.damaged:
                self._remove(session_id)
        except StoreError as error:
            log.warning("%s", error, extra={"session": short_id(session_id)})
            with self._lock:
                self._discard(session_id, UserError("store_unreachable"))
            return
        except Exception:  # otherwise its callers would wait forever
            log.exception("a session could not be fetched", extra={"session": short_id(session_id)})
            with self._lock:
                self._discard(session_id, UserError("unexpected"))
            return
        self._activate(session_id, entry, loaded)

    def _activate(self, session_id: str, entry: _Entry, loaded: LoadedSession) -> None:
        """Start the session, and submit the commands that were pending."""
        with self._lock:
            begun = self._engine.start_session(session_id, loaded.restore or self._starting)
            pending, entry.pending = entry.pending or (), None
            extras: list[Command] = [loaded.notice] if loaded.notice else []
            if loaded.saved_at is not None:
                extras.append(MarkSaved(loaded.saved_at))
            for extra in extras:
                self._engine.submit(session_id, extra)
            for command, future in pending:
                chain(self._engine.submit(session_id, command), future)
        begun.add_done_callback(lambda done: self._activated(session_id, entry, done))

    def _activated(self, session_id: str, entry: _Entry, begun: Future[Answer]) -> None:
        """Resolve `ready`; discard a session that could not be restored."""
        error = begun.exception()
        if error is None:
            entry.ready.set_result(None)
            return
        with self._lock:
            if self._entries.get(session_id) is entry:
                self._discard(session_id, error)

    def _discard(self, session_id: str, why: BaseException) -> None:
        entry = self._entries.pop(session_id, None)
        self._engine.drop(session_id)
        if entry is None:
            return
        if not entry.ready.done():
            entry.ready.set_exception(why)
        for _, future in entry.pending or ():
            future.set_exception(why)

    def _remove(self, session_id: str) -> None:
        with contextlib.suppress(StoreError):  # it is purged later
            self._store.remove(session_id)

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
        self._engine.expire_undo()
        if self._final is not None:
            if not self._final.done():
                self._final.set_result(self._save(self._all_unsaved()))
            return
        if not self._writer.is_ready(now):
            return
        self._evict_idle(now)
        self._save(self._due(now))
        self._purge_expired(now)

    def _due(self, now: float) -> list[str]:
        """Sessions whose checkpoint is due; a new or paused network is due at once."""
        due = []
        for session_id, entry in self._active():
            snapshot = self._engine.snapshot(session_id)
            if snapshot is None:
                continue
            if entry.evicting:
                due.append(session_id)
            elif (current := fingerprint(snapshot)) != entry.saved:
                waited = now - entry.saved_at >= CHECKPOINT_SECONDS
                if waited or self._writer.failing or is_urgent(current, entry.saved):
                    due.append(session_id)
        return due

    def _all_unsaved(self) -> list[str]:
        unsaved = []
        for session_id, entry in self._active():
            snapshot = self._engine.snapshot(session_id)
            if snapshot is not None and fingerprint(snapshot) != entry.saved:
                unsaved.append(session_id)
        return unsaved

    def _active(self) -> list[tuple[str, _Entry]]:
        with self._lock:
            entries = list(self._entries.items())
        return [(session_id, entry) for session_id, entry in entries if entry.pending is None]

    def _evict_idle(self, now: float) -> None:
        """Evict idle sessions; under memory pressure, also the least recently watched."""
        with self._lock:
            idle = [
                entry
                for entry in self._entries.values()
                if entry.pending is None and not entry.watched and not entry.evicting
            ]
            for entry in idle:
                unwatched = now - entry.left_at >= self._policy.unwatched_seconds
                entry.evicting = unwatched and now >= entry.expected_until
            staying = [entry for entry in idle if not entry.evicting]
            if staying and self._engine.memory.under_pressure:
                min(staying, key=lambda entry: entry.left_at).evicting = True

    def _save(self, session_ids: list[str]) -> bool:
        """Save these sessions; whether all were saved."""
        complete = True
        try:
            for batch in self._writer.write(session_ids):
                complete = complete and batch.complete
                at, now = time.time(), time.monotonic()
                for session_id in batch.claimed:
                    log.warning("claimed by another node", extra={"session": short_id(session_id)})
                    with self._lock:
                        self._discard(session_id, UserError("session_taken_over"))
                for session_id, saved in batch.saved:
                    self._mark_saved(session_id, saved, at, now)
        except StoreError as error:
            self._store_failed(error)
            return False
        return complete

    def _store_failed(self, error: StoreError) -> None:
        """Back off, keep all sessions in memory, and let them report that they are not saved."""
        self._writer.note_failure(error)
        for session_id, entry in self._active():
            entry.evicting = False
            snapshot = self._engine.snapshot(session_id)
            if snapshot is not None and snapshot.saving:
                self._engine.submit(session_id, MarkSaved(None))

    def _mark_saved(self, session_id: str, saved: Fingerprint, at: float, now: float) -> None:
        with self._lock:
            entry = self._entries.get(session_id)
            if entry is None:
                return
            entry.saved, entry.saved_at = saved, now
            if entry.evicting and not entry.watched:
                del self._entries[session_id]
                self._engine.drop(session_id)
                log.info("evicted", extra={"session": short_id(session_id)})
                return
            self._engine.submit(session_id, MarkSaved(at))

    def _purge_expired(self, now: float) -> None:
        if self._writer.failing or now < self._purge_at:
            return
        self._purge_at = now + min(PURGE_SECONDS, self._policy.keep_seconds / 10)
        try:
            self._store.touch([session_id for session_id, _ in self._active()], time.time())
            before = time.time() - self._policy.keep_seconds
            removed = self._store.remove_untouched(before)
            self._store.shares.remove_untouched(before)
        except StoreError as error:
            self._store_failed(error)
            return
        if removed:
            log.info("expired sessions removed", extra={"removed": removed})
