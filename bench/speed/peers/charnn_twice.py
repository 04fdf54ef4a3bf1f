"""Two sessions of charnn at once, a thread each: what a second core brings."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import model
from bench.speed.batches import Run
from bench.speed.peers import charnn
from bench.speed.workloads import Network

version = charnn.version


def prepare(network: Network, sentences: Sequence[str]) -> Run:
    """Their training on these sentences, ready to run; their speeds are added up."""
    model.compile_kernels("lstm")
    sessions = [charnn.trainer(network, sentences, seed) for seed in (1, 2)]
    threads = ThreadPoolExecutor(len(sessions))

    def run(seconds: float) -> float:
        return sum(threads.map(lambda session: charnn.speed(session, seconds), sessions))

    return run
