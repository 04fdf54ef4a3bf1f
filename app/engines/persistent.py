"""Sessions that outlive the process: fetched from the store, saved to it, resting there."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from app.engines.base import Engine
from app.engines.failover import loss_in_words
from app.engines.local import LocalEngine
from app.errors import Notice, UserError
from app.protocol.ids import short_id
from app.runtime.metrics import Metrics
from app.sessions.commands import Answer, Capture, Command, Learn, NoteStored, Restore, Tell, Watch
from app.sessions.snapshot import Snapshot
from app.storage import DamagedCheckpoint, Store, StoreError
from app.training.checkpoint import Checkpoint

log = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 7.0
"""From one checkpoint of a session to the next: with the time that it takes, no more than ten."""
LOOK_SECONDS = 0.25
"""Between two looks for what has to be saved."""
WEIGHTS_AT_ONCE = 4_000_000
"""Captured before they are written: copies of what is in memory already."""
SESSIONS_AT_ONCE = 32
CAPTURE_PATIENCE = 10.0
"""Seconds that a session may take to its next turn, before it is left for the next look."""
FIRST_RETRY, LAST_RETRY = 1.0, 5.0
"""Seconds to the next try of a store that failed; each is twice the last."""
TIDY_SECONDS = 3600.0
"""Between two looks for sessions that nobody touches any more."""
ARRIVAL_SECONDS = 10.0
"""For a page to begin to watch the session that it has come for."""
MOST_LEAVING = 16
"""Sessions on their way out that make way for others, before newcomers have to wait."""


@dataclass(frozen=True)
class Keeping:
    """How long, and how many.

    Attributes:
        sessions: in memory at once.
        unwatched_seconds: how long a session stays in memory with nobody watching.
        keep_seconds: how long the store keeps a session that nobody touches.
    """

    sessions: int
    unwatched_seconds: float
    keep_seconds: float


FIRST_NETWORK = (1, False)
"""The beginning of the mark of a network that a session begins with, and that learns."""
Mark = tuple[object, ...]
"""What a checkpoint would hold, as far as can be told from outside: another mark, another one."""


@dataclass(eq=False)
class _Guest:
    """A session in memory, or on its way there.

    Attributes:
        waiting: commands that wait for its arrival; None once it is there.
        left_at: when the last page that watched it was closed.
        expected_until: when a page that has come for it should have begun to watch it.
        leaving: on its way to rest in the store.
        saved: mark of its newest checkpoint in the store.
        saved_at: when that was written, on the monotonic clock.
    """

    waiting: deque[tuple[Command, Future[Answer]]] | None
    arrival: Future[Answer] = field(default_factory=Future)
    watched: bool = False
    left_at: float = field(default_factory=time.monotonic)
    expected_until: float = 0.0
    leaving: bool = False
    saved: Mark | None = None
    saved_at: float = field(default_factory=time.monotonic)


class Keeper(Engine):
    """An engine whose sessions are kept.

    Fetching and saving happen on threads of its own. While the store fails, training goes on, and
    the sessions know that they are not being saved.
    """

    def __init__(
        self,
        engine: LocalEngine,
        store: Store,
        starting: Learn,
        keeping: Keeping,
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._store = store
        self._starting = starting
        self._keeping = keeping
        self._metrics = metrics or Metrics()
        self._lock = threading.RLock()
        self._guests: dict[str, _Guest] = {}
        self._fetchers = ThreadPoolExecutor(2, thread_name_prefix="fetch")
        self._closing = threading.Event()
        self._wake_up = threading.Event()
        self._final: Future[bool] | None = None
        self._failing = False
        self._retry_seconds = FIRST_RETRY
        self._retry_at = 0.0
        self._tidy_at = 0.0
        self._saver = threading.Thread(target=self._save_for_ever, name="saver", daemon=True)
        self._saver.start()

    # -------------------------------------------------------------- the engine's side

    def create(self, session_id: str) -> Future[Answer]:
        """Have the session: as it is, as it was kept, or new."""
        return self.take_over(session_id, lost_at=None)

    def take_over(self, session_id: str, lost_at: float | None) -> Future[Answer]:
        """Have the session as it was kept; it hears of it if its machine failed, at a Unix time."""
        with self._lock:
            expected_until = time.monotonic() + ARRIVAL_SECONDS
            guest = self._guests.get(session_id)
            if guest is not None:
                guest.leaving, guest.expected_until = False, expected_until
                return guest.arrival
            if self._final is not None:
                return _failed(UserError("server_stopping"))
            try:
                self._make_way()
            except UserError as error:
                return _failed(error)
            guest = _Guest(waiting=deque(), expected_until=expected_until)
            self._guests[session_id] = guest
        self._fetchers.submit(self._fetch, session_id, guest, lost_at)
        return guest.arrival

    def command(self, session_id: str, command: Command) -> Future[Answer]:
        """Have a command carried out at the session's next turn, once it has arrived."""
        with self._lock:
            guest = self._guests.get(session_id)
            if guest is None:
                return _failed(UserError("session_gone"))
            if isinstance(command, Watch):
                guest.watched, guest.left_at = command.watched, time.monotonic()
                if command.watched:
                    guest.expected_until = 0.0
            guest.leaving = False
            if guest.waiting is not None:
                future: Future[Answer] = Future()
                guest.waiting.append((command, future))
                return future
            return self._engine.command(session_id, command)

    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session in memory."""
        return self._engine.snapshot(session_id)

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session in memory."""
        return self._engine.snapshots()

    def holds(self, session_id: str) -> bool:
        """Whether the session is in memory, or on its way there."""
        return session_id in self._guests

    def drop(self, session_id: str) -> None:
        """Forget the session, in memory and in the store."""
        with self._lock:
            self._let_go(session_id, UserError("session_gone"))
        self._fetchers.submit(self._remove, session_id)

    def save_all(self) -> Future[bool]:
        """Stop learning and save every session; whether all could be. Can be tried again."""
        with self._lock:
            if self._final is None or (self._final.done() and not self._final.result()):
                self._final = Future()
                self._engine.hold()
                self._wake_up.set()
            return self._final

    def close(self) -> None:
        """Stop training and saving."""
        self._closing.set()
        self._wake_up.set()
        self._fetchers.shutdown(wait=False, cancel_futures=True)
        self._engine.close()
        self._saver.join(2 * LOOK_SECONDS)
        self._store.close()

    def problems(self) -> Sequence[str]:
        """What keeps sessions from being trained, and from being saved."""
        problems = list(self._engine.problems())
        if not (self._closing.is_set() or self._saver.is_alive()):
            problems.append(f"the thread {self._saver.name} has ended")
        return problems

    @property
    def weights(self) -> int:
        """Of all networks in memory."""
        return self._engine.room.weights

    # -------------------------------------------------------------- arriving

    def _make_way(self) -> None:
        """Send the session that was watched least recently to rest, if there are too many.

        Raises:
            UserError: none can go.
        """
        staying = [guest for guest in self._guests.values() if not guest.leaving]
        if len(staying) < self._keeping.sessions:
            return
        idle = [guest for guest in staying if not guest.watched and guest.waiting is None]
        on_their_way = len(self._guests) - len(staying)
        if not idle or self._failing or on_their_way >= MOST_LEAVING:
            raise UserError("server_full", limit=self._keeping.sessions)
        min(idle, key=lambda guest: guest.left_at).leaving = True
        self._wake_up.set()

    def _fetch(self, session_id: str, guest: _Guest, lost_at: float | None) -> None:
        first: Command = self._starting
        remark: Tell | None = None
        saved_at: float | None = None
        try:
            with self._metrics.store("load"):
                self._store.claim(session_id)
                stored = self._store.load(session_id)
            if stored is not None:
                first, saved_at = Restore(stored.checkpoint), stored.saved_at
            if lost_at is not None:
                remark = loss_in_words(stored, lost_at)
        except DamagedCheckpoint:
            log.exception("a checkpoint is damaged", extra={"session": short_id(session_id)})
            remark = Tell("error", Notice("checkpoint_damaged"))
            self._remove(session_id)
        except StoreError as error:
            log.warning("%s", error, extra={"session": short_id(session_id)})
            with self._lock:
                self._let_go(session_id, UserError("store_unreachable"))
            return
        except Exception:  # whoever waits for it would wait for ever
            log.exception("a session could not be fetched", extra={"session": short_id(session_id)})
            with self._lock:
                self._let_go(session_id, UserError("unexpected"))
            return
        self._seat(session_id, guest, first, remark, saved_at)

    def _seat(
        self,
        session_id: str,
        guest: _Guest,
        first: Command,
        remark: Tell | None,
        saved_at: float | None,
    ) -> None:
        """Begin the session with what was fetched, and pass on what has waited for it."""
        with self._lock:
            if self._guests.get(session_id) is not guest or guest.waiting is None:
                return  # dropped meanwhile
            begun = self._engine.begin(session_id, first)
            waiting, guest.waiting = guest.waiting, None
            extras: list[Command] = [remark] if remark else []
            extras += [NoteStored(saved_at)] if saved_at is not None else []
            for extra in extras:
                self._engine.command(session_id, extra)
            for command, future in waiting:
                _pass_on(self._engine.command(session_id, command), future)
        begun.add_done_callback(lambda done: self._arrived(session_id, guest, done))

    def _arrived(self, session_id: str, guest: _Guest, begun: Future[Answer]) -> None:
        """What cannot be restored, for want of room, is not in memory."""
        error = begun.exception()
        if error is None:
            guest.arrival.set_result(None)
            return
        with self._lock:
            if self._guests.get(session_id) is guest:
                self._let_go(session_id, error)

    def _let_go(self, session_id: str, why: BaseException) -> None:
        guest = self._guests.pop(session_id, None)
        self._engine.drop(session_id)
        if guest is None:
            return
        if not guest.arrival.done():
            guest.arrival.set_exception(why)
        for _, future in guest.waiting or ():
            future.set_exception(why)

    def _remove(self, session_id: str) -> None:
        with contextlib.suppress(StoreError):  # then it is removed for its age
            self._store.remove(session_id)

    # -------------------------------------------------------------- saving

    def _save_for_ever(self) -> None:
        while not self._closing.is_set():
            self._wake_up.wait(LOOK_SECONDS)
            self._wake_up.clear()
            try:
                self._look()
            except Exception:
                log.exception("saving failed")

    def _look(self) -> None:
        """Save what is due, send to rest what nobody watches, and remove what nobody touches."""
        now = time.monotonic()
        self._engine.tidy()
        if self._final is not None:
            if not self._final.done():
                self._final.set_result(self._save(self._all_unsaved()))
            return
        if now < self._retry_at:
            return
        self._choose_who_rests(now)
        self._save(self._due(now))
        self._tidy(now)

    def _due(self, now: float) -> list[str]:
        """Who has something new to save, and has waited long enough: at a pause not at all."""
        due = []
        for session_id, guest in self._present():
            snapshot = self._engine.snapshot(session_id)
            if snapshot is None:
                continue
            if guest.leaving:
                due.append(session_id)
            elif (mark := _mark(snapshot)) != guest.saved:
                waited = now - guest.saved_at >= CHECKPOINT_SECONDS
                if waited or self._failing or _matters_at_once(mark, guest.saved):
                    due.append(session_id)
        return due

    def _all_unsaved(self) -> list[str]:
        unsaved = []
        for session_id, guest in self._present():
            snapshot = self._engine.snapshot(session_id)
            if snapshot is not None and _mark(snapshot) != guest.saved:
                unsaved.append(session_id)
        return unsaved

    def _present(self) -> list[tuple[str, _Guest]]:
        with self._lock:
            guests = list(self._guests.items())
        return [(session_id, guest) for session_id, guest in guests if guest.waiting is None]

    def _choose_who_rests(self, now: float) -> None:
        """Whoever has not been watched for long; earlier where networks take too much room."""
        with self._lock:
            idle = [
                guest
                for guest in self._guests.values()
                if guest.waiting is None and not guest.watched and not guest.leaving
            ]
            for guest in idle:
                unwatched = now - guest.left_at >= self._keeping.unwatched_seconds
                guest.leaving = unwatched and now >= guest.expected_until
            staying = [guest for guest in idle if not guest.leaving]
            if staying and self._engine.room.is_short:
                min(staying, key=lambda guest: guest.left_at).leaving = True

    def _save(self, session_ids: list[str]) -> bool:
        """Save these sessions; whether all could be."""
        saved = True
        for together in self._batches(session_ids):
            captured = list(self._capture(together))
            if self._failing_to_store([checkpoint for checkpoint, _ in captured]):
                return False
            saved = saved and len(captured) == len(together)
            at, now = time.time(), time.monotonic()
            for checkpoint, mark in captured:
                self._note_saved(checkpoint.session_id, mark, at, now)
        return saved

    def _batches(self, session_ids: list[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        weights = 0
        for session_id in session_ids:
            snapshot = self._engine.snapshot(session_id)
            weights += snapshot.description.weights if snapshot else 0
            batch.append(session_id)
            if weights >= WEIGHTS_AT_ONCE or len(batch) >= SESSIONS_AT_ONCE:
                yield batch
                batch, weights = [], 0
        if batch:
            yield batch

    def _capture(self, session_ids: Iterable[str]) -> Iterator[tuple[Checkpoint, Mark]]:
        asked = [self._engine.command(session_id, Capture()) for session_id in session_ids]
        until = time.monotonic() + CAPTURE_PATIENCE
        for future in asked:
            try:
                checkpoint = future.result(max(0.0, until - time.monotonic()))
            except (UserError, TimeoutError):
                continue  # gone meanwhile, or in a turn without end
            if isinstance(checkpoint, Checkpoint):
                yield checkpoint, _mark_of(checkpoint)

    def _failing_to_store(self, checkpoints: list[Checkpoint]) -> bool:
        """Whether the store would not take them in; then everybody is told."""
        if not checkpoints:
            return False
        try:
            with self._metrics.store("save"):
                taken_over = self._store.save(checkpoints, time.time())
        except StoreError as error:
            self._begin_to_fail(error)
            return True
        for session_id in taken_over:
            log.warning("goes on elsewhere", extra={"session": short_id(session_id)})
            with self._lock:
                self._let_go(session_id, UserError("session_taken_over"))
        if self._failing:
            log.info("the store can be written to again")
        self._failing, self._retry_seconds, self._retry_at = False, FIRST_RETRY, 0.0
        return False

    def _begin_to_fail(self, error: StoreError) -> None:
        if not self._failing:
            log.warning("sessions are not being saved: %s", error)
        self._failing = True
        self._retry_at = time.monotonic() + self._retry_seconds
        self._retry_seconds = min(2 * self._retry_seconds, LAST_RETRY)
        for session_id, guest in self._present():
            guest.leaving = False
            snapshot = self._engine.snapshot(session_id)
            if snapshot is not None and snapshot.saving:
                self._engine.command(session_id, NoteStored(None))

    def _note_saved(self, session_id: str, mark: Mark, at: float, now: float) -> None:
        with self._lock:
            guest = self._guests.get(session_id)
            if guest is None:
                return
            guest.saved, guest.saved_at = mark, now
            if guest.leaving and not guest.watched:
                del self._guests[session_id]
                self._engine.drop(session_id)
                log.info("rests in the store", extra={"session": short_id(session_id)})
                return
            self._engine.command(session_id, NoteStored(at))

    def _tidy(self, now: float) -> None:
        if self._failing or now < self._tidy_at:
            return
        self._tidy_at = now + min(TIDY_SECONDS, self._keeping.keep_seconds / 10)
        try:
            self._store.touch([session_id for session_id, _ in self._present()], time.time())
            before = time.time() - self._keeping.keep_seconds
            removed = self._store.remove_untouched(before)
            self._store.copies.remove_untouched(before)
        except StoreError as error:
            self._begin_to_fail(error)
            return
        if removed:
            log.info("sessions that nobody touched are removed", extra={"removed": removed})


def _mark(snapshot: Snapshot) -> Mark:
    return (
        snapshot.description.version,
        snapshot.status == "paused",
        snapshot.steps,
        snapshot.learning_rate,
        snapshot.temperature,
    )


def _mark_of(checkpoint: Checkpoint) -> Mark:
    return (
        checkpoint.version,
        not checkpoint.learning,
        checkpoint.totals.steps,
        checkpoint.learning_rate,
        checkpoint.temperature,
    )


def _matters_at_once(mark: Mark, saved: Mark | None) -> bool:
    """Whether a network was replaced, or has been paused, since the last checkpoint.

    The one that each session begins with has nothing of its visitor's.
    """
    return mark[:2] != (saved[:2] if saved is not None else FIRST_NETWORK)


def _pass_on(done: Future[Answer], waiting: Future[Answer]) -> None:
    def pass_on(future: Future[Answer]) -> None:
        error = future.exception()
        if error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(future.result())

    done.add_done_callback(pass_on)


def _failed(error: BaseException) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_exception(error)
    return future
