"""Where compiled code is cached on disk.

Numba's own cache misses changes in the modules that an entry point calls, and compares dates, which
may be equal for all installed files. This cache is keyed by the content of `model.kernels`: any
change recompiles, and an equal copy shares the compiled code.

A cache that cannot be read or written costs the time of compilation, and is never an error.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
import platformdirs
from llvmlite import binding
from numba.core.caching import NullCache
from numba.core.codegen import get_host_cpu_features
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

DIGEST_BYTES = hashlib.sha256().digest_size

if "CHARNN_CPU" in os.environ:
    # Without this machine's features, those of the processor of that name.
    numba.config.CPU_NAME, numba.config.CPU_FEATURES = os.environ["CHARNN_CPU"], ""


class KernelCache(NullCache):  # type: ignore[misc]  # Numba's compiler is half typed
    """The compiled code of an entry point, a file for each signature."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._name = function.__qualname__

    @property
    def cache_path(self) -> str:
        """The folder of the files."""
        return str(cache_folder())

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled code for a signature; None if it must be compiled."""
        content = read_whole(self._file(signature))
        if content is None:
            return None
        target_context.refresh()
        parts = pickle.loads(content)  # noqa: S301  (written by this user)
        return CompileResult._rebuild(target_context, *parts)  # noqa: SLF001

    def save_overload(self, signature: Any, result: Any) -> None:
        """Write the compiled code for a signature."""
        write_whole(self._file(signature), dumps(result._reduce()))  # noqa: SLF001

    def _file(self, signature: Any) -> Path:
        types = hashlib.sha256(repr(signature).encode()).hexdigest()[:16]
        return cache_folder() / f"{self._name}-{types}"


def cache_folder() -> Path:
    """The folder of this version's kernels, compiled for the target processor.

    It is in NUMBA_CACHE_DIR, else in the user's cache.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("charnn") / "kernels"
    return root / _digest()


def is_writable() -> bool:
    """Whether compiled code can be cached."""
    probe = cache_folder() / "probe"
    write_whole(probe, b"")
    return read_whole(probe) is not None


def read_whole(path: Path) -> bytes | None:
    """The content that `write_whole` has written; None if there is none, or it is damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    content = stored[DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == stored[:DIGEST_BYTES] else None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of the cache atomically, with a digest: LLVM crashes on damaged code.

    Errors of the file system are ignored: the next start compiles again.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder, path.name)
            part.write_bytes(hashlib.sha256(content).digest() + content)
            part.replace(path)
    except OSError:
        return


def target_cpu() -> tuple[str, str]:
    """The name and the features, in LLVM's terms, of the processor that kernels are compiled for.

    CHARNN_CPU names it (haswell, x86-64-v3, znver4 …), else it is Numba's choice: NUMBA_CPU_NAME
    and NUMBA_CPU_FEATURES, or this machine's.
    """
    config = numba.config
    name = binding.get_host_cpu_name() if config.CPU_NAME is None else config.CPU_NAME
    return name, get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES


@functools.cache
def _digest() -> str:
    versions = target_cpu(), sys.version, numba.__version__, llvmlite.__version__
    digest = hashlib.sha256(repr(versions).encode())
    for source in sorted((Path(__file__).parent / "kernels").rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
