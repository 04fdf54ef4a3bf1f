"""Queue of gradient checks, run one at a time in a worker process."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future

from app.errors import BusyError, UserError
from app.protocol.inspection import MatrixCheck
from app.runtime.executors import BoundedExecutor
from app.runtime.futures import failed
from app.runtime.worker_process import Charge, WorkerDied, WorkerProcess, ignore
from app.training.gradient_check import GradientCheckJob, run_job

log = logging.getLogger(__name__)

MAX_PENDING = 9
"""Running and queued jobs: each holds a copy of a network."""
NICENESS = 5
"""Training has priority; with all cores training, a check still gets about a quarter of one."""
CHECK_SECONDS = 120.0
"""Timeout of a job: far more than checking and compiling take on a quarter of a core. A request
times out earlier, and the kernels are compiled by the next one."""
IDLE_SECONDS = 60.0
"""Until an idle process is ended, which frees some 150 MB; a restart takes about a second."""

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
        self._running = ""  # the owner of the running job
        self._lock = threading.Lock()

    def check(self, owner: str, job: GradientCheckJob, charge: Charge = ignore) -> Outcome:
        """Queue a job, whose processor time is charged; returns the errors of every matrix.

        Fails with `BusyError` if the queue is full, the owner's last job is pending, or the worker
        process died.
        """
        with self._lock:
            if owner in self._pending:
                return failed(BusyError("check_pending"))
            self._pending.add(owner)
        outcome = self._executor.submit(self._run, owner, job, charge)
        outcome.add_done_callback(lambda _: self._pending.discard(owner))
        return outcome

    def cancel(self, owner: str, outcome: Outcome) -> None:
        """Cancel an owner's job, even while it runs."""
        if outcome.cancel():
            return
        with self._lock:
            if self._running == owner:
                self.worker.terminate()

    def close(self) -> None:
        """End the process; pending jobs fail."""
        self._executor.close()
        self.worker.close()

    def _run(self, owner: str, job: GradientCheckJob, charge: Charge) -> list[MatrixCheck]:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._set_running(owner)
        try:
            return self.worker.call(run_job, job)
        except WorkerDied:
            log.info("the worker process for gradient checks died")
            raise BusyError("server_stopping" if self._executor.closed else "check_lost") from None
        except Exception:
            log.exception("a gradient check failed")
            raise UserError("unexpected") from None
        finally:
            charge(self.worker.used)
            self._set_running("")
            # On the executor, so that `terminate` never interrupts a job.
            self._idle_timer = threading.Timer(
                self._idle_seconds, self._executor.submit, [self.worker.terminate]
            )
            self._idle_timer.daemon = True
            self._idle_timer.start()

    def _set_running(self, owner: str) -> None:
        with self._lock:  # so that `cancel` ends no other job
            self._running = owner
