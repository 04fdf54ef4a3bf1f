"""The training of one network on one text. A restart or a load replaces the whole run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from app.errors import Notice, UserError, from_model
from app.protocol.hyperparameters import Hyperparameters, arguments_of, draw_seed
from app.training.checkpoint import Checkpoint
from app.training.curve import Curve
from app.training.monitors import OverfittingDetector, RollbackNotifier, ValidationPacer
from app.training.rolling_stats import RollingStats
from app.training.samples import SampleFeed
from app.training.work import check_trainable
from model import (
    Adam,
    CharModel,
    ModelError,
    Sentences,
    Trainer,
    TrainingConfig,
    Vocabulary,
    select_known,
    sentences_from_text,
)
from model.formats.checkpoint import ModelCheckpoint
from model.network import ParameterLayout
from model.training.config import OptimizerName
from model.training.footprint import Footprint

Reserve = Callable[[Footprint, str], None]
"""Reserves memory for a network, or raises a `UserError` at the given field."""


def unlimited(_needed: Footprint, _field: str) -> None:
    """Reserve without a limit."""


class TrainingRun:
    """A network, its training text, and the state of its training.

    Attributes:
        text: the training text, as the visitor entered it.
        options: the options the network was created with.
        trainer: the network and its optimizer.
        curve: its perplexity over time.
        validation: schedules the evaluation on the validation sentences.
        overfitting: detects overfitting from the curve.
        stats: perplexity and throughput over the last half second.
        rollbacks: turns rollbacks into notices.
        feed: its newest samples and greedy prediction.
    """

    def __init__(self, text: str, options: Hyperparameters, trainer: Trainer, curve: Curve) -> None:
        self.text = text
        self.options = options
        self.trainer = trainer
        self.curve = curve
        self.validation = ValidationPacer(trainer.validation)
        self.overfitting = OverfittingDetector(curve.points)
        self.stats = RollingStats()
        self.rollbacks = RollbackNotifier()
        self.feed = SampleFeed()

    @classmethod
    def create(
        cls,
        text: str,
        options: Hyperparameters,
        curve_version: int,
        reserve: Reserve = unlimited,
    ) -> TrainingRun:
        """A run with a new network on a text, with a random seed if the options have none.

        Raises:
            UserError: the text or the options cannot be used.
        """
        try:
            sentences = sentences_from_text(text)
            vocabulary = Vocabulary.from_sentences(sentences)
            layout = ParameterLayout(
                options.kind, len(vocabulary), options.letter_size, tuple(options.hidden_sizes)
            )
            check_trainable(layout, _longest(sentences), "hidden_sizes")
            reserve(Footprint.of(layout, text), "hidden_sizes")
            seed = draw_seed() if options.seed is None else options.seed
            model = CharModel.create(vocabulary, **options.of("network"), seed=seed)
            config = replace(TrainingConfig(**options.of("training")), seed=seed)
            trainer = Trainer(model, sentences, config)
        except ModelError as error:
            raise from_model(error) from None
        return cls(text, options, trainer, Curve(curve_version))

    @classmethod
    def from_model(
        cls,
        read: ModelCheckpoint,
        text: str,
        options: Hyperparameters,
        curve_version: int,
        reserve: Reserve = unlimited,
    ) -> tuple[TrainingRun, Notice | None]:
        """A run that continues a saved model on a text, and a notice if sentences were skipped.

        The model determines the network options; the training options stay, except for the
        schedule, which becomes constant. If the text is the one the model was saved with, the saved
        order of the sentences is restored.

        Raises:
            UserError: the model is too large, or none of the text's sentences fits it.
        """
        options = replace(options, schedule="constant")
        try:
            model = read.model
            sentences, notice = _known_sentences(sentences_from_text(text), model.vocabulary)
            check_trainable(model.layout, _longest(sentences), "json")
            reserve(Footprint.of(model.layout, text, _optimizer_of(read)), "json")
            own = read.copy()  # the caller may load it again, or its arrays may be read-only
            config = replace(_resumed_config(options, read), seed=None)
            trainer = Trainer(own.model, sentences, config, own.optimizer)
            if notice is None and _has_single_sentence_batches(read):
                trainer.resume(read.sampler_state)
        except ModelError as error:
            raise from_model(error, "json") from None
        network = {name: getattr(model, its) for name, its in arguments_of("network").items()}
        return cls(text, replace(options, **network), trainer, Curve(curve_version)), notice

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> TrainingRun:
        """The run as it was at the checkpoint."""
        saved = checkpoint.saved.copy()
        model = saved.model
        known, *_ = select_known(model.vocabulary, sentences_from_text(checkpoint.text))
        config = _resumed_config(checkpoint.options, saved)
        trainer = Trainer(
            model,
            known,
            replace(config, learning_rate=checkpoint.set_rate, seed=checkpoint.seed),
            saved.optimizer,
        )
        trainer.resume(saved.sampler_state, checkpoint.totals, checkpoint.rate_since)
        curve = Curve(checkpoint.curve_version, checkpoint.points, checkpoint.curve_interval)
        return cls(checkpoint.text, checkpoint.options, trainer, curve)

    @property
    def model(self) -> CharModel:
        """The network."""
        return self.trainer.model

    @property
    def seed(self) -> int | None:
        """The seed that the network was created with; None for a loaded one."""
        return self.trainer.config.seed

    @property
    def footprint(self) -> Footprint:
        """The memory of the run."""
        return Footprint.of(self.model.layout, self.text, self.trainer.config.optimizer)

    @property
    def learning_rate(self) -> float:
        """The current learning rate."""
        return self.trainer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        self.trainer.learning_rate = learning_rate

    def check_trainable(self, field: str | None = None) -> None:
        """Check the limits of layers and of a step.

        Raises:
            UserError: the network exceeds one of them.
        """
        check_trainable(self.model.layout, self.trainer.longest_sentence, field)

    def train(self, seconds: float, *, validate: bool = True) -> None:
        """Train for about this many seconds, and evaluate on the validation set if that is due."""
        slice_stats = self.trainer.train_for(seconds)
        now = time.monotonic()
        if validate:
            self.validation.step(slice_stats.seconds, now)
        point = self.curve.add(
            slice_stats,
            self.trainer.totals,
            now,
            self.validation.perplexity,
            self.learning_rate,
            self.trainer.config.learning_rate,
        )
        if point is not None:
            self.overfitting.add(point)
        self.stats.add(slice_stats, now)
        self.feed.mark_stale(slice_stats.seconds)


def _resumed_config(options: Hyperparameters, saved: ModelCheckpoint) -> TrainingConfig:
    """The training configuration, with the optimizer that the model was trained with."""
    return TrainingConfig(**options.of("training"), optimizer=_optimizer_of(saved))


def _optimizer_of(saved: ModelCheckpoint) -> OptimizerName:
    return "adam" if isinstance(saved.optimizer, Adam) else "rmsprop"


def footprint_of(checkpoint: Checkpoint) -> Footprint:
    """The memory of the run that continues a checkpoint."""
    saved = checkpoint.saved
    return Footprint.of(saved.model.layout, checkpoint.text, _optimizer_of(saved))


def _has_single_sentence_batches(saved: ModelCheckpoint) -> bool:
    """Whether each batch of the sampler's state is one sentence; `charnn train` may save others.

    A large batch would take longer than a time slice, and too much memory.
    """
    sizes = saved.sampler_state.get("sizes") if saved.sampler_state is not None else None
    return isinstance(sizes, list) and all(size == 1 for size in sizes)


def _longest(sentences: Sentences) -> int:
    return int(sentences.lengths.max(initial=0))


def _known_sentences(
    sentences: Sentences, vocabulary: Vocabulary
) -> tuple[Sentences, Notice | None]:
    """The sentences that the model can encode, and a notice if there are others."""
    known, left_out, counts = select_known(vocabulary, sentences)
    skipped = len(left_out)
    if not skipped:
        return known, None
    unknown = vocabulary.format_unknown(list(counts))
    if not known:
        raise UserError("text_unreadable", "json", unknown=unknown)
    count = "1 sentence is" if skipped == 1 else f"{skipped:,} sentences are"
    return known, Notice("sentences_skipped", {"skipped": count, "unknown": unknown})
