"""A model with the state of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from model.char_model import CharModel
from model.formats.recurrentjs_json import parse, serialize
from model.training.config import TrainingConfig
from model.training.optimizers import Optimizer
from model.training.state import TrainingState
from model.training.validation import BestWeights


class ModelCheckpoint(NamedTuple):
    """A model and the state of its training.

    Attributes:
        model: the network.
        optimizer: its optimizer; None if it has no state.
        sampler_state: the state of its sampler; None if that was not saved.
        training: its options and its progress; None if that was not saved.
        best: its best weights by validation loss; None if there are none.
    """

    model: CharModel
    optimizer: Optimizer | None
    sampler_state: Mapping[str, Any] | None
    training: TrainingState | None = None
    best: BestWeights | None = None

    @property
    def config(self) -> TrainingConfig:
        """The options with which its training continues: the saved ones, where they are known."""
        if self.training is not None:
            return self.training.config
        return TrainingConfig(optimizer=self.optimizer.name if self.optimizer else "rmsprop")

    def copy(self) -> ModelCheckpoint:
        """A copy with its own arrays."""
        optimizer = self.optimizer.copy() if self.optimizer is not None else None
        return self._replace(model=self.model.copy(), optimizer=optimizer)

    def with_best_weights(self) -> ModelCheckpoint:
        """The same training with its best weights, where there are any, in place of the latest."""
        if self.best is None:
            return self
        return self._replace(model=replace(self.model, params=self.best.params.copy()))

    def to_json(self) -> dict[str, Any]:
        """The checkpoint in the structure of the original's JSON.

        Raises:
            FormatError: the network has diverged.
        """
        return serialize(*self)


def load_model(
    saved: str | bytes | Mapping[str, Any],
    dtype: npt.DTypeLike = np.float32,
    max_layers: int | None = None,
) -> ModelCheckpoint:
    """The checkpoint of a saved JSON, given as text or decoded.

    Raises:
        FormatError: it is invalid, or has more than `max_layers` layers; the message names the
            entry at fault.
    """
    network, optimizer, order, training, best = parse(saved, dtype, max_layers)
    model = CharModel(network.vocabulary, network.layout, network.params, network.mode)
    return ModelCheckpoint(model, optimizer, order, training, best)
