"""The sizes of networks to choose from: hyperparameters that work well together."""

from __future__ import annotations

from dataclasses import dataclass

from app.protocol.fields import as_entered
from app.protocol.hyperparameters import Hyperparameters, SizeName

START_TEMPERATURE = 0.7
"""The softmax temperature of a new session: at lower ones more words are words of the text."""

OTHER_OPTIONS = ("mode", "sequence_length", "validation_fraction", "seed")
"""The hyperparameters that a preset leaves as they are: they belong to the text, or to chance."""


@dataclass(frozen=True)
class Preset:
    """Hyperparameters that are chosen by one name.

    Attributes:
        name: its name.
        title: displayed name.
        about: what such a network can do, and how long it takes.
        options: the hyperparameters.
    """

    name: SizeName
    title: str
    about: str
    options: Hyperparameters

    @property
    def entries(self) -> dict[str, str]:
        """The hyperparameters that the preset determines, as a person would enter them."""
        values = vars(self.options).items()
        return {name: as_entered(value) for name, value in values if name not in OTHER_OPTIONS}


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "original",
            "original (20, 20)",
            "As in the demo of 2014: quick, and never quite right.",
            Hyperparameters(),
        ),
        Preset(
            "small",
            "small (100)",
            "After half a minute, nine of ten words are real.",
            Hyperparameters(hidden_sizes=(100,), letter_size=10, batch_size=4),
        ),
        Preset(
            "medium",
            "medium (200)",
            "Slower at first, better after half a minute of training.",
            Hyperparameters(hidden_sizes=(200,), letter_size=16, batch_size=8, learning_rate=0.005),
        ),
        Preset(
            "large",
            "large (256, 256)",
            "For long texts, and for a quarter of an hour or more.",
            Hyperparameters(
                hidden_sizes=(256, 256),
                letter_size=16,
                batch_size=16,
                dropout=0.3,
                optimizer="adam",
                learning_rate=0.003,
            ),
        ),
    )
}
"""The presets by name, in the order of the page."""
