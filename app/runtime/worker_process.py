"""A worker process for work that holds the GIL for seconds.

JSON parsing and serialisation hold the GIL until they finish, and an expression graph takes it for
every operation. In a worker process they do not block the server, and a hostile file cannot exhaust
the server's memory.

`ProcessPoolExecutor` is not used: it holds both ends of its pipes, and hangs if a worker is killed
while it sends a result.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from app.runtime.signals import STOP_SIGNALS

T = TypeVar("T")

Charge = Callable[[float], object]
"""Charges someone for seconds of processor time. Called on any thread."""


def ignore(_seconds: float) -> None:
    """Charge nobody."""


class WorkerDied(Exception):  # noqa: N818  (an event, not an error of the caller)
    """The process ended before it returned a result; the next call starts a new one."""


class WorkerTimeout(WorkerDied):
    """A call reached its time limit, and its process was killed."""


@dataclass(eq=False)
class WorkerProcess:
    """Calls functions in another process, one at a time.

    The process is started on first use, and again after it died. It never outlives this process.

    Attributes:
        name: name of the process.
        memory: memory limit in bytes, beyond what the libraries of its first function take.
        seconds: time limit of a call.
        niceness: added to the niceness of this process.
        used: processor time of the last call, in seconds; if the process died, the time it took.
    """

    name: str
    memory: int | None = None
    seconds: float | None = None
    niceness: int = 0

    def __post_init__(self) -> None:
        self.used = 0.0
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection
        self._closed = False
        self._changing = threading.Lock()

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """The result of the function; its exceptions are raised here.

        Raises:
            WorkerTimeout: the call reached its time limit.
            WorkerDied: the process was killed.
            MemoryError: the process reached its memory limit.
        """
        pipe = self._running()
        began = time.monotonic()
        try:
            pipe.send((function, arguments))
            ok, outcome, self.used = self._receive(pipe)
        except (EOFError, OSError, WorkerTimeout) as error:
            self.used = time.monotonic() - began
            self.terminate()  # it may not have exited yet, and would seem to be alive
            raise (error if isinstance(error, WorkerTimeout) else WorkerDied()) from None
        if not ok:
            raise outcome
        result: T = outcome
        return result

    def terminate(self) -> None:
        """Kill the process; the next call starts a new one."""
        with self._changing:
            self._kill()

    def close(self) -> None:
        """Kill the process for good."""
        with self._changing:
            self._closed = True
            self._kill()
        atexit.unregister(self.close)

    @property
    def pid(self) -> int | None:
        """The process id; None while there is no process."""
        return self._process.pid if self._process else None

    def _receive(self, pipe: Connection) -> Any:
        if not pipe.poll(self.seconds):
            raise WorkerTimeout
        return pipe.recv()

    def _running(self) -> Connection:
        with self._changing:
            if self._closed:
                raise WorkerDied
            # A pipe becomes readable when its process exits, before `is_alive` turns false.
            if not (self._process and self._process.is_alive()) or self._pipe.poll():
                self._kill()
                self._start()
            return self._pipe

    def _start(self) -> None:
        # Not forked: the child would inherit locks that other threads hold at this moment.
        context = multiprocessing.get_context("spawn")
        self._pipe, child_end = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(child_end, self.memory), name=self.name, daemon=True
        )
        self._process.start()
        _add_niceness(self._process.pid, self.niceness)
        child_end.close()  # so that the pipe closes when the child exits
        # At exit, Python would send SIGTERM, which the child ignores, and wait for it.
        atexit.register(self.close)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def _add_niceness(pid: int | None, niceness: int) -> None:
    """Lower the priority of a new process and all its threads."""
    if pid is not None and niceness:
        with contextlib.suppress(AttributeError, OSError):  # not on every system
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, pid, own + niceness)


def _serve(pipe: Connection, memory: int | None) -> None:
    """Run calls until the parent process exits."""
    # A supervisor may signal all processes of the server, but this one must outlast its parent.
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, arguments = pipe.recv()
            if memory is not None:  # after the libraries of the first function are loaded
                _limit_memory(memory)
                memory = None
            began = time.process_time()
            outcome = _outcome(function, arguments)
            pipe.send((*outcome, time.process_time() - began))
            del outcome, function, arguments  # an error's context may hold a whole file


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, function(*arguments)
    except Exception as error:  # noqa: BLE001  (raised again in the parent)
        return False, error.with_traceback(None)  # a traceback would keep objects in memory


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory(more: int) -> None:
    """Limit the address space to the current size plus `more` bytes, if the system supports it."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + more
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
