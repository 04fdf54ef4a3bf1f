"""The engine that trains on threads of this process."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from app.engines.base import Engine
from app.engines.kernel_compiler import Compiler
from app.engines.scheduler import Lease, Scheduler
from app.errors import UserError
from app.protocol.limits import Limits
from app.runtime.futures import completed, failed, resolve
from app.sessions.commands import Answer, Command, Learn, Load, LoadPretrained, OpenCopy
from app.sessions.memory_budget import MemoryBudget
from app.sessions.session import Session
from app.sessions.snapshot import Snapshot
from model import KernelsFor, kernels_ready

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001
"""How long a thread that returns from its kernel may wait for the GIL."""

FIRST_KERNELS = KernelsFor("lstm", "rmsprop")
"""What nearly every visitor trains: compiled before the first of them comes."""
PATIENCE_AT_CLOSE = 2.0
"""Seconds that closing waits for slices to end; one that takes longer ends with the process."""


def set_switch_interval() -> None:
    """Shorten the GIL switch interval. Call this in every process that trains."""
    sys.setswitchinterval(SWITCH_SECONDS)


@dataclass
class _Slot:
    """A session, what it has been asked, and what it was last seen to be."""

    session: Session
    mailbox: deque[tuple[Command, Future[Answer]]] = field(default_factory=deque)
    snapshot: Snapshot | None = None

    def drain(self) -> Iterator[tuple[Command, Future[Answer]]]:
        """Each command of the mailbox, in order; safe while another thread takes from it too."""
        while True:
            try:
                yield self.mailbox.popleft()
            except IndexError:
                return


class LocalEngine(Engine):
    """A pool of native threads that train the sessions in turns.

    A session is touched only by the thread whose turn it is. The kernels leave the interpreter's
    lock alone, so that as many sessions learn at once as there are threads.
    """

    def __init__(self, starting: Learn, threads: int, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.memory = MemoryBudget(limits.weights, limits.total_weights, on_evict=self._on_evict)
        self._starting = starting
        self._scheduler = Scheduler(threads)
        self._slots: dict[str, _Slot] = {}
        self._slots_lock = threading.Lock()
        self._closed = False
        self._compiler = Compiler()
        self._compiler.prepare(FIRST_KERNELS)
        self._threads = [
            threading.Thread(target=self._work, name=f"training-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def open_session(self, session_id: str) -> Future[Answer]:
        """Have the session, new and learning the starting text if it is not there yet."""
        return self.start_session(session_id, self._starting)

    def start_session(self, session_id: str, first: Command) -> Future[Answer]:
        """Have the session, beginning with this command if it is not there yet."""
        with self._slots_lock:
            if session_id in self._slots:
                return completed(None)
            self._slots[session_id] = _Slot(Session(session_id, self.memory))
        return self.submit(session_id, first)

    def pause_training(self) -> None:
        """Learn no more; commands are carried out still."""
        self._scheduler.pause_training()

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        """Have a command carried out at the session's next turn."""
        with self._slots_lock:
            slot = self._slots.get(session_id)
            if slot is None:
                return failed(UserError("session_gone"))
            future: Future[Answer] = Future()
            slot.mailbox.append((command, future))
            self._scheduler.wake(session_id)
        return future

    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session; None where there is none yet."""
        slot = self._slots.get(session_id)
        return slot.snapshot if slot else None

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session."""
        slots = list(self._slots.items())
        return {session_id: slot.snapshot for session_id, slot in slots if slot.snapshot}

    def has_session(self, session_id: str) -> bool:
        """Whether the session is in memory."""
        return session_id in self._slots

    def expire_undo(self) -> None:
        """Release replaced networks whose undo time has passed."""
        self.memory.expire(time.monotonic())

    def _on_evict(self, owner: object) -> None:
        """Its session has a turn, so that its pages hear of it."""
        if isinstance(owner, Session):
            self._wake(owner.session_id)

    def _wake(self, session_id: str) -> None:
        """Have the session's next turn come soon, if it has not been dropped."""
        with self._slots_lock:
            if session_id in self._slots:
                self._scheduler.wake(session_id)

    def drop(self, session_id: str) -> None:
        """Forget the session; commands it has not carried out are refused."""
        with self._slots_lock:
            slot = self._slots.pop(session_id, None)
            self._scheduler.remove(session_id)
        if slot is not None:
            slot.session.forget()
            for _, future in slot.drain():
                resolve(future, None, UserError("session_gone"))

    def problems(self) -> Sequence[str]:
        """The training threads that have ended, though nothing has asked them to."""
        if self._closed:
            return ()
        ended = [thread.name for thread in self._threads if not thread.is_alive()]
        return [f"the thread {name} has ended" for name in ended]

    def close(self) -> None:
        """Stop training, as soon as the slices that are under way have ended."""
        self._closed = True
        self._scheduler.close()
        until = time.monotonic() + PATIENCE_AT_CLOSE
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for session_id in list(self._slots):
            self.drop(session_id)

    def _work(self) -> None:
        while (lease := self._scheduler.acquire()) is not None:
            began = time.thread_time()  # what other programs take is not the session's to pay for
            slot = self._slots.get(lease.session_id)
            learning = False
            if slot is not None:
                learning = self._serve(slot, lease)
                if self._slots.get(lease.session_id) is not slot:
                    slot.session.forget()  # dropped meanwhile
            self._scheduler.release(lease, time.thread_time() - began, learning)

    def _serve(self, slot: _Slot, lease: Lease) -> bool:
        """Carry out what was asked, learn if it is time to; whether it wants to go on learning."""
        outcomes = _carry_out_all(slot)
        try:
            return self._train_slice(slot, lease)
        except Exception:  # the thread has other sessions to train
            log.exception("session %s: a slice failed", slot.session.short_id)
            _pause_after_failure(slot)
            return False
        finally:
            for outcome in outcomes:
                resolve(*outcome)

    def _train_slice(self, slot: _Slot, lease: Lease) -> bool:
        """Write and learn, as far as it can; whether it wants to go on learning."""
        session = slot.session
        if session.kernels is None:
            return False
        ready = self._make_ready(session)
        if ready:
            session.write()
            if session.learning and not lease.priority:
                session.train(lease.seconds)
        slot.snapshot = session.snapshot()
        return ready and session.learning

    def _make_ready(self, session: Session) -> bool:
        """Whether its kernels are ready; if not, it is called again when they are."""
        needed = session.kernels
        if needed is None or kernels_ready(*needed):
            return True
        if self._compiler.failed(needed):
            session.fail("kernels_failed")
            return False
        session_id = session.session_id
        self._compiler.prepare(needed, then=lambda: self._wake(session_id))
        return False


def _pause_after_failure(slot: _Slot) -> None:
    """Stop a session that something went wrong in, and show it, as far as it can be shown."""
    try:
        slot.session.fail("training_failed")
        slot.snapshot = slot.session.snapshot()
    except Exception:
        log.exception("session %s: it cannot be shown", slot.session.short_id)


_Outcome = tuple[Future[Answer], Answer, Exception | None]


def _carry_out_all(slot: _Slot) -> list[_Outcome]:
    """What came of every command in the mailbox, in order; to be told once it can be seen."""
    outcomes: list[_Outcome] = []
    for command, future in slot.drain():
        try:
            answer = slot.session.carry_out(command)
            if isinstance(command, Learn | Load | LoadPretrained | OpenCopy):
                log.info("a new network", extra=slot.session.in_figures)
            outcomes.append((future, answer, None))
        except UserError as error:
            outcomes.append((future, None, error))
        except Exception:
            log.exception("session %s: %s failed", slot.session.short_id, type(command).__name__)
            outcomes.append((future, None, UserError("unexpected")))
    return outcomes
