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

from app.protocol.fields import (
    ChoiceField,
    Field,
    IntListField,
    NumberField,
    OptionalFlagField,
    OptionalNumberField,
)
from model.network import Mode
from model.training.config import (
    MAX_BATCH_SIZE,
    MAX_DROPOUT,
    MAX_SEQUENCE_LENGTH,
    MAX_WARMUP_STEPS,
    OptimizerName,
)
from model.training.schedules import ScheduleName

Kind = Literal["lstm", "gru", "rnn"]
Method = Literal["sample", "beam"]
"""How a prompt is completed: by sampling a few sentences, or by beam search."""

StateName = Literal["h", "c"]
"""The state of a layer to inspect: the hidden state, or the cell state of an lstm."""
Feature = Literal[
    "word_position",
    "quotes",
    "brackets",
    "digit",
    "sentence_position",
    "line_position",
    "indentation",
    "string",
    "comment",
]
"""A feature of a text that a unit may correlate with."""

SizeName = Literal["original", "small", "medium", "large"]
"""The name of a preset of hyperparameters."""
DEFAULT_SIZE: SizeName = "small"
"""The preset of a new session."""

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

    field: Field
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
    mode: Annotated[
        Mode,
        Hyperparameter(
            ChoiceField("Mode", get_args(Mode)),
            "Whether each line is a sentence, or the text is one sequence with its line breaks.",
            "lines: each line is a sentence; text: one sequence with its line breaks.",
        ),
    ] = "lines"
    sequence_length: Annotated[
        int,
        Hyperparameter(
            NumberField("Sequence length", "64", 1, MAX_SEQUENCE_LENGTH, whole=True),
            "Characters of a step in the mode text, in each of the streams of a batch.",
            "Characters of a step, in the mode text.",
        ),
    ] = 64
    batch_size: Annotated[
        int,
        Hyperparameter(
            NumberField("Batch size", "1", 1, MAX_BATCH_SIZE, whole=True),
            "Sentences per step, or streams in the mode text: larger batches train faster, with "
            "fewer updates.",
            "Sentences or streams of a step. More train faster, with fewer updates.",
        ),
    ] = 1
    dropout: Annotated[
        float,
        Hyperparameter(
            NumberField("Dropout", "0", 0, MAX_DROPOUT),
            "Share of the outputs of each layer that training leaves out.",
            "Share of outputs that training leaves out, against overfitting.",
        ),
    ] = 0.0
    optimizer: Annotated[
        OptimizerName,
        Hyperparameter(
            ChoiceField("Optimizer", get_args(OptimizerName)),
            "Optimizer.",
            "rmsprop: the original's; adam; adamw: l2 in proportion to the rate.",
        ),
    ] = "rmsprop"
    l2: Annotated[
        float,
        Hyperparameter(
            NumberField("L2 strength", "0.000001", 0, 1),
            "L2 regularisation strength; the weight decay of adamw, such as 0.01.",
            "Pulls weights towards zero. For adamw more, such as 0.01.",
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
            "Maximum size of a gradient.",
            "Maximum size of a gradient.",
        ),
    ] = 5.0
    clip_norm: Annotated[
        bool | None,
        Hyperparameter(
            OptionalFlagField("Clip the norm"),
            "Whether clipping limits the norm of the whole gradient, which keeps its direction, or "
            "each weight's; by default the norm for rnn, each weight's for lstm and gru.",
            "true: limits the whole gradient; false: each weight's. Auto: true for rnn.",
        ),
    ] = None
    warmup_steps: Annotated[
        int,
        Hyperparameter(
            NumberField("Warm-up steps", "0", 0, MAX_WARMUP_STEPS, whole=True),
            "Steps in which the learning rate rises from 0, until it is set anew.",
            "Steps in which the rate rises from 0.",
        ),
    ] = 0
    schedule: Annotated[
        ScheduleName,
        Hyperparameter(
            ChoiceField("LR schedule", get_args(ScheduleName)),
            "Learning-rate schedule; plateau halves the rate when the validation loss no longer "
            "improves.",
            "The rate halves, falls along a cosine, or halves on a plateau of the validation loss. "
            "The slider restarts the schedule.",
        ),
    ] = "constant"
    schedule_epochs: Annotated[
        float,
        Hyperparameter(
            NumberField("Epochs", "100", 0, 1_000_000, low_included=False),
            "Epochs between halvings, length of the cosine, or length of a plateau.",
            "Between halvings, or the length of the cosine or of a plateau.",
        ),
    ] = 100.0
    validation_fraction: Annotated[
        float | None,
        Hyperparameter(
            OptionalNumberField(NumberField("Validation split", "0.05", 0, 0.5)),
            "Share of the text for validation; by default 5 % of 100 or more sentences, or of "
            "2,000 or more characters in the mode text, else none.",
            "Share of the text for validation. Auto: 0.05 from 100 sentences on.",
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
