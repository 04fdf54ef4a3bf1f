"""How the kernels are compiled.

One set of options serves float32, which trains, and float64, which checks: sums may be reordered
and products fused, so that loops are vectorised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.extending import overload, register_jitable

from model.kernel_cache import KernelCache

Function = TypeVar("Function", bound=Callable[..., Any])

# NaN and infinity keep their meaning: training must notice divergence.
FAST_MATH = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}


class _KernelCode(JITCodeLibrary):  # type: ignore[misc]  # Numba's compiler is half typed
    """The code of a kernel: LLVM optimises it only as a part of the entry points that call it.

    Numba would optimise and translate each function by itself, and again in each of its callers.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True

    def get_pointer_to_function(self, _name: str) -> int:
        """0: nothing calls a kernel by its address."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        """What `set_env` is called on."""
        return self

    def set_env(self, _name: str, _environment: Any) -> None:
        """Do nothing: kernels use no Python objects."""


class _KernelCompiler(Compiler):  # type: ignore[misc]
    def define_pipelines(self) -> Any:
        state = self.state
        state.library = _KernelCode(state.targetctx.codegen(), state.func_id.func_qualname)
        return super().define_pipelines()


KERNEL_OPTIONS = {
    **FAST_MATH,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": _KernelCompiler,
}


def kernel(function: Function) -> Function:
    """Make a function callable from compiled code.

    It stays callable from Python, and is compiled together with the entry points that call it.
    """
    registered: Function = register_jitable(**KERNEL_OPTIONS)(function)
    return registered


def implements(generic: Callable[..., Any], cell: type) -> Callable[[Function], Function]:
    """Register a kernel as the implementation of `generic` for a type of its first argument."""

    def register(function: Function) -> Function:
        def implementation(given: Any, *_arguments: Any) -> Function | None:
            return function if getattr(given, "instance_class", None) is cell else None

        overload(generic, jit_options=KERNEL_OPTIONS, strict=False)(implementation)
        return function

    return register


def entry_point(function: Function) -> Function:
    """Compile a function that Python calls; it releases the GIL and is cached on disk."""
    compiled: Function = numba.njit(nogil=True, no_cfunc_wrapper=True, **FAST_MATH)(function)
    compiled._cache = KernelCache(function)  # type: ignore[attr-defined]
    return compiled
