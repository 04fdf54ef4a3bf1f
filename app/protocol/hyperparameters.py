"""The hyperparameters of a network, and how it is sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["lstm", "gru", "rnn"]
ScheduleName = Literal["constant", "halve", "cosine"]
Method = Literal["sample", "beam"]
"""How a prompt is completed: by sampling a few sentences, or by beam search."""

StateName = Literal["h", "c"]
"""The state of a layer to inspect: the hidden state, or the cell state of an lstm."""
Feature = Literal["word_position", "quotes", "brackets", "digit", "sentence_position"]
"""A feature of a text that a unit may correlate with."""


@dataclass(frozen=True)
class Options:
    """The options of a network and of its training.

    The defaults are those of the original demo, except that it holds out no sentences for
    validation: here, None holds out 5 % of a text of 100 sentences or more.
    """

    kind: Kind = "lstm"
    hidden_sizes: tuple[int, ...] = (20, 20)
    letter_size: int = 5
    l2: float = 1e-6
    learning_rate: float = 0.01
    clip: float = 5.0
    schedule: ScheduleName = "constant"
    schedule_epochs: float = 100.0
    validation_fraction: float | None = None
