"""charnn, as a competitor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import model
from bench.speed.batches import Run
from bench.speed.workloads import CLIP, L2, LEARNING_RATE, Network


def version() -> str:
    """The versions of NumPy and Numba, which determine its speed."""
    import numba
    import numpy as np

    return f"with NumPy {np.__version__} and Numba {numba.__version__}"


def prepare(network: Network, sentences: Sequence[str]) -> Run:
    """A function that trains on these sentences, with compiled kernels."""
    model.compile_kernels("lstm")
    session = trainer(network, sentences, seed=1)

    return partial(speed, session)


def trainer(network: Network, sentences: Sequence[str], seed: int) -> model.Trainer:
    """A trainer of this network."""
    vocabulary = model.Vocabulary.from_sentences(sentences)
    lstm = model.CharModel.create(
        vocabulary, "lstm", network.hidden_sizes, network.letter_size, seed
    )
    settings = model.TrainingConfig(
        LEARNING_RATE, L2, CLIP, clip_norm=False, batch_size=network.batch_size, seed=seed
    )
    return model.Trainer(lstm, sentences, settings)


def speed(session: model.Trainer, seconds: float) -> float:
    """Characters per second in about `seconds` of training."""
    progress = session.train_for(seconds)
    return progress.characters / progress.seconds
