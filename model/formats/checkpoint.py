"""A model with its training state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from model.char_model import CharModel
from model.formats.recurrentjs_json import parse, serialize
from model.training.optimizers import Optimizer


class ModelCheckpoint(NamedTuple):
    """A model, and the state to resume its training from.

    Attributes:
        model: the network.
        optimizer: its optimizer; None where it has no state of past steps.
        sampler_state: the order of the sentences to come; None where that was not saved.
    """

    model: CharModel
    optimizer: Optimizer | None
    sampler_state: Mapping[str, Any] | None

    def copy(self) -> ModelCheckpoint:
        """The same with arrays of its own, which training may write to."""
        optimizer = self.optimizer.copy() if self.optimizer is not None else None
        return ModelCheckpoint(self.model.copy(), optimizer, self.sampler_state)

    def to_json(self) -> dict[str, Any]:
        """The checkpoint in the structure of the original's JSON.

        Raises:
            FormatError: the network has diverged.
        """
        return serialize(self.model, self.optimizer, self.sampler_state)


def load_model(
    saved: str | bytes | Mapping[str, Any], dtype: npt.DTypeLike = np.float32
) -> ModelCheckpoint:
    """The checkpoint of a saved JSON, given as text or already decoded.

    Raises:
        FormatError: it cannot be used; the message says where it is wrong.
    """
    network, optimizer, sampler_state = parse(saved, dtype)
    model = CharModel(network.vocabulary, network.layout, network.params)
    return ModelCheckpoint(model, optimizer, sampler_state)
