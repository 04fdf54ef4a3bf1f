"""How well a network's gradients agree with measured slopes, in no more time than one can wait."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from app.errors import UserError
from app.protocol.inspection import MatrixCheck
from app.training.run import TrainingRun
from model import CharModel, gradient_check

MAX_NUMBERS = 20
"""Of each matrix: every bias of the usual network, and a draw of its weights. With its 27 matrices,
that and a sentence of 60 characters take about half a second."""
MAX_CHARACTERS = 60
"""Characters of the sentence, which the expression graph takes one by one: a usual line."""
MIN_CHARACTERS = 2
"""Fewer would leave the hidden state at zero, and with it what it is multiplied with."""
CHECK_WORK = 3_000_000_000
"""Weights times predictions, of all the numbers that are moved. Each takes two to six costs of the
sentence, at about 0.2 ns for a weight and a prediction: 1 to 4 seconds in all. Where matrices do
not fit into the processor's cache, and others train beside, it is twice as much. With 2,000,000
weights in one layer, 1 number of each matrix is moved and the sentence has 60 characters; in eight
layers it has 13."""
COST_WORK = 1_500_000
"""What it takes to compute a cost at all, in weights times predictions: 0.3 ms."""


@dataclass(frozen=True)
class GradientCheckJob:
    """What is checked.

    Attributes:
        model: a copy of the network, which is not trained.
        sentence: whose cost the gradients are of.
        steps: that the network had taken.
        took: milliseconds that copying kept it from learning.
    """

    model: CharModel
    sentence: str
    steps: int
    took: float


def make_job(run: TrainingRun) -> GradientCheckJob:
    """A run's network as it is now, and the beginning of the first sentence that it learns.

    Raises:
        UserError: the network is too large to be checked.
    """
    began = time.perf_counter()
    sentence = run.trainer.train_sentences[0][: _most_characters(run.model)]
    model = run.model.copy()
    took = (time.perf_counter() - began) * 1000
    return GradientCheckJob(model, sentence, run.trainer.totals.steps, round(took, 3))


def run_job(network: GradientCheckJob) -> list[MatrixCheck]:
    """The errors of every matrix's gradients, of numbers drawn anew every time.

    It takes a while, and the interpreter's lock: longest where kernels in float64 have yet to be
    compiled. To be called in a process of its own.
    """
    model = network.model
    most = _numbers_per_matrix(model, network.sentence)
    report = gradient_check(model, network.sentence, most)
    return [
        {
            "name": name,
            "graph": _finite(report.graph.errors[name]),
            "kernels": _finite(report.kernels.errors[name]),
            "checked": min(most, matrix.size),
            "numbers": matrix.size,
        }
        for name, matrix in model.named_parameters().items()
    ]


def _most_characters(model: CharModel) -> int:
    """How long the sentence may be where one number of each matrix is moved."""
    matrices = len(model.named_parameters())
    predictions = (CHECK_WORK // matrices - COST_WORK) // model.num_parameters
    characters = predictions - 1  # the end of the sentence is one too
    if characters < MIN_CHARACTERS:
        raise UserError("check_too_large", weights=model.num_parameters, matrices=matrices)
    return min(MAX_CHARACTERS, characters)


def _numbers_per_matrix(model: CharModel, sentence: str) -> int:
    predictions = len(model.vocabulary.tokenize(sentence)) + 1
    work = COST_WORK + model.num_parameters * predictions
    return max(1, min(MAX_NUMBERS, CHECK_WORK // (work * len(model.named_parameters()))))


def _finite(error: float) -> float | None:
    return error if math.isfinite(error) else None
