"""Gradient checks against finite differences, with a bound on the time they take."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from app.errors import UserError
from app.protocol.inspection import MatrixCheck
from app.training.run import TrainingRun
from model import CharModel, gradient_check

MAX_NUMBERS = 20
"""Weights to perturb per matrix: all biases of the default network, and a sample of its weights.
With its 27 matrices and a sentence of 60 characters, a check takes about half a second."""
MAX_CHARACTERS = 60
"""Maximum length of the sentence, a typical line: the expression graph is slow."""
MIN_CHARACTERS = 2
"""Minimum length of the sentence: with fewer, the hidden state and some gradients stay zero."""
MAX_CHECK_WORK = 3_000_000_000
"""Limit of weights times predictions, over all perturbed weights. Each needs two to six evaluations
of the cost, at about 0.2 ns per weight and prediction: 1 to 4 seconds in all, and twice as much if
the matrices exceed the processor's cache and other sessions train. With 2,000,000 weights in one
layer, 1 weight per matrix is perturbed and the sentence has 60 characters; in eight layers, 13."""
COST_WORK = 1_500_000
"""Overhead of an evaluation of the cost, in weights times predictions: 0.3 ms."""


@dataclass(frozen=True)
class GradientCheckJob:
    """The input of a gradient check.

    Attributes:
        model: a copy of the network.
        sentence: the sentence whose cost is differentiated.
        steps: training steps of the network.
        took: milliseconds for which copying paused training.
    """

    model: CharModel
    sentence: str
    steps: int
    took: float


def make_job(run: TrainingRun) -> GradientCheckJob:
    """A copy of a run's network, and the start of its first training sentence.

    Raises:
        UserError: the network is too large to be checked.
    """
    began = time.perf_counter()
    limit = _max_characters(run.model)
    sentence = next(run.excerpts(limit))[:limit]
    model = run.model.copy()
    took = (time.perf_counter() - began) * 1000
    return GradientCheckJob(model, sentence, run.trainer.totals.steps, round(took, 3))


def run_job(job: GradientCheckJob) -> list[MatrixCheck]:
    """The errors of every matrix's gradient, over a new random sample of weights.

    Call this in a worker process: it takes seconds and holds the GIL, longest if the float64
    kernels must be compiled first.
    """
    model = job.model
    sample_size = _numbers_per_matrix(model, job.sentence)
    report = gradient_check(model, job.sentence, sample_size)
    return [
        {
            "name": name,
            "graph": _finite(report.graph.errors[name]),
            "kernels": _finite(report.kernels.errors[name]),
            "checked": min(sample_size, matrix.size),
            "numbers": matrix.size,
        }
        for name, matrix in model.named_parameters().items()
    ]


def _max_characters(model: CharModel) -> int:
    """Maximum length of the sentence if one weight of each matrix is perturbed."""
    matrices = len(model.named_parameters())
    predictions = (MAX_CHECK_WORK // matrices - COST_WORK) // model.num_parameters
    characters = predictions - 1  # the end of the sentence is predicted too
    if characters < MIN_CHARACTERS:
        raise UserError("check_too_large", weights=model.num_parameters, matrices=matrices)
    return min(MAX_CHARACTERS, characters)


def _numbers_per_matrix(model: CharModel, sentence: str) -> int:
    predictions = len(model.vocabulary.tokenize(sentence)) + 1
    work = COST_WORK + model.num_parameters * predictions
    return max(1, min(MAX_NUMBERS, MAX_CHECK_WORK // (work * len(model.named_parameters()))))


def _finite(error: float) -> float | None:
    return error if math.isfinite(error) else None
