"""The memory that a network in training is expected to take."""

from __future__ import annotations

from typing import get_args

import pytest

from model import CharModel, Trainer, TrainingConfig, Vocabulary
from model.training.config import OptimizerName
from model.training.footprint import Footprint

TEXT = "abba\ncaba"


@pytest.mark.parametrize("optimizer", get_args(OptimizerName))
def test_the_footprint_covers_the_arrays_of_every_optimizer(optimizer: OptimizerName) -> None:
    """A budget with too small figures would let the server take more memory than it may."""
    sentences = TEXT.split("\n")
    model = CharModel.create(Vocabulary.from_sentences(sentences), hidden_sizes=(200,), seed=1)
    trainer = Trainer(model, sentences, TrainingConfig(optimizer=optimizer))
    state = sum(each.nbytes for each in vars(trainer.optimizer).values() if hasattr(each, "nbytes"))
    of_validation = 2 * model.params.nbytes  # the best weights, and those that are evaluated
    arrays = 2 * (model.params.nbytes + state) + model.params.nbytes  # with the last good state
    arrays += of_validation
    footprint = Footprint.of(model.layout, TEXT, optimizer)
    assert footprint.weights == model.num_parameters
    assert arrays < footprint.bytes < 1.2 * arrays + 400_000
