"""How much memory a network in training takes."""

from __future__ import annotations

import sys
from typing import NamedTuple

from model.network import ParameterLayout
from model.training.config import OptimizerName

BYTES_PER_WEIGHT = {"rmsprop": 28, "adam": 36, "adamw": 36}
"""A weight in float32, its gradient, the optimizer's state, the last good state of all but the
gradient, the best weights, and those that are evaluated."""
BYTES_PER_CHARACTER = 4
"""A token."""
BYTES_PER_SENTENCE = 48
"""Its places in the text, in the tokens and in the order, and its length."""
BYTES_PER_VOCABULARY_ENTRY = 250
"""A character as an object, and its entry in the index."""
BASE_BYTES = 300_000
"""Small objects, and what an application keeps beside a trainer: a curve, samples, statistics."""


class Footprint(NamedTuple):
    """The memory of a network in training; an upper bound, known before the network is created.

    Attributes:
        weights: number of weights.
        bytes: of all arrays and objects, the text included, but no scratch space.
    """

    weights: int
    bytes: int

    @classmethod
    def of(
        cls, layout: ParameterLayout, text: str, optimizer: OptimizerName = "rmsprop"
    ) -> Footprint:
        """The footprint of a network of this layout that trains on the lines of a text."""
        weights = layout.num_parameters
        lines = text.count("\n") + text.count("\r") + 1
        return cls(
            weights,
            BASE_BYTES
            + BYTES_PER_WEIGHT[optimizer] * weights
            + BYTES_PER_CHARACTER * (len(text) + lines)
            + BYTES_PER_SENTENCE * lines
            + BYTES_PER_VOCABULARY_ENTRY * layout.inputs
            + sys.getsizeof(text),
        )
