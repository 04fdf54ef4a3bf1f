"""How the kernels are compiled, and where the compiled code is cached.

One set of options serves float32, which trains, and float64, which checks: sums may be reordered
and products fused, so that loops are vectorised.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import platformdirs
from llvmlite import binding
from numba.core.caching import _CacheLocator
from numba.core.codegen import get_host_cpu_features
from numba.extending import overload, register_jitable

Function = TypeVar("Function", bound=Callable[..., Any])

# NaN and infinity keep their meaning: training must notice divergence.
FAST_MATH = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}

if "CHARNN_CPU" in os.environ:
    # Without this machine's features, those of the processor of that name.
    numba.config.CPU_NAME, numba.config.CPU_FEATURES = os.environ["CHARNN_CPU"], ""


def kernel(function: Function) -> Function:
    """Make a function callable from compiled code.

    It stays callable from Python, and is compiled together with the entry points that call it.
    """
    registered: Function = register_jitable(**FAST_MATH)(function)
    return registered


def implements(generic: Callable[..., Any], cell: type) -> Callable[[Function], Function]:
    """Register a kernel as the implementation of `generic` for a type of its first argument."""

    def register(function: Function) -> Function:
        def implementation(given: Any, *_arguments: Any) -> Function | None:
            return function if getattr(given, "instance_class", None) is cell else None

        overload(generic, jit_options=FAST_MATH, strict=False)(implementation)
        return function

    return register


def entry_point(function: Function) -> Function:
    """Compile a function that Python calls; it releases the GIL and is cached on disk.

    Numba's own cache misses changes in the modules that an entry point calls, and compares dates,
    which may be equal for all installed files. This cache is keyed by the content of the whole
    package: any change recompiles, and an equal copy of the package shares the compiled code.
    """
    numbas_own = numba.config.CACHE_LOCATOR_CLASSES
    numba.config.CACHE_LOCATOR_CLASSES = f"{__name__}.{ContentLocator.__name__}"
    try:
        compiled: Function = numba.njit(nogil=True, cache=True, **FAST_MATH)(function)
    finally:
        numba.config.CACHE_LOCATOR_CLASSES = numbas_own
    return compiled


class ContentLocator(_CacheLocator):  # type: ignore[misc]  # Numba's compiler is half typed
    """Locates a function's compiled code by the package's content, not by path or date."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._line = function.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        """The folder of the compiled code."""
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        """The digest of the sources: it differs when the compiled code is out of date."""
        return _digest()

    def get_disambiguator(self) -> str:
        """The line number: it distinguishes functions of one name in one module."""
        return str(self._line)

    @classmethod
    def from_function(cls, function: Callable[..., Any], _file: str) -> ContentLocator:
        """The locator of a function."""
        locator = cls(function)
        locator.ensure_cache_path()
        return locator


def cache_folder() -> Path:
    """The folder of this version's kernels, compiled for the target processor.

    It is in NUMBA_CACHE_DIR, else in the user's cache.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("charnn") / "kernels"
    return root / _digest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of the cache atomically.

    Errors of the file system are ignored: the next start compiles again.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
            part.write(content)
        Path(part.name).replace(path)
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
    digest = hashlib.sha256(repr(target_cpu()).encode())
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
