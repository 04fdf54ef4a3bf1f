"""The sessions in memory, and the threads that train them."""

from __future__ import annotations

import logging
import sys
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from app.engines.base import Problem
from app.engines.kernel_compiler import Compiler
from app.engines.mailbox import QUESTIONS, Mailbox, Pending
from app.engines.scheduler import MAX_CREDIT, Lease, Scheduler
from app.errors import BusyError, UserError
from app.protocol.limits import Limits
from app.runtime.executors import DaemonExecutor, charged
from app.runtime.futures import completed, failed, resolve
from app.sessions.commands import (
    Answer,
    ChargeTime,
    Command,
    Install,
    Prepared,
    Replacing,
    ServerCommand,
)
from app.sessions.memory_budget import MemoryBudget
from app.sessions.session import Session
from app.sessions.snapshot import Snapshot
from app.training.checkpoint import NO_CHANGES, Revision
from model import KernelKey, inference_compiled, training_compiled

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001
"""GIL switch interval: the longest wait of a thread that returns from a kernel."""

UNWATCHED_COST = 8
"""What a second of training counts for a session without a page: it gets an eighth of the share of
one that is watched. A visitor could leave many behind."""
PREPARED_AT_ONCE = 50_000
"""Characters of a text that is prepared within a time slice: some ten milliseconds."""
PREPARING_THREADS = 2
CLOSE_SECONDS = 2.0
"""How long `close` waits for time slices to end. A longer slice ends with the process."""


def set_switch_interval() -> None:
    """Shorten the GIL switch interval. Call this in every process that trains."""
    sys.setswitchinterval(SWITCH_SECONDS)


@dataclass(eq=False)
class Slot:
    """A session in memory, or being loaded.

    Attributes:
        session: the session; only the thread that holds its lease uses it.
        mailbox: submitted commands; they wait until the session is loaded.
        ready: done once the session is loaded.
        loaded: whether its commands may run.
        snapshot: the newest snapshot; None before the first time slice.
        watched: whether a page watches it.
        left_at: when the last page that watched it closed, on the monotonic clock.
        expected_until: until when a page that opened it may still start to watch it.
        owes_training: whether its last turn left no time for training.
        evicting: whether it is discarded after its next checkpoint.
        saved: the revision of its newest checkpoint in the store.
        saved_at: when that was written, on the monotonic clock.
    """

    session: Session
    mailbox: Mailbox = field(default_factory=Mailbox)
    ready: Future[Answer] = field(default_factory=Future)
    loaded: bool = False
    snapshot: Snapshot | None = None
    watched: bool = False
    left_at: float = field(default_factory=time.monotonic)
    expected_until: float = 0.0
    owes_training: bool = False
    evicting: bool = False
    saved: Revision = NO_CHANGES
    saved_at: float = field(default_factory=time.monotonic)

    @property
    def session_id(self) -> str:
        """The id of the session."""
        return self.session.session_id

    def set_watched(self, watched: bool) -> None:
        """Note that a page started to watch the session, or that the last one stopped."""
        self.watched, self.left_at = watched, time.monotonic()
        if watched:
            self.expected_until = 0.0


class TrainingPool:
    """The sessions in memory, and native threads that train them in turns.

    One thread at a time uses a session: the one that holds its lease. The kernels release the GIL,
    so as many sessions train at once as there are threads.

    Attributes:
        lock: guards the slots; reentrant.
        memory: the memory budget of all networks.
    """

    def __init__(self, threads: int, limits: Limits) -> None:
        self.lock = threading.RLock()
        self.memory = MemoryBudget(limits.weights, limits.memory, on_evict=self._on_evict)
        self._scheduler = Scheduler(threads)
        self._slots: dict[str, Slot] = {}
        self._closed = False
        self._preparations = DaemonExecutor("prepare", PREPARING_THREADS)
        self._compiler = Compiler(on_ready=self._wake)
        self._compiler.prepare(KernelKey())  # of the default network
        self._threads = [
            threading.Thread(target=self._work, name=f"training-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def get(self, session_id: str) -> Slot | None:
        """The slot of a session; None if it is not in memory."""
        return self._slots.get(session_id)

    def slots(self) -> Sequence[Slot]:
        """The slots of all sessions."""
        with self.lock:
            return list(self._slots.values())

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session that has one."""
        return {slot.session_id: slot.snapshot for slot in self.slots() if slot.snapshot}

    def add(self, session_id: str) -> Slot:
        """Add a slot for a session that is to be loaded."""
        slot = Slot(Session(session_id, self.memory))
        with self.lock:
            self._slots[session_id] = slot
        return slot

    def start(self, slot: Slot, *commands: Command) -> None:
        """Run these commands before those in the mailbox. The first one loads the session.

        If the first one fails, the session is discarded.
        """
        # Weak, or the slot would be part of a cycle, and its network stay until it is collected.
        here = weakref.ref(slot)
        slot.ready.add_done_callback(lambda ready: self._discard_if_failed(here(), ready))
        first, *rest = commands
        with self.lock:
            if self._slots.get(slot.session_id) is not slot:
                return
            slot.mailbox.put_first(
                Pending(first, slot.ready), *(Pending(command, Future()) for command in rest)
            )
            slot.loaded = True
            self._scheduler.wake(slot.session_id)

    def post(self, slot: Slot, command: Command) -> Future[Answer]:
        """Run a command at the session's next time slice, once it is loaded; a charge at once."""
        with self.lock:
            if self._slots.get(slot.session_id) is not slot:
                return failed(UserError("session_gone"))
            if isinstance(command, ChargeTime):
                self._scheduler.charge(slot.session_id, command.seconds)
                return completed(None)
            try:
                future = slot.mailbox.post(command)
            except BusyError as error:
                return failed(error)
            if slot.loaded:
                self._schedule_for(slot.session_id, command)
        return future

    def discard(self, slot: Slot, reason: BaseException) -> None:
        """Remove a session from memory; its pending commands fail with this reason."""
        with self.lock:
            if self._slots.get(slot.session_id) is not slot:
                return
            del self._slots[slot.session_id]
            self._scheduler.remove(slot.session_id)
        slot.session.discard()
        _resolve([(future, None, reason) for future in slot.mailbox.close()])
        if not slot.ready.done():
            resolve(slot.ready, None, reason)

    def pause_training(self) -> None:
        """Stop training; commands still run."""
        self._scheduler.pause_training()

    def expire_undo(self) -> None:
        """Release replaced networks whose undo time has passed."""
        self.memory.expire(time.monotonic())

    def problems(self) -> Sequence[Problem]:
        """The training threads that have ended unexpectedly."""
        if self._closed:
            return ()
        ended = [thread.name for thread in self._threads if not thread.is_alive()]
        return [Problem("thread_ended", f"the thread {name} has ended") for name in ended]

    def obstacles(self) -> Sequence[Problem]:
        """Whether the kernels of the default network could not be compiled."""
        if not self._compiler.failed(KernelKey()):
            return ()
        return [Problem("kernels_failed", "the kernels could not be compiled: see the log")]

    def close(self) -> None:
        """Stop training as soon as the running time slices end, and discard all sessions."""
        self._closed = True
        self._scheduler.close()
        self._preparations.close()
        until = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for slot in self.slots():
            self.discard(slot, UserError("session_gone"))

    def _discard_if_failed(self, slot: Slot | None, ready: Future[Answer]) -> None:
        if slot and not ready.cancelled() and (error := ready.exception()) is not None:
            self.discard(slot, error)

    def _on_evict(self, owner: object) -> None:
        """Schedule the session whose undo network was evicted, to update its snapshot."""
        if isinstance(owner, Session):
            self._wake(owner.session_id)

    def _schedule_for(self, session_id: str, command: Command) -> None:
        """Schedule the session to run a command: questions wait for its turn."""
        if isinstance(command, QUESTIONS):
            self._scheduler.schedule(session_id)
        elif isinstance(command, ServerCommand):
            self._scheduler.wake(session_id)
        else:
            self._scheduler.wake(session_id, MAX_CREDIT)

    def _wake(self, session_id: str) -> None:
        """Schedule the session soon, if it is still in memory."""
        with self.lock:
            if session_id in self._slots:
                self._scheduler.wake(session_id)

    def _work(self) -> None:
        while (lease := self._scheduler.acquire()) is not None:
            began = time.thread_time()  # CPU time, so a session does not pay for other programs
            slot = self._slots.get(lease.session_id)
            runnable, cost = False, 1
            if slot is not None:
                cost = 1 if slot.watched or lease.priority else UNWATCHED_COST
                runnable = self._serve(slot, lease, began)
                if self._slots.get(lease.session_id) is not slot:
                    slot.session.discard()  # the slot was discarded meanwhile
            slot = None  # an idle thread would keep its network in memory
            self._scheduler.release(lease, cost * (time.thread_time() - began), runnable)

    def _serve(self, slot: Slot, lease: Lease, began: float) -> bool:
        """Run what is pending, and train if it is the session's turn; whether to schedule it again.

        Questions take half of a time slice. One that takes longer leaves nothing to training, which
        then has the next turn for itself.
        """
        until = began + lease.seconds
        outcomes = self._carry_out(slot, slot.mailbox.commands(), until)
        if slot.mailbox.has_commands:
            self._scheduler.wake(slot.session_id, MAX_CREDIT)
        if not lease.priority:
            if not slot.owes_training:
                half = began + lease.seconds / 2
                outcomes += self._carry_out(slot, slot.mailbox.questions(), half)
            slot.owes_training = False
        runnable = False
        try:
            runnable = self._train(slot, None if lease.priority else until)
        except Exception:  # the thread has other sessions to train
            log.exception("session %s: a time slice failed", slot.session.short_id)
            _pause_after_failure(slot)
        finally:
            _resolve(outcomes)
        return runnable or slot.mailbox.has_questions

    def _carry_out(self, slot: Slot, commands: Iterator[Pending], until: float) -> list[_Outcome]:
        """Run commands until a moment of this thread's CPU time; at least one.

        The outcomes are resolved once a snapshot shows them.
        """
        outcomes: list[_Outcome] = []
        for pending in commands:
            command, future = pending
            if future.cancelled():
                continue
            try:
                if self._prepare(slot, pending):
                    continue
                answer = slot.session.carry_out(command)
                outcomes.append((future, answer, None))
            except UserError as error:
                outcomes.append((future, None, error))
            except Exception:
                log.exception(
                    "session %s: %s failed", slot.session.short_id, type(command).__name__
                )
                outcomes.append((future, None, UserError("unexpected")))
            if time.thread_time() >= until:
                break
        return outcomes

    def _train(self, slot: Slot, until: float | None) -> bool:
        """Sample, and train until a moment of this thread's CPU time if it is the session's turn.

        Returns whether to schedule it again. While it is paused, it samples whenever it has run
        commands, to show their effect.
        """
        session = slot.session
        needed = session.kernels
        if needed is None:
            return False
        self._compile(session, needed)
        ready = training_compiled(*needed)
        if inference_compiled(needed.cell) and (until is not None or not session.learning):
            session.refresh_samples()
        if ready and until is not None:
            left = until - time.thread_time()
            slot.owes_training = session.learning and left <= 0
            if session.learning and left > 0:
                session.train(left)
        slot.snapshot = session.snapshot(slot.snapshot)
        return ready and session.learning

    def _prepare(self, slot: Slot, pending: Pending) -> bool:
        """Start to prepare the network of a command elsewhere, if it takes long; whether it does.

        Meanwhile the session trains its current network.
        """
        if not isinstance(pending.command, Replacing):
            return False
        preparation = slot.session.preparation(pending.command)
        if preparation.characters <= PREPARED_AT_ONCE:
            return False
        slot.mailbox.prepare(pending)
        charge = partial(self._scheduler.charge, slot.session_id)
        prepared = self._preparations.submit(charged, charge, preparation)
        prepared.add_done_callback(lambda done: self._install(slot, done))
        return True

    def _install(self, slot: Slot, prepared: Future[Prepared]) -> None:
        with self.lock:
            if self._slots.get(slot.session_id) is slot:
                slot.mailbox.install(Install(prepared))
                self._scheduler.wake(slot.session_id)
                return
        slot.session.discard()  # the slot was discarded meanwhile

    def _compile(self, session: Session, needed: KernelKey) -> None:
        """Compile missing kernels; the session is scheduled when they are ready."""
        if training_compiled(*needed) and inference_compiled(needed.cell):
            return
        if self._compiler.failed(needed):
            session.fail("kernels_failed")
        else:
            self._compiler.prepare(needed, session.session_id)


def _pause_after_failure(slot: Slot) -> None:
    """Pause a session whose time slice failed, and show that in its snapshot if possible."""
    try:
        slot.session.fail("training_failed")
        slot.snapshot = slot.session.snapshot(slot.snapshot)
    except Exception:
        log.exception("session %s: the snapshot failed", slot.session.short_id)


_Outcome = tuple[Future[Answer], Answer, BaseException | None]


def _resolve(outcomes: Iterable[_Outcome]) -> None:
    for future, answer, error in outcomes:
        resolve(future, answer, error)
