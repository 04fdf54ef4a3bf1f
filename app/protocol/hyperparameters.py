"""The hyperparameters, each declared once, and the choices of completions and inspections.

Events, the options of `charnn train`, the page's form, the state sent to pages, stored checkpoints
and the trainer's configuration all derive from the declaration.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from app.protocol.fields import ChoiceField, IntListField, NumberField, OptionalNumberField

Kind = Literal["lstm", "gru", "rnn"]
ScheduleName = Literal["constant", "halve", "cosine"]
Method = Literal["sample", "beam"]
"""How a prompt is completed: by sampling a few sentences, or by beam search."""

StateName = Literal["h", "c"]
"""The state of a layer to inspect: the hidden state, or the cell state of an lstm."""
Feature = Literal["word_position", "quotes", "brackets", "digit", "sentence_position"]
"""A feature of a text that a unit may correlate with."""

Part = Literal["network", "training"]
"""Where a hyperparameter belongs: to `CharModel` or to `TrainingConfig`."""


MAX_SEED = 2**53 - 1
"""The largest integer that every JSON reader represents exactly."""
MAX_DRAWN_SEED = 999_999
"""The largest seed that is drawn: short enough to write down and to type."""


@dataclass(frozen=True)
class Hyperparameter:
    """The declaration of a hyperparameter.

    Attributes:
        field: the label and the valid values.
        description: the meaning, for the protocol and the command line.
        hint: the meaning, for the page.
        part: the object that has it as an attribute and argument.
        argument: the name of that attribute, if it differs.
    """

    field: ChoiceField | IntListField | NumberField | OptionalNumberField
    description: str
    hint: str
    part: Part = "training"
    argument: str | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.field, handler(source))


@dataclass(frozen=True)
class Hyperparameters:
    """The hyperparameters of a network and of its training.

    The defaults are those of the original demo, which has no validation set.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: Annotated[
        Kind,
        Hyperparameter(
            ChoiceField("Kind", get_args(Kind)),
            "Cell type of every layer.",
            "lstm: longest memory; gru: fewer weights; rnn: simplest.",
            "network",
            "cell",
        ),
    ] = "lstm"
    hidden_sizes: Annotated[
        tuple[int, ...],
        Hyperparameter(
            IntListField(
                "Hidden sizes",
                "20, 20",
                NumberField("Hidden size", "20", 1, 1000, whole=True),
                max_length=8,
            ),
            "Units of each hidden layer, lowest first.",
            "Units of each layer, lowest first.",
            "network",
        ),
    ] = (20, 20)
    letter_size: Annotated[
        int,
        Hyperparameter(
            NumberField("Letter size", "5", 1, 100, whole=True),
            "Size of a letter vector.",
            "Numbers per character.",
            "network",
            "embedding_size",
        ),
    ] = 5
    l2: Annotated[
        float,
        Hyperparameter(
            NumberField("L2 strength", "0.000001", 0, 1),
            "L2 regularisation strength.",
            "Pulls weights towards zero.",
            argument="weight_decay",
        ),
    ] = 1e-6
    learning_rate: Annotated[
        float,
        Hyperparameter(
            NumberField("Learning rate", "0.01", 0, 1, low_included=False),
            "Initial learning rate.",
            "Initial position of the slider.",
        ),
    ] = 0.01
    clip: Annotated[
        float,
        Hyperparameter(
            NumberField("Gradient clipping", "5", 0, 1000, low_included=False),
            "Gradient clipping: per weight; by the total norm for rnn.",
            "Maximum size of a gradient.",
        ),
    ] = 5.0
    schedule: Annotated[
        ScheduleName,
        Hyperparameter(
            ChoiceField("LR schedule", get_args(ScheduleName)),
            "Learning-rate schedule.",
            "The rate halves, or falls along a cosine. The slider restarts the schedule.",
        ),
    ] = "constant"
    schedule_epochs: Annotated[
        float,
        Hyperparameter(
            NumberField("Epochs", "100", 0, 1_000_000, low_included=False),
            "Epochs between halvings, or length of the cosine.",
            "Between halvings, or the length of the cosine.",
        ),
    ] = 100.0
    validation_fraction: Annotated[
        float | None,
        Hyperparameter(
            OptionalNumberField(NumberField("Validation split", "0.05", 0, 0.5)),
            "Share of the sentences in the validation set; by default 5 % of 100 or more, else "
            "none.",
            "Share of validation sentences. Auto: 0.05 from 100 sentences on.",
        ),
    ] = None
    seed: Annotated[
        int | None,
        Hyperparameter(
            OptionalNumberField(NumberField("Seed", "1", 0, MAX_SEED, whole=True), empty=True),
            "Random seed of the initial weights and of the order of the sentences: the same seed, "
            "text and options give the same network after the same number of steps; by default a "
            "random one.",
            "Same seed, text and options: the same network. Auto: a random one.",
        ),
    ] = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Hyperparameters:
        """The hyperparameters in parsed JSON or TOML, with defaults for missing ones."""
        frozen: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**frozen)

    def to_json(self) -> dict[str, Any]:
        """The hyperparameters as a JSON object."""
        values = vars(self).items()
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values}

    def of(self, part: Part) -> dict[str, Any]:
        """The arguments for the network or for its training."""
        return {argument: getattr(self, name) for name, argument in arguments_of(part).items()}


def draw_seed() -> int:
    """A random seed for a network whose options have none."""
    return secrets.randbelow(MAX_DRAWN_SEED + 1)


HYPERPARAMETERS: dict[str, Hyperparameter] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Hyperparameters, include_extras=True).items()
}
"""Every declaration by name, in the order of the page."""


def arguments_of(part: Part) -> dict[str, str]:
    """The arguments of the network or of its training, by the names of the hyperparameters."""
    declared = HYPERPARAMETERS.items()
    return {name: each.argument or name for name, each in declared if each.part == part}
