"""Checkpoints for tests of the stores."""

from __future__ import annotations

import numpy as np

from app.protocol.hyperparameters import Hyperparameters
from app.training.checkpoint import Checkpoint
from app.training.curve import CurvePoint
from model import CharModel, Trainer, TrainingConfig, TrainingStats, Vocabulary

POINT = CurvePoint(10, 0.1, 0.5, 50.0, 25, validation=8.5, learning_rate=0.005, set_rate=0.01)


def checkpoint(
    session_id: str = "ann",
    text: str = "abba\ncaba",
    version: int = 1,
    kind: str = "lstm",
    solver: str = "rmsprop",
    hidden_sizes: tuple[int, ...] = (4,),
    seed: int = 1,
) -> Checkpoint:
    """A checkpoint of a small network in training."""
    sentences = ["abba", "caba"]
    model = CharModel.create(Vocabulary.from_sentences(sentences), kind, hidden_sizes, 3, seed)
    training = TrainingConfig(optimizer=solver, seed=seed)  # type: ignore[arg-type]
    trainer = Trainer(model, sentences, training)
    return Checkpoint(
        session_id=session_id,
        version=version,
        text=text,
        options=Hyperparameters(
            hidden_sizes=hidden_sizes, schedule="halve", validation_fraction=0.1
        ),
        learning=True,
        learning_rate=0.005,
        set_rate=0.01,
        rate_since=1.5,
        temperature=1.0,
        saved=trainer.checkpoint(),
        totals=TrainingStats(7, 3.5, 28, 0.25, 12.5, 35),
        curve_version=2,
        curve_interval=0.2,
        points=(POINT, CurvePoint(20, 0.2, 1.0, float("inf"), 25)),
    )


def assert_same(one: Checkpoint, other: Checkpoint) -> None:
    """Assert that two checkpoints are equal, bit for bit."""
    plain = ("session_id", "version", "text", "options", "learning", "learning_rate")
    plain += ("set_rate", "rate_since", "temperature", "totals")
    plain += ("curve_version", "curve_interval", "points")
    for name in plain:
        assert getattr(one, name) == getattr(other, name), name
    assert one.saved.model.vocabulary.chars == other.saved.model.vocabulary.chars
    assert one.saved.model.layout == other.saved.model.layout
    assert one.saved.sampler_state == other.saved.sampler_state
    assert one.saved.model.params.dtype == other.saved.model.params.dtype
    np.testing.assert_array_equal(one.saved.model.params, other.saved.model.params)
    assert type(one.saved.optimizer) is type(other.saved.optimizer)
    for name, value in vars(one.saved.optimizer).items() if one.saved.optimizer else ():
        np.testing.assert_array_equal(value, getattr(other.saved.optimizer, name))
    assert (one.saved.best is None) == (other.saved.best is None)
    for name, value in vars(one.saved.best).items() if one.saved.best else ():
        np.testing.assert_array_equal(value, getattr(other.saved.best, name))
