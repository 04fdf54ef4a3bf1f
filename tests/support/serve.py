"""`python -m tests.support.serve …` is `charnn …` with paced training.

At SIGABRT it logs the stack of each thread. Browsers may cache the page's files, so that they load
them once for all tests. If the variable CHARNN_HOLD_COMPILER names a file, the compiler waits until
that file exists.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import time
from pathlib import Path

from flask import Flask
from werkzeug.datastructures import ImmutableDict

from app.cli import main
from app.engines import training_pool
from app.engines.kernel_compiler import Compiler
from model import KernelKey, compile_kernels
from tests.support.pacing import pace_training

KEPT_SECONDS = 3600
HELD = "CHARNN_HOLD_COMPILER"
LOOK = 0.02


def cache_files() -> None:
    """Let browsers cache the page's files, which `charnn serve` makes them revalidate."""
    settings = {**Flask.default_config, "SEND_FILE_MAX_AGE_DEFAULT": KEPT_SECONDS}
    Flask.default_config = ImmutableDict(settings)


def hold_compiler(until: Path) -> None:
    """Delay the compiler until a file exists."""

    class HeldCompiler(Compiler):
        def _prepare(self, needed: KernelKey) -> None:
            while not until.exists():
                time.sleep(LOOK)
            super()._prepare(needed)

    training_pool.Compiler = HeldCompiler  # type: ignore[attr-defined]


if __name__ == "__main__":
    faulthandler.enable()
    pace_training()
    cache_files()
    if HELD in os.environ:
        hold_compiler(Path(os.environ[HELD]))
    else:
        compile_kernels()
    main(sys.argv[1:])
