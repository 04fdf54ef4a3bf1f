"""A run: one network learning one text. Restarting or loading replaces it whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from app.errors import Notice, UserError, from_model
from app.protocol.hyperparameters import Kind, Options
from app.sessions.checkpoint import Checkpoint
from app.training.curve import Curve
from app.training.monitors import Memorising, Recoveries, Validation
from app.training.rolling_stats import Recent
from app.training.samples import ShownTexts
from model import (
    Adam,
    CharModel,
    ModelError,
    Trainer,
    TrainingConfig,
    Vocabulary,
    name_characters,
    sentences_from_text,
)
from model.formats.checkpoint import ModelCheckpoint
from model.network import Layout

MAX_STEP_WORK = 2_000_000_000
"""Weights times characters of the longest sentence. A step is one sentence and cannot be cut: more
would keep a training thread from everybody else for longer than they should notice."""

TakeRoom = Callable[[int, str], None]
"""Has room for so many weights, or raises a `UserError` at the field that asked for them."""


def without_end(_weights: int, _field: str) -> None:
    """Have room for everything."""


class Run:
    """A network, the text it learns, and what has come of it.

    Attributes:
        text: what it learns, as it was given.
        options: what it was made with.
        trainer: the network and its solver.
        curve: its perplexity so far.
        validation: what it makes of the sentences kept aside.
        memorising: whether it has begun to learn the others by heart.
        recent: the figures of its last moments.
        recoveries: what the visitor knows of its trouble.
        shown: what it writes.
    """

    def __init__(self, text: str, options: Options, trainer: Trainer, curve: Curve) -> None:
        self.text = text
        self.options = options
        self.trainer = trainer
        self.curve = curve
        self.validation = Validation(trainer.validation)
        self.memorising = Memorising(curve.points)
        self.recent = Recent()
        self.recoveries = Recoveries()
        self.shown = ShownTexts()

    @property
    def model(self) -> CharModel:
        """The network."""
        return self.trainer.model

    @property
    def learning_rate(self) -> float:
        """What it is trained with now."""
        return self.trainer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        self.trainer.learning_rate = learning_rate

    def train(self, seconds: float) -> None:
        """Learn for about so long."""
        stretch = self.trainer.train_for(seconds)
        now = time.monotonic()
        self.validation.look(stretch.seconds, now)
        point = self.curve.add(
            stretch,
            self.trainer.totals,
            now,
            self.validation.perplexity,
            self.learning_rate,
            self.trainer.config.learning_rate,
        )
        if point is not None:
            self.memorising.add(point)
        self.recent.add(stretch, now)
        self.shown.outdate(stretch.seconds)


def new_run(
    text: str,
    options: Options,
    curve_version: int,
    take_room: TakeRoom = without_end,
    seed: int | None = None,
) -> Run:
    """A new network on a text; with a seed, the same one again.

    Raises:
        UserError: the text or the options cannot be used.
    """
    try:
        sentences = sentences_from_text(text)
        vocabulary = Vocabulary.from_sentences(sentences)
        layout = Layout(
            options.kind, len(vocabulary), options.letter_size, tuple(options.hidden_sizes)
        )
        _check_step(sentences, layout.num_parameters, "hidden_sizes")
        take_room(layout.num_parameters, "hidden_sizes")
        model = CharModel.create(
            vocabulary, options.kind, options.hidden_sizes, options.letter_size, seed
        )
        trainer = Trainer(model, sentences, replace(_settings(options), seed=seed))
    except ModelError as error:
        raise from_model(error) from None
    return Run(text, options, trainer, Curve(curve_version))


def loaded_run(
    read: ModelCheckpoint,
    text: str,
    options: Options,
    curve_version: int,
    take_room: TakeRoom = without_end,
) -> tuple[Run, Notice | None]:
    """A saved model that goes on with a text, and a remark on what the text lost by it.

    The network's part of the options comes with the model; that of its training stays, but for a
    schedule, which belongs to a beginning. On the sentences that it was saved with, it goes on in
    the order that was to come.

    Raises:
        UserError: the model is too large, or none of the text's sentences fits it.
    """
    options = replace(options, schedule="constant")
    try:
        model = read.model
        sentences, remark = _known_sentences(sentences_from_text(text), model.vocabulary)
        _check_step(sentences, model.num_parameters, "json")
        take_room(model.num_parameters, "json")
        own = read.copy()  # whoever gave it may give it again, or may have sent it to be read only
        trainer = Trainer(own.model, sentences, _settings_to_go_on(options, read), own.optimizer)
        if remark is None and _takes_single_sentences(read):
            trainer.resume(read.sampler_state)
    except ModelError as error:
        raise from_model(error, "json") from None
    made_with = replace(
        options,
        kind=cast(Kind, model.kind),
        hidden_sizes=model.hidden_sizes,
        letter_size=model.letter_size,
    )
    return Run(text, made_with, trainer, Curve(curve_version)), remark


def restored_run(checkpoint: Checkpoint) -> Run:
    """The run of a checkpoint, to go on exactly from there."""
    saved = checkpoint.saved.copy()
    model = saved.model
    sentences = sentences_from_text(checkpoint.text)
    known = [sentence for sentence in sentences if model.vocabulary.can_encode(sentence)]
    settings = _settings_to_go_on(checkpoint.options, saved)
    trainer = Trainer(
        model,
        known,
        replace(settings, learning_rate=checkpoint.set_rate),
        saved.optimizer,
    )
    trainer.resume(saved.sampler_state, checkpoint.totals, checkpoint.rate_since)
    curve = Curve(checkpoint.curve_version, checkpoint.points, checkpoint.curve_interval)
    return Run(checkpoint.text, checkpoint.options, trainer, curve)


def _settings(options: Options) -> TrainingConfig:
    return TrainingConfig(
        learning_rate=options.learning_rate,
        l2=options.l2,
        clip=options.clip,
        schedule=options.schedule,
        schedule_epochs=options.schedule_epochs,
        validation_fraction=options.validation_fraction,
    )


def _settings_to_go_on(options: Options, saved: ModelCheckpoint) -> TrainingConfig:
    """The settings with the optimizer that the model was trained with."""
    return replace(
        _settings(options), optimizer="adam" if isinstance(saved.optimizer, Adam) else "rmsprop"
    )


def _takes_single_sentences(saved: ModelCheckpoint) -> bool:
    """Whether its order has one sentence a step, as here; `charnn train` may have saved batches.

    A large batch would take longer than a slice, and memory that is others' too.
    """
    sizes = saved.sampler_state.get("sizes") if saved.sampler_state is not None else None
    return isinstance(sizes, list) and all(size == 1 for size in sizes)


def _check_step(sentences: list[str], weights: int, field: str) -> None:
    longest = max(map(len, sentences), default=0)
    if longest * weights > MAX_STEP_WORK:
        raise UserError(
            "line_too_long_for_network",
            field,
            characters=longest,
            weights=weights,
            limit=MAX_STEP_WORK // weights,
        )


def _known_sentences(
    sentences: list[str], vocabulary: Vocabulary
) -> tuple[list[str], Notice | None]:
    """The sentences that the model can read, and a notice if there are others."""
    known = [sentence for sentence in sentences if vocabulary.can_encode(sentence)]
    left_out = len(sentences) - len(known)
    if not left_out:
        return known, None
    unknown = name_characters(vocabulary.unknown("".join(sentences)))
    if not known:
        raise UserError("text_unreadable", "json", unknown=unknown)
    count = "1 sentence is" if left_out == 1 else f"{left_out:,} sentences are"
    return known, Notice("sentences_skipped", {"skipped": count, "unknown": unknown})
