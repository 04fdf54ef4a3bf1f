"""Where a training is, besides its network, its optimizer and the order of its sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from model.errors import FormatError, SettingsError, is_integer, is_number
from model.training.config import TrainingConfig

MAX_STEPS = 2**53  # the largest integer that every JSON reader represents exactly
MAX_EPOCH = 1e9


@dataclass(frozen=True)
class TrainingState:
    """The options of a training and its progress, from which it continues.

    Attributes:
        config: the options.
        steps: the number of steps so far.
        epoch: the number of epochs so far.
        lr_set_at_epoch: the epoch at which the learning rate was set.
        schedule_start: the epoch from which the schedule counts.
    """

    config: TrainingConfig
    steps: int = 0
    epoch: float = 0.0
    lr_set_at_epoch: float = 0.0
    schedule_start: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The state as JSON. A `clip` of infinity, which JSON does not have, is null."""
        config = {name: _plain(value) for name, value in asdict(self.config).items()}
        return {
            "config": config,
            "steps": int(self.steps),
            "epoch": float(self.epoch),
            "lr_set_at_epoch": float(self.lr_set_at_epoch),
            "schedule_start": float(self.schedule_start),
        }

    @classmethod
    def from_json(cls, saved: Any) -> TrainingState:
        """The state in decoded JSON. Entries that are missing have their defaults.

        Raises:
            FormatError: it is invalid.
        """
        if not isinstance(saved, Mapping):
            raise FormatError("entry_not_an_object", key="training")
        steps = saved.get("steps", 0)
        if not (is_integer(steps) and 0 <= steps <= MAX_STEPS):
            raise FormatError("training_out_of_range", key="steps", most=float(MAX_STEPS))
        epoch = _read_epoch(saved, "epoch", MAX_EPOCH)
        lr_set_at_epoch = _read_epoch(saved, "lr_set_at_epoch", epoch)
        schedule_start = _read_epoch(saved, "schedule_start", lr_set_at_epoch)
        config = _read_config(saved.get("config", {}))
        return cls(config, int(steps), epoch, lr_set_at_epoch, schedule_start)


def _plain(value: Any) -> Any:
    """The value without NumPy types and without infinity."""
    if value is None or isinstance(value, str):
        return value
    if is_number(value):
        number = int(value) if is_integer(value) else float(value)
        return number if math.isfinite(number) else None
    return bool(value)


def _read_epoch(saved: Mapping[str, Any], key: str, most: float) -> float:
    epoch = saved.get(key, 0.0)
    if not (is_number(epoch) and 0 <= epoch <= most):
        raise FormatError("training_out_of_range", key=key, most=most)
    return float(epoch)


def _read_config(saved: Any) -> TrainingConfig:
    """The options; those of newer versions are ignored."""
    if not isinstance(saved, Mapping):
        raise FormatError("entry_not_an_object", key="config")
    known = {field.name for field in fields(TrainingConfig)}
    given = {name: value for name, value in saved.items() if name in known}
    if given.get("clip", 0) is None:
        given["clip"] = math.inf
    try:
        return TrainingConfig(**given)
    except SettingsError as error:
        raise FormatError("training_damaged", reason=error.message) from None
