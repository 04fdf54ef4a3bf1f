"""nanoGPT's own recipe for a CPU, of a checkout of it: its train.py in a process."""

from __future__ import annotations

import os
import pickle
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from bench.quality.task import HELD_OUT, Point, Task
from bench.speed.competitors import Absent
from model import Vocabulary

STREAMS, WINDOW = 12, 64
RECIPE = (
    *("config/train_shakespeare_char.py", "--device=cpu", "--compile=False", "--eval_iters=20"),
    *("--log_interval=1", f"--block_size={WINDOW}", f"--batch_size={STREAMS}", "--n_layer=4"),
    *("--n_head=4", "--n_embd=128", "--max_iters=2000", "--lr_decay_iters=2000", "--dropout=0.0"),
)
"""The arguments that its README gives for a CPU."""

_EVALUATION = re.compile(r"step \d+: train loss [\d.]+, val loss ([\d.]+)")
_STEP = re.compile(r"iter \d+: loss [\d.]+, time ([\d.]+)ms")


def version() -> str:
    """The version of PyTorch, and the recipe."""
    try:
        import torch
    except ImportError:
        raise Absent("PyTorch is not installed (pip install torch)") from None
    return f"with PyTorch {torch.__version__}: train.py {' '.join(RECIPE)}"


def learn(task: Task) -> Iterator[Point]:
    """Train, with the points of the curve: the losses that it estimates every 250 steps."""
    checkout = Path(task.checkout).resolve()
    if not (task.checkout and (checkout / "train.py").is_file()):
        raise Absent("no checkout of it is named (NANOGPT=…)")
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder), checkout, task.read())
        environment = {**os.environ, "OMP_NUM_THREADS": str(task.threads)}
        command = [sys.executable, "-u", "train.py", *RECIPE]
        with subprocess.Popen(  # noqa: S603, a program that the user names
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield from _points(process.stdout or (), task.seconds)
            finally:
                process.kill()


def _points(lines: Iterable[str], limit: float) -> Iterator[Point]:
    """The points in the output of train.py, up to a training time.

    It times the step after an evaluation with it: that step counts as the median of the others.
    """
    times: list[float] = []  # of the steps that are timed alone
    steps, seconds, evaluated = 0, 0.0, False
    for line in lines:
        if found := _EVALUATION.match(line):
            evaluated = True
            yield Point(seconds, steps, steps * STREAMS * WINDOW, float(found[1]))
        elif found := _STEP.match(line):
            if not evaluated:
                times.append(float(found[1]) / 1000)
            steps, evaluated = steps + 1, False
            seconds = sum(times) + (steps - len(times)) * statistics.median(times or [0.0])
            if seconds >= limit:
                return


def _prepare(folder: Path, checkout: Path, text: str) -> None:
    """Link the checkout's files, and write the text as its prepare.py does."""
    for path in checkout.iterdir():
        if path.name not in ("data", "out-shakespeare-char"):
            (folder / path.name).symlink_to(path)
    data = folder / "data" / "shakespeare_char"
    data.mkdir(parents=True)
    vocabulary = Vocabulary.from_sentences([text])
    tokens = vocabulary.encode(text).astype(np.uint16) - 1
    held_out = int(HELD_OUT * len(tokens))
    tokens[:-held_out].tofile(data / "train.bin")
    tokens[-held_out:].tofile(data / "val.bin")
    meta = {"vocab_size": len(vocabulary) - 1}
    (data / "meta.pkl").write_bytes(pickle.dumps(meta))
