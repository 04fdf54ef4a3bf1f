"""The matrix products alone, beside OpenBLAS (NumPy's) and MKL (PyTorch's), all in one thread.

    python -m bench.speed.products [docs/speed/products.md]

A process for each target (this machine's processor, and AVX2 by CHARNN_CPU) calls all of them
through pointers from compiled code, in turns of a tenth of a millisecond, for `SECONDS` a size; the
fastest turn counts. The sizes are those of a layer's products: B sentences in a step, N rows in a
batch, H units, E inputs and 80 characters, of which a sentence has 25; the first layer's product is
computed once for each of them. For B=32, a turn is 64 steps with the same weights, as in training:
charnn packs them once, and the packing counts.

charnn calls no BLAS. The OpenBLAS in NumPy has no public address, its kernels and so the last bits
of a result follow its build, and it was faster at few of these sizes: the table shows which.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import binding, ir

from bench.speed.runner import AVX2, ONE_THREAD
from model.kernels.linalg import gemm  # noqa: F401  (importing loads the products)
from model.kernels.linalg.gemm_codegen import name_of
from model.kernels.types import PACKING

SECONDS = 0.4
TURN = 6e6  # operations, about a tenth of a millisecond
TARGETS = {"this processor": {}, "AVX2": {"CHARNN_CPU": "haswell", **AVX2}}
STEPS, PACKED = 64, "packed "
KINDS = ("nn", "tn", "nt", PACKED + "nn", PACKED + "nt")
Sizes = tuple[int, int, int]


def sizes() -> Iterator[tuple[str, str, Sizes]]:
    """What is computed, which factor is transposed, and m, k and n of out (m, n) += a @ b."""
    for batch, packed, hiddens in ((1, "", (20, 100, 256)), (32, PACKED, (20, 100, 256, 512))):
        for h in hiddens:
            yield f"forward, B={batch}, H={h}", packed + "nn", (batch, h, 4 * h)
            yield f"backward, B={batch}, H={h}", packed + "nt", (batch, 4 * h, h)
    for n, h, e in ((25, 20, 5), (25, 256, 16), (80, 100, 5), (80, 256, 16), (80, 512, 64)):
        yield f"first layer, {n} characters, E={e}, H={h}", "nn", (n, e, 4 * h)
    for n, h in ((60, 20), (60, 256), (2048, 256)):
        yield f"second layer, N={n}, H={h}", "nn", (n, h, 4 * h)
        yield f"second layer backward, N={n}, H={h}", "nt", (n, 4 * h, h)
    for n, h in ((60, 20), (60, 100), (60, 256), (2048, 100), (2048, 256), (2048, 512)):
        yield f"decoder, N={n}, H={h}", "nn", (n, h, 80)
        yield f"decoder backward, N={n}, H={h}", "nt", (n, 80, h)
        yield f"weights' gradient, N={n}, H={h}", "tn", (h, n, 4 * h)


def pointer(address: int, arguments: int) -> Callable[..., None]:
    """A compiled function that takes addresses and whole numbers alone."""
    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * arguments)(address)


def charnn() -> Callable[..., None]:
    """This library's."""
    names = (name_of(product, ir.FloatType()) for product in ("gemm", "gemm_nt", "pack"))
    addresses = [binding.address_of_symbol(name) for name in names]
    add, add_nt, pack = map(pointer, addresses, (11, 9, 6))
    packed = np.empty(max((k + PACKING) * (n + PACKING) for *_, (_, k, n) in sizes()), np.float32)

    def run(
        space: int, times: int, kind: int, m: int, k: int, n: int, a: int, b: int, out: int
    ) -> None:
        if kind >= 3:
            pack(k, n, b, n if kind == 3 else 1, 1 if kind == 3 else k, space)
        for _ in range(times):
            if kind == 0:
                add(m, k, n, a, k, 1, b, n, 1, out, n)
            elif kind == 1:
                add(m, k, n, a, 1, m, b, n, 1, out, n)
            elif kind >= 3:
                add(m, k, n, a, k, 1, space, 0, 1, out, n)
            else:
                add_nt(m, k, n, a, k, b, k, out, n)

    compiled = numba.njit(run)
    return lambda *arguments: compiled(packed.ctypes.data, *arguments)


def blas(address: int, integer: type[np.signedinteger[Any]]) -> Callable[..., None]:
    """A BLAS, by the address of its Fortran function, whose matrices are the transposed ones."""
    sgemm = pointer(address, 13)
    letters, one, numbers = (
        np.frombuffer(b"NT", np.int8),
        np.ones(1, np.float32),
        np.zeros(6, integer),
    )
    plain, transposed = letters.ctypes.data, letters.ctypes.data + 1
    at = [numbers.ctypes.data + i * numbers.itemsize for i in range(6)]
    beta = one.ctypes.data

    def call(times: int, of_a: int, of_b: int, p: Any, a: int, b: int, out: int) -> None:
        for _ in range(times):
            sgemm(of_b, of_a, p[0], p[1], p[2], beta, b, p[3], a, p[4], beta, out, p[5])

    places, compiled = np.array(at), numba.njit(call)

    def letter(is_transposed: bool) -> int:
        return transposed if is_transposed else plain

    def run(times: int, kind: int, m: int, k: int, n: int, a: int, b: int, out: int) -> None:
        of_b = KINDS[kind].endswith("nt")
        numbers[:] = n, m, k, (k if of_b else n), (m if kind == 1 else k), n
        compiled(times, letter(kind == 1), letter(of_b), places, a, b, out)

    return run


def competitors() -> Iterator[tuple[str, Callable[..., None]]]:
    """Those that are here; NumPy's BLAS may be another than OpenBLAS."""
    yield "charnn", charnn()
    for library in (Path(np.__file__).parents[1] / "numpy.libs").glob("libscipy_openblas64*"):
        function = ctypes.CDLL(str(library)).scipy_sgemm_64_
        yield "OpenBLAS", blas(ctypes.cast(function, ctypes.c_void_p).value or 0, np.int64)
    torch = importlib.util.find_spec("torch")
    if torch and torch.origin:
        import torch as _  # noqa: F401  (loads the library and what it needs)

        function = ctypes.CDLL(str(Path(torch.origin).parent / "lib" / "libtorch_cpu.so")).SGEMM
        yield "MKL", blas(ctypes.cast(function, ctypes.c_void_p).value or 0, np.int32)


def measured() -> dict[str, dict[str, float]]:
    """GFLOP/s of every competitor at every size."""
    results, random = {}, np.random.default_rng(1)
    runs = dict(competitors())
    for title, kind, (m, k, n) in sizes():
        a, b = (random.standard_normal(size, np.float32) for size in (m * k, k * n))
        out, code = np.zeros(m * n, np.float32), KINDS.index(kind)
        times = STEPS if kind.startswith(PACKED) else max(1, int(TURN / (2 * m * k * n)))
        best = dict.fromkeys(runs, float("inf"))
        for run in runs.values():  # compiles it
            run(1, code, m, k, n, a.ctypes.data, b.ctypes.data, out.ctypes.data)
        began = time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            for name, run in runs.items():
                before = time.perf_counter()
                run(times, code, m, k, n, a.ctypes.data, b.ctypes.data, out.ctypes.data)
                best[name] = min(best[name], (time.perf_counter() - before) / times)
        results[title] = {name: 2 * m * k * n / took / 1e9 for name, took in best.items()}
    return results


def table(results: dict[str, dict[str, float]]) -> str:
    """GFLOP/s in Markdown, with charnn's share of the fastest other."""
    names = list(next(iter(results.values())))
    lines = [
        "| | " + " | ".join(names) + " | charnn / fastest other |",
        "| --- |" + " ---: |" * (len(names) + 1),
    ]
    for title, speeds in results.items():
        others = [speed for name, speed in speeds.items() if name != "charnn"]
        share = f"{speeds['charnn'] / max(others):.2f}" if others else "–"
        lines.append(
            f"| {title} | " + " | ".join(f"{speeds[x]:.1f}" for x in names) + f" | {share} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure every target in a process of its own, and write the tables."""
    if sys.argv[1:] == ["--measure"]:
        print(json.dumps(measured()))
        return
    parts = [
        "# The matrix products alone",
        "`python -m bench.speed.products docs/speed/products.md` writes this page.",
        "GFLOP/s in float32 on one thread, fastest turns. "
        + "\n\n".join(" ".join(part.split()) for part in (__doc__ or "").split("\n\n")[2:]),
    ]
    for target, variables in TARGETS.items():
        command = [sys.executable, "-m", "bench.speed.products", "--measure"]
        environment = {**os.environ, **ONE_THREAD, **variables}
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603
        parts += [f"## For {target}", table(json.loads(done.stdout))]
        print("\n\n".join(parts[-2:]))
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
