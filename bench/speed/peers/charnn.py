"""charnn, as a competitor."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import model
from bench.speed.batches import Run
from bench.speed.workloads import CLIP, L2, LEARNING_RATE, Network


def version() -> str:
    """The versions of NumPy and Numba, which determine its speed."""
    import numba
    import numpy as np

    return f"with NumPy {np.__version__} and Numba {numba.__version__}"


def prepare(network: Network, sentences: Sequence[str], sessions: int = 1) -> Run:
    """A run of so many sessions, a thread each; it returns the sum of their speeds."""
    model.compile_kernels("lstm")
    trainers = [_trainer(network, sentences, seed) for seed in range(1, sessions + 1)]
    threads = ThreadPoolExecutor(sessions)
    return lambda seconds: sum(threads.map(partial(_speed, seconds), trainers))


prepare_two = partial(prepare, sessions=2)


def _trainer(network: Network, sentences: Sequence[str], seed: int) -> model.Trainer:
    vocabulary = model.Vocabulary.from_sentences(sentences)
    lstm = model.CharModel.create(
        vocabulary, "lstm", network.hidden_sizes, network.letter_size, seed
    )
    settings = model.TrainingConfig(
        LEARNING_RATE, L2, CLIP, clip_norm=False, batch_size=network.batch_size, seed=seed
    )
    return model.Trainer(lstm, sentences, settings)


def _speed(seconds: float, trainer: model.Trainer) -> float:
    stats = trainer.train_for(seconds)
    return stats.characters / stats.seconds
