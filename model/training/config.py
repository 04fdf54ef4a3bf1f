"""The options of a training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from model.errors import SettingsError, check_range, check_seed, is_integer
from model.network import Mode
from model.training.schedules import ScheduleName

OptimizerName = Literal["rmsprop", "adam", "adamw"]

MAX_BATCH_SIZE = 10_000  # more needs memory and trains less per sentence
MAX_SEQUENCE_LENGTH = 10_000  # back-propagation stores as many steps
MAX_DROPOUT = 0.95  # more leaves too little to learn from
MAX_EPOCHS = 1_000_000  # of a schedule
MAX_WARMUP_STEPS = 100_000
MAX_VALIDATION_FRACTION = 0.5  # most of the text is for training


@dataclass(frozen=True)
class TrainingConfig:
    """The options of a training. Change them with `dataclasses.replace`.

    The defaults avoid divergence; `recurrentjs` reproduces the original demo, step for step.

    Attributes:
        learning_rate: above 0 and up to 10.
        weight_decay: share of every parameter that a step takes away, 0 to 1; only "adamw"
            multiplies it by the learning rate. Errors name it "l2", as the public option.
        clip: the limit for gradients, of the mean loss of a sentence in mode "lines" and of a
            character in mode "text"; above 0.
        clip_norm: whether `clip` limits the norm of the whole gradient, which keeps its direction,
            or each of its numbers. None is the default of the cell; see `CellSpec`.
        batch_size: sentences or streams per step, 1 to 10,000.
        optimizer: "rmsprop", "adam", or "adamw" (I. Loshchilov and F. Hutter, "Decoupled Weight
            Decay Regularization", 2019).
        bias_correction: whether the mean of RMSProp is corrected for its start at zero, as Adam's.
        rollback_on_divergence: whether a diverged training rolls back to its last good state and
            continues at half the learning rate.
        schedule: the learning-rate schedule: "constant", "halve", "cosine", or "plateau", which
            halves the rate when the validation loss has not improved for some epochs.
        schedule_epochs: the period of "halve", the length of "cosine", or the epochs without
            improvement of "plateau".
        warmup_steps: the first steps, in which the rate rises from 0 in proportion to the step;
            setting the rate ends them. 0 to 100,000.
        validation_fraction: fraction of the sentences that are held out, 0 to 0.5; None is 5 % of
            100 or more sentences, and 0 of fewer. In mode "text" it is the last part of the text.
        shuffle: whether each epoch has a new random order.
        seed: of the order and of dropout; None for a different one each time.
        mode: "lines", where each line of the text is a sentence, or "text", where the text is one
            sequence of characters, line breaks among them, and the state is carried from step to
            step.
        sequence_length: in mode "text", the characters of a step in each of `batch_size` streams;
            the gradient goes back no further. 1 to 10,000.
        dropout: share of the outputs of each layer that training replaces by zero on the way up, 0
            to 0.95; recurrent connections keep theirs (W. Zaremba, I. Sutskever and O. Vinyals,
            "Recurrent Neural Network Regularization", 2014).

    Raises:
        SettingsError: an option is out of range.
    """

    learning_rate: float = 0.01
    weight_decay: float = 1e-6
    clip: float = 5.0
    clip_norm: bool | None = None
    batch_size: int = 1
    optimizer: OptimizerName = "rmsprop"
    bias_correction: bool = True
    rollback_on_divergence: bool = True
    schedule: ScheduleName = "constant"
    schedule_epochs: float = 100.0
    warmup_steps: int = 0
    validation_fraction: float | None = None
    shuffle: bool = True
    seed: int | None = None
    mode: Mode = "lines"
    sequence_length: int = 64
    dropout: float = 0.0

    def __post_init__(self) -> None:
        _check_name("mode", self.mode, get_args(Mode))
        length, longest = self.sequence_length, MAX_SEQUENCE_LENGTH
        if not (is_integer(length) and 1 <= length <= longest):
            raise SettingsError(
                "invalid_sequence_length", "sequence_length", value=length, most=longest
            )
        check_range("dropout", "dropout", self.dropout, above=None, to=MAX_DROPOUT)
        check_range("learning_rate", "learning rate", self.learning_rate, above=0.0, to=10.0)
        check_range("l2", "L2 strength", self.weight_decay, above=None, to=1.0)
        check_range("clip", "clip value", self.clip, above=0.0, to=math.inf)
        if not (is_integer(self.batch_size) and 1 <= self.batch_size <= MAX_BATCH_SIZE):
            value, most = self.batch_size, MAX_BATCH_SIZE
            raise SettingsError("invalid_batch_size", "batch_size", value=value, most=most)
        _check_name("optimizer", self.optimizer, get_args(OptimizerName))
        _check_name("schedule", self.schedule, get_args(ScheduleName))
        check_range("schedule_epochs", "schedule's epochs", self.schedule_epochs, 0.0, MAX_EPOCHS)
        steps, most = self.warmup_steps, MAX_WARMUP_STEPS
        if not (is_integer(steps) and 0 <= steps <= most):
            raise SettingsError("invalid_warmup_steps", "warmup_steps", value=steps, most=most)
        if self.validation_fraction is not None:
            field, name = "validation_fraction", "validation fraction"
            check_range(field, name, self.validation_fraction, None, MAX_VALIDATION_FRACTION)
        if self.clip_norm is not None:
            _check_flag("clip_norm", self.clip_norm)
        for flag in ("bias_correction", "rollback_on_divergence", "shuffle"):
            _check_flag(flag, getattr(self, flag))
        check_seed(self.seed)

    @classmethod
    def recurrentjs(cls, **options: Any) -> TrainingConfig:
        """The original demo's training: clips by value, without bias correction or validation."""
        original: dict[str, Any] = {
            "clip_norm": False,
            "bias_correction": False,
            "rollback_on_divergence": False,
            "validation_fraction": 0.0,
        }
        return cls(**{**original, **options})


def _check_name(field: str, name: Any, names: tuple[str, ...]) -> None:
    if not isinstance(name, str) or name not in names:
        known = " or ".join(names)
        raise SettingsError("unknown_choice", field, option=field, value=name, known=known)


def _check_flag(field: str, value: object) -> None:
    if not isinstance(value, bool | np.bool):
        raise SettingsError("not_a_flag", field, option=field, value=value)
