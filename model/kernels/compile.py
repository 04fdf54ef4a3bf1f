"""How the kernels are compiled, and where the compiled code is cached.

The same source is compiled for two precisions:

* float32, for training: sums may be reordered and products fused, so that loops are vectorised.
* float64, for checks: operations keep their written order, which is that of the original demo.
  Training at a high learning rate is chaotic (a difference in the last digit grows by eleven orders
  of magnitude in thirty steps), so only the same order reproduces the demo's numbers.
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
import numpy as np
import platformdirs
from numba import types
from numba.core.caching import _CacheLocator
from numba.extending import overload

Function = TypeVar("Function", bound=Callable[..., Any])

# NaN and infinity keep their meaning in both: training must notice divergence.
FAST_MATH = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}
STRICT_MATH = {"fastmath": False, "error_model": "numpy"}


def kernel(function: Function) -> Function:
    """Make a function callable from compiled code; its first floating argument sets the precision.

    It stays callable from Python, and is compiled together with the entry points that call it.
    """

    def single(*arguments: Any) -> Function | None:
        return None if is_double(*arguments) else function

    def double(*arguments: Any) -> Function | None:
        return function if is_double(*arguments) else None

    overload(function, jit_options=FAST_MATH, strict=False)(single)
    overload(function, jit_options=STRICT_MATH, strict=False)(double)
    return function


def implements(generic: Callable[..., Any], cell: type) -> Callable[[Function], Function]:
    """Register a kernel as the implementation of `generic` for a type of its first argument."""

    def register(function: Function) -> Function:
        def single(given: Any, *arguments: Any) -> Function | None:
            return function if _is_cell(given, cell) and not is_double(*arguments) else None

        def double(given: Any, *arguments: Any) -> Function | None:
            return function if _is_cell(given, cell) and is_double(*arguments) else None

        overload(generic, jit_options=FAST_MATH, strict=False)(single)
        overload(generic, jit_options=STRICT_MATH, strict=False)(double)
        return function

    return register


def _is_cell(given: Any, cell: type) -> bool:
    return getattr(given, "instance_class", None) is cell


def is_double(*arguments: Any) -> bool:
    """Whether the first floating Numba type among these, or among their elements, is float64."""
    for argument in arguments:
        number = getattr(argument, "dtype", argument)
        if isinstance(number, types.Float):
            return bool(number == types.float64)
    return False


def is_strict(array: Any) -> bool:
    """Whether code that works on this array keeps the written order; constant when compiled."""
    return bool(array.dtype == np.float64)


@overload(is_strict)
def _is_strict(array: Any) -> Any:
    def yes(array: Any) -> bool:
        return True

    def no(array: Any) -> bool:
        return False

    return yes if is_double(array) else no


def entry_point(function: Function) -> Function:
    """Compile a function that Python calls; it releases the GIL and is cached on disk.

    Numba's own cache misses changes in the modules that an entry point calls, and compares dates,
    which may be equal for all installed files. This cache is keyed by the content of the whole
    package: any change recompiles, and an equal copy of the package shares the compiled code.
    """
    numbas_own = numba.config.CACHE_LOCATOR_CLASSES
    numba.config.CACHE_LOCATOR_CLASSES = f"{__name__}.{ContentLocator.__name__}"
    try:
        compiled: Function = numba.njit(nogil=True, cache=True, **STRICT_MATH)(function)
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
        return _sources_digest()

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
    """The folder of this version's compiled kernels: NUMBA_CACHE_DIR, else the user's cache."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("charnn") / "kernels"
    return root / _sources_digest()


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


@functools.cache
def _sources_digest() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
