"""Preparation of the network that a command asks for; independent of the session meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.catalog import pretrained
from app.errors import UserError
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.requests import Learn, LoadPretrained
from app.sessions.commands import LoadModel, LoadShared, Prepared, Replacing, Restore
from app.training.run import Reserve, TrainingRun, footprint_of
from app.training.work import check_layers
from model.formats.checkpoint import ModelCheckpoint
from model.text.limits import without_rare
from model.training.footprint import Footprint

PRETRAINED_LEARNING_RATE = 0.0001
"""A trained model would degrade at the learning rate of a new one."""


class Current(NamedTuple):
    """What a network takes over from the one that it replaces.

    Attributes:
        text: the training text.
        checksum: that of the text.
        options: its options, with the current learning rate.
        curve_version: of the curve to begin.
    """

    text: str
    checksum: str
    options: Hyperparameters
    curve_version: int


@dataclass(frozen=True)
class Preparation:
    """Creates the network of a command when it is called, on any thread.

    Attributes:
        command: the command.
        current: what the network takes over; None if it is the first one.
        reserve: reserves memory for a network, or raises a `UserError` at a field.
        reserve_existing: the same for a network that may exceed today's limits.
    """

    command: Replacing
    current: Current | None
    reserve: Reserve
    reserve_existing: Callable[[Footprint], None]

    @property
    def characters(self) -> int:
        """Characters of the training text, which determine how long it takes."""
        match self.command:
            case Learn(text=text) if text:
                return len(text)
            case LoadShared(checkpoint=checkpoint) | Restore(checkpoint=checkpoint):
                return len(checkpoint.text)
        return len(self.current.text) if self.current else 0

    def __call__(self) -> Prepared:
        """The network.

        Raises:
            UserError: the command is refused.
        """
        match self.command:
            case Learn():
                return self._created(self.command)
            case LoadModel(saved=saved):
                return self._loaded(saved, self._current.options)
            case LoadPretrained(name=name):
                options = replace(self._current.options, learning_rate=PRETRAINED_LEARNING_RATE)
                return self._loaded(_pretrained(name), options)._replace(learning=True)
            case LoadShared():
                return self._shared(self.command)
            case Restore():
                return self._restored(self.command)

    def _created(self, command: Learn) -> Prepared:
        version = self.current.curve_version if self.current else 0
        text = command.text
        if not text:
            if self.current is None or self.current.checksum != command.checksum:
                raise UserError("text_gone", "text")
            text = self.current.text
        if command.leave_out_rare:
            text = without_rare(text)
        run = TrainingRun.create(text, command.options, version, self.reserve)
        return Prepared(run, "restart", learning=True)

    def _loaded(self, saved: ModelCheckpoint, options: Hyperparameters) -> Prepared:
        current = self._current
        run, notice = TrainingRun.from_model(
            saved, current.text, options, current.curve_version, self.reserve
        )
        return Prepared(run, "load", notice=notice)

    def _shared(self, command: LoadShared) -> Prepared:
        shared = replace(command.checkpoint, curve_version=self._current.curve_version)
        check_layers(shared.saved.model.layout, "id")
        self.reserve(footprint_of(shared), "id")
        run = TrainingRun.from_checkpoint(shared)
        run.check_trainable("id")
        return Prepared(run, "load", learning=True, temperature=shared.temperature)

    def _restored(self, command: Restore) -> Prepared:
        checkpoint = command.checkpoint
        self.reserve_existing(footprint_of(checkpoint))
        return Prepared(
            TrainingRun.from_checkpoint(checkpoint),
            replacement=None,
            learning=checkpoint.learning,
            temperature=checkpoint.temperature,
            version=checkpoint.version,
        )

    @property
    def _current(self) -> Current:
        if self.current is None:
            raise UserError("no_network")
        return self.current


def _pretrained(name: str) -> ModelCheckpoint:
    names = list(pretrained.cards())
    if not names:
        raise UserError("no_pretrained", "name")
    if name and name not in names:
        raise UserError("unknown_pretrained", "name", known=", ".join(names))
    return pretrained.saved_model(name or names[0])
