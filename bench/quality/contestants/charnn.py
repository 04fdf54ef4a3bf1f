"""charnn, through the `Trainer` of the library."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace

import model
from bench.quality.task import HELD_OUT, Point, Task

SLICE = 0.25
"""Seconds of training between two settings of the learning rate."""


def version() -> str:
    """The versions of NumPy and Numba, which determine its speed."""
    import numba
    import numpy as np

    return f"with NumPy {np.__version__} and Numba {numba.__version__}"


def learn(task: Task) -> Iterator[Point]:
    """Train, with the points of the curve."""
    recipe, text = task.recipe, task.read()
    config = replace(
        recipe.config, schedule="constant", validation_fraction=HELD_OUT, seed=task.seed
    )
    vocabulary = model.Vocabulary.from_sentences([text])
    network = model.CharModel.create(vocabulary, **recipe.network, seed=task.seed)
    model.Trainer(network.copy(), text, config, threads=task.threads).train(2)  # compiles
    trainer = model.Trainer(network, text, config, threads=task.threads)
    yield Point(0.0, 0, 0, _loss(trainer))
    seconds = 0.0
    for until in task.evaluation_times():
        while seconds < until:
            trainer.learning_rate = task.learning_rate(seconds, trainer.totals.steps)
            began = time.perf_counter()
            trainer.train_for(min(SLICE, until - seconds))
            seconds += time.perf_counter() - began
        totals = trainer.totals
        yield Point(seconds, totals.steps, totals.characters, _loss(trainer))


def _loss(trainer: model.Trainer) -> float:
    validation = trainer.validation
    if validation is None:
        raise ValueError("the text is too short to validate")
    return math.log(validation.evaluate())
