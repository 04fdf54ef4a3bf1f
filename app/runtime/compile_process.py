"""Compiles kernels in processes of their own, which leave them in the cache on disk.

The compiler is Python and holds the GIL: in another process it uses another core, and disturbs no
training. The process needs little of this package, so it can begin before the server's libraries
are imported.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import platformdirs

FIRST_KERNELS = ("lstm", "rmsprop", "no_dropout")
"""The `KernelKey` of the default network."""

_lock = threading.Lock()
_processes: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}


def begin(*kernels: str) -> subprocess.Popen[bytes]:
    """Start compiling kernels, given as for `compile_into_cache`, unless that has begun.

    The process ends if this one does.
    """
    with _lock:
        if kernels not in _processes:
            _processes[kernels] = subprocess.Popen(  # noqa: S603  (this interpreter)
                [sys.executable, "-m", __name__, *kernels],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        return _processes[kernels]


def begin_first_time(*kernels: str) -> None:
    """Start compiling these kernels, if nothing has ever been cached."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("charnn") / "kernels"
    try:
        if not any(root.glob("*")):
            begin(*kernels)
    except OSError:
        return


def compile_missing(*kernels: str) -> None:
    """Compile kernels in another process, unless they are compiled or in the cache already."""
    from model import kernels_cached  # which takes long to import

    if not kernels_cached(*kernels):
        compile_in_process(*kernels)


def compile_in_process(*kernels: str) -> None:
    """Compile kernels in another process; if that fails, they are not in the cache."""
    try:
        begin(*kernels).wait()
    except OSError:  # no more processes
        return


def _main(*kernels: str) -> None:
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    gc.disable()  # a quarter of the time of compilation, for a process that ends after it
    from model.training.warmup import compile_into_cache

    compile_into_cache(*kernels)


def _exit_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    _main(*sys.argv[1:])
