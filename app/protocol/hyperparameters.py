"""What a network is made with, and how it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["lstm", "gru", "rnn"]
ScheduleName = Literal["constant", "halve", "cosine"]
Method = Literal["sample", "beam"]
"""How a beginning is gone on with: drawing a few sentences, or looking for the likeliest."""

StateName = Literal["h", "c"]
"""What is looked at of a layer: its hidden state, or the cell state that an lstm keeps."""
Feature = Literal["word_position", "quotes", "brackets", "digit", "sentence_position"]
"""What a unit may follow in a text."""


@dataclass(frozen=True)
class Options:
    """The options of a network and of its training.

    The defaults are the original demo's, but that it keeps no sentences aside: here, None keeps
    5 % of a text of 100 sentences or more.
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
