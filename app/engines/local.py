"""The engine that trains on threads of this process."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from app.engines.base import Engine
from app.engines.kernel_compiler import Compiler
from app.engines.scheduler import Turn, Turns
from app.errors import UserError
from app.protocol.limits import Limits
from app.sessions.commands import Answer, Command, Learn, Load, LoadPretrained, OpenCopy
from app.sessions.memory_budget import Room
from app.sessions.session import Session
from app.sessions.snapshot import Snapshot
from model import KernelsFor, kernels_ready

log = logging.getLogger(__name__)

FIRST_KERNELS = KernelsFor("lstm", "rmsprop")
"""What nearly every visitor trains: compiled before the first of them comes."""
PATIENCE_AT_CLOSE = 2.0
"""Seconds that closing waits for slices to end; one that takes longer ends with the process."""


@dataclass
class _Seat:
    """A session, what it has been asked, and what it was last seen to be."""

    session: Session
    mailbox: deque[tuple[Command, Future[Answer]]] = field(default_factory=deque)
    snapshot: Snapshot | None = None

    def taken_out(self) -> Iterator[tuple[Command, Future[Answer]]]:
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
        self.room = Room(limits.weights, limits.total_weights, tell=self._spare_gone)
        self._starting = starting
        self._turns = Turns(threads)
        self._seats: dict[str, _Seat] = {}
        self._seating = threading.Lock()
        self._closed = False
        self._compiler = Compiler()
        self._compiler.prepare(FIRST_KERNELS)
        self._threads = [
            threading.Thread(target=self._work, name=f"training-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def create(self, session_id: str) -> Future[Answer]:
        """Have the session, new and learning the starting text if it is not there yet."""
        return self.begin(session_id, self._starting)

    def begin(self, session_id: str, first: Command) -> Future[Answer]:
        """Have the session, beginning with this command if it is not there yet."""
        with self._seating:
            if session_id in self._seats:
                return _done()
            self._seats[session_id] = _Seat(Session(session_id, self.room))
        return self.command(session_id, first)

    def hold(self) -> None:
        """Learn no more; commands are carried out still."""
        self._turns.hold()

    def command(self, session_id: str, command: Command) -> Future[Answer]:
        """Have a command carried out at the session's next turn."""
        future: Future[Answer] = Future()
        with self._seating:
            seat = self._seats.get(session_id)
            if seat is None:
                future.set_exception(UserError("session_gone"))
                return future
            seat.mailbox.append((command, future))
            self._turns.call(session_id)
        return future

    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session; None where there is none yet."""
        seat = self._seats.get(session_id)
        return seat.snapshot if seat else None

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session."""
        seats = list(self._seats.items())
        return {session_id: seat.snapshot for session_id, seat in seats if seat.snapshot}

    def holds(self, session_id: str) -> bool:
        """Whether the session is in memory."""
        return session_id in self._seats

    def tidy(self) -> None:
        """Let go of replaced networks that nobody has brought back in time."""
        self.room.expire(time.monotonic())

    def _spare_gone(self, holder: object) -> None:
        """Its session has a turn, so that its pages hear of it."""
        if isinstance(holder, Session):
            self._call(holder.session_id)

    def _call(self, session_id: str) -> None:
        """Have the session's next turn come soon, if it has not been dropped."""
        with self._seating:
            if session_id in self._seats:
                self._turns.call(session_id)

    def drop(self, session_id: str) -> None:
        """Forget the session; commands it has not carried out are refused."""
        with self._seating:
            seat = self._seats.pop(session_id, None)
            self._turns.remove(session_id)
        if seat is not None:
            seat.session.forget()
            _tell([(future, None, UserError("session_gone")) for _, future in seat.taken_out()])

    def problems(self) -> Sequence[str]:
        """The training threads that have ended, though nothing has asked them to."""
        if self._closed:
            return ()
        ended = [thread.name for thread in self._threads if not thread.is_alive()]
        return [f"the thread {name} has ended" for name in ended]

    def close(self) -> None:
        """Stop training, as soon as the slices that are under way have ended."""
        self._closed = True
        self._turns.close()
        until = time.monotonic() + PATIENCE_AT_CLOSE
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for session_id in list(self._seats):
            self.drop(session_id)

    def _work(self) -> None:
        while (turn := self._turns.take()) is not None:
            began = time.thread_time()  # what other programs take is not the session's to pay for
            seat = self._seats.get(turn.session_id)
            learning = False
            if seat is not None:
                learning = self._serve(seat, turn)
                if self._seats.get(turn.session_id) is not seat:
                    seat.session.forget()  # dropped meanwhile
            self._turns.give_back(turn, time.thread_time() - began, learning)

    def _serve(self, seat: _Seat, turn: Turn) -> bool:
        """Carry out what was asked, learn if it is time to; whether it wants to go on learning."""
        outcomes = _carry_out_all(seat)
        try:
            return self._go_on(seat, turn)
        except Exception:  # the thread has other sessions to train
            log.exception("session %s: a slice failed", seat.session.short_id)
            _pause_after_failure(seat)
            return False
        finally:
            _tell(outcomes)

    def _go_on(self, seat: _Seat, turn: Turn) -> bool:
        """Write and learn, as far as it can; whether it wants to go on learning."""
        session = seat.session
        if session.kernels is None:
            return False
        ready = self._make_ready(session)
        if ready:
            session.write()
            if session.learning and not turn.called:
                session.train(turn.seconds)
        seat.snapshot = session.snapshot()
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
        self._compiler.prepare(needed, then=lambda: self._call(session_id))
        return False


def _pause_after_failure(seat: _Seat) -> None:
    """Stop a session that something went wrong in, and show it, as far as it can be shown."""
    try:
        seat.session.fail("training_failed")
        seat.snapshot = seat.session.snapshot()
    except Exception:
        log.exception("session %s: it cannot be shown", seat.session.short_id)


_Outcome = tuple[Future[Answer], Answer, Exception | None]


def _carry_out_all(seat: _Seat) -> list[_Outcome]:
    """What came of every command in the mailbox, in order; to be told once it can be seen."""
    outcomes: list[_Outcome] = []
    for command, future in seat.taken_out():
        try:
            answer = seat.session.carry_out(command)
            if isinstance(command, Learn | Load | LoadPretrained | OpenCopy):
                log.info("a new network", extra=seat.session.in_figures)
            outcomes.append((future, answer, None))
        except UserError as error:
            outcomes.append((future, None, error))
        except Exception:
            log.exception("session %s: %s failed", seat.session.short_id, type(command).__name__)
            outcomes.append((future, None, UserError("unexpected")))
    return outcomes


def _tell(outcomes: Iterable[_Outcome]) -> None:
    for future, answer, error in outcomes:
        if not future.set_running_or_notify_cancel():
            continue  # the caller has given up
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(answer)


def _done() -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(None)
    return future
