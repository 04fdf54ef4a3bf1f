"""Queue of gradient checks, run one at a time in a worker process."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future

from app.errors import BusyError, UserError
from app.protocol.inspection import MatrixCheck
from app.runtime.executors import BoundedExecutor
from app.runtime.futures import failed
from app.runtime.worker_process import WorkerDied, WorkerProcess
from app.training.gradient_check import GradientCheckJob, run_job

log = logging.getLogger(__name__)

MAX_PENDING = 9
"""Jobs that may be running or queued: each holds a copy of a network."""
NICENESS = 5
"""Where every processor is training, the check still gets about a quarter of one: it waits for
them, but who has asked for it does not wait for ever."""
CHECK_SECONDS = 120.0
"""Until a process counts as lost: far beyond what a check and the compiler take with a quarter of a
processor. Who has asked is answered earlier, and finds everything compiled the next time."""
IDLE_SECONDS = 60.0
"""Until the process ends, and with it some 150 MB; to start it again takes about a second."""


Outcome = Future[list[MatrixCheck]]


class GradientCheckQueue:
    """A worker process with a bounded queue, in which each owner has at most one job.

    The process ends when the queue has been empty for `idle_seconds`.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self.worker = WorkerProcess("checker", seconds=CHECK_SECONDS, niceness=NICENESS)
        self._executor = BoundedExecutor("checks", 1, MAX_PENDING, "checks_full", "server_stopping")
        self._idle_seconds = idle_seconds
        self._idle_timer: threading.Timer | None = None
        self._pending: set[str] = set()
        self._lock = threading.Lock()

    def check(self, owner: str, network: GradientCheckJob) -> Outcome:
        """The errors of every matrix, once it is this network's turn.

        It fails with `BusyError` if too many wait, the owner's last check is not done, or the
        process was lost.
        """
        with self._lock:
            if owner in self._pending:
                return failed(BusyError("check_pending"))
            self._pending.add(owner)
        outcome = self._executor.submit(self._run, network)
        outcome.add_done_callback(lambda _: self._pending.discard(owner))
        return outcome

    def close(self) -> None:
        """End the process; what was asked fails."""
        self._executor.close()
        self.worker.close()

    def _run(self, network: GradientCheckJob) -> list[MatrixCheck]:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        try:
            return self.worker.call(run_job, network)
        except WorkerDied:
            log.info("the process that checks gradients was lost")
            raise BusyError("server_stopping" if self._executor.closed else "check_lost") from None
        except Exception:
            log.exception("gradients could not be checked")
            raise UserError("unexpected") from None
        finally:
            # The executor runs `terminate` when no call is under way.
            self._idle_timer = threading.Timer(
                self._idle_seconds, self._executor.submit, [self.worker.terminate]
            )
            self._idle_timer.daemon = True
            self._idle_timer.start()
