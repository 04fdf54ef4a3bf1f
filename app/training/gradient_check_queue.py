"""Queue of gradient checks, run one at a time in a worker process."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from concurrent.futures import Future

from app.errors import BusyError, UserError
from app.protocol.inspection import CheckedMatrix
from app.runtime.worker_process import WorkerDied, WorkerProcess
from app.training.gradient_check import GradientCheckJob, run_job

log = logging.getLogger(__name__)

MAX_PENDING = 8
"""Jobs that may be queued: each holds a copy of a network."""
NICENESS = 5
"""Where every processor is training, the check still gets about a quarter of one: it waits for
them, but who has asked for it does not wait for ever."""
CHECK_SECONDS = 120.0
"""Until a process counts as lost: far beyond what a check and the compiler take with a quarter of a
processor. Who has asked is answered earlier, and finds everything compiled the next time."""
IDLE_SECONDS = 60.0
"""Until the process ends, and with it some 150 MB; to start it again takes about a second."""


Outcome = Future[list[CheckedMatrix]]


class GradientCheckQueue:
    """A worker process with a bounded queue, in which each owner has at most one job.

    The process ends when the queue has been empty for a while.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self.worker = WorkerProcess("checker", seconds=CHECK_SECONDS, niceness=NICENESS)
        self._idle_seconds = idle_seconds
        self._queue: queue.Queue[tuple[GradientCheckJob, Outcome] | None] = queue.Queue(MAX_PENDING)
        self._pending: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False
        threading.Thread(target=self._work, name="checker", daemon=True).start()

    def check(self, owner: str, network: GradientCheckJob) -> Outcome:
        """The errors of every matrix, once it is this network's turn.

        It fails with `BusyError` where it could be done at another time: too many wait, this asker
        is among them, or the process was lost.
        """
        outcome: Outcome = Future()
        with self._lock:
            error = self._admit(owner, network, outcome)
        if error:
            outcome.set_exception(error)
        else:
            outcome.add_done_callback(lambda _: self._discard(owner))
        return outcome

    def close(self) -> None:
        """End the process; what was asked fails."""
        with self._lock:
            self._closed = True
        self.worker.close()
        with contextlib.suppress(queue.Empty):
            while True:
                self._reject(self._queue.get_nowait())
        self._queue.put(None)

    def _admit(self, owner: str, network: GradientCheckJob, outcome: Outcome) -> BusyError | None:
        """Put it at the end of the line; why not, if it cannot be there."""
        if self._closed:
            return BusyError("server_stopping")
        if owner in self._pending:
            return BusyError("check_pending")
        try:
            self._queue.put_nowait((network, outcome))
        except queue.Full:
            return BusyError("checks_full", limit=MAX_PENDING)
        self._pending.add(owner)
        return None

    def _discard(self, owner: str) -> None:
        with self._lock:
            self._pending.discard(owner)

    def _work(self) -> None:
        while (asked := self._next()) is not None:
            network, outcome = asked
            if outcome.set_running_or_notify_cancel():
                self._run(network, outcome)

    def _next(self) -> tuple[GradientCheckJob, Outcome] | None:
        """Who is first in line; None once there is no more to do."""
        try:
            return self._queue.get(timeout=self._idle_seconds)
        except queue.Empty:
            self.worker.terminate()  # here, where no call can be under way
            return self._queue.get()

    def _run(self, network: GradientCheckJob, outcome: Outcome) -> None:
        try:
            matrices = self.worker.call(run_job, network)
        except WorkerDied:
            log.info("the process that checks gradients was lost")
            outcome.set_exception(BusyError("server_stopping" if self._closed else "check_lost"))
        except Exception:
            log.exception("gradients could not be checked")
            outcome.set_exception(UserError("unexpected"))
        else:
            outcome.set_result(matrices)

    def _reject(self, asked: tuple[GradientCheckJob, Outcome] | None) -> None:
        if asked is not None and asked[1].set_running_or_notify_cancel():
            asked[1].set_exception(BusyError("server_stopping"))
