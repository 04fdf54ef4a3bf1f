"""The training of one network on one text. A restart or a load replaces the whole run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from app.errors import Notice, UserError, from_model
from app.protocol.hyperparameters import Hyperparameters, arguments_of, draw_seed
from app.protocol.requests import Weights
from app.training.checkpoint import Checkpoint
from app.training.curve import Curve
from app.training.monitors import BestSoFar, OverfittingDetector, RollbackNotifier, ValidationPacer
from app.training.rolling_stats import RollingStats
from app.training.samples import SampleFeed
from app.training.work import check_trainable, max_batch_size
from model import (
    CharModel,
    ModelError,
    Sentences,
    Trainer,
    TrainingConfig,
    Vocabulary,
    running_text,
    select_known,
    sentences_from_text,
)
from model.formats.checkpoint import ModelCheckpoint
from model.network import Mode, ParameterLayout
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
            config = TrainingConfig(**options.of("training"))
            data = _sequences(text, config.mode)
            vocabulary = Vocabulary.from_sentences([data] if isinstance(data, str) else data)
            layout = ParameterLayout(
                options.kind, len(vocabulary), options.letter_size, tuple(options.hidden_sizes)
            )
            check_trainable(
                layout, *_step_size(data, config), mode=config.mode, field="hidden_sizes"
            )
            reserve(Footprint.of(layout, text, config.optimizer), "hidden_sizes")
            seed = draw_seed() if options.seed is None else options.seed
            model = CharModel.create(vocabulary, **options.of("network"), seed=seed)
            trainer = Trainer(model, data, replace(config, seed=seed))
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

        The model determines the network options, and what its order of the text depends on; the
        other training options stay, except for the schedule, which becomes constant. If the text is
        the one the model was saved with, the saved order of the sentences, or the position in the
        text, is restored.

        Raises:
            UserError: the model is too large, or none of the text's sentences fits it.
        """
        model = read.model
        network = {name: getattr(model, its) for name, its in arguments_of("network").items()}
        try:
            data, notice = _known(_sequences(text, model.mode), model.vocabulary)
            options = _fitting(_loaded_options(options, read), data, model.layout)
            config = _resumed_config(options, read)
            check_trainable(model.layout, *_step_size(data, config), mode=config.mode, field="json")
            reserve(Footprint.of(model.layout, text, config.optimizer), "json")
            own = read.copy()  # the caller may load it again, or its arrays may be read-only
            trainer = Trainer(own.model, data, replace(config, seed=None), own.optimizer)
            if notice is None:
                trainer.resume(read.sampler_state)
            if read.best is not None:
                trainer.resume_best(replace(read.best, step=0, epoch=0.0))  # counts start anew
        except ModelError as error:
            raise from_model(error, "json") from None
        return cls(text, replace(options, **network), trainer, Curve(curve_version)), notice

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> TrainingRun:
        """The run as it was at the checkpoint."""
        saved = checkpoint.saved.copy()
        config = _resumed_config(checkpoint.options, saved)
        data, _ = _known(_sequences(checkpoint.text, config.mode), saved.model.vocabulary)
        config = replace(config, learning_rate=checkpoint.set_rate, seed=checkpoint.seed)
        trainer = Trainer(saved.model, data, config, saved.optimizer)
        trainer.resume(saved.sampler_state, checkpoint.totals, checkpoint.rate_since)
        trainer.resume_best(saved.best)
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
    def best(self) -> BestSoFar | None:
        """The validation loss of the best weights so far, and their step; None without them."""
        best = self.trainer.best
        return None if best is None else BestSoFar(best.loss, best.step)

    def model_with(self, weights: Weights) -> CharModel:
        """The network with its latest or its best weights.

        Raises:
            UserError: there are no best weights yet.
        """
        model = self.model if weights == "latest" else self.trainer.best_model()
        if model is None:
            raise UserError("no_best_weights", "weights")
        return model

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
        trainer, config = self.trainer, self.trainer.config
        batch_size = min(config.batch_size, trainer.sentence_count)
        check_trainable(self.model.layout, trainer.longest_sentence, batch_size, config.mode, field)

    def excerpts(self, characters: int) -> Iterator[str]:
        """The training sentences, or the beginning of a running text, as texts to inspect.

        Args:
            characters: of a running text.
        """
        if self.trainer.config.mode == "text":
            yield self.trainer.beginning(characters)
        else:
            yield from self.trainer.train_sentences

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


def _sequences(text: str, mode: Mode) -> Sentences | str:
    """What a trainer takes in this mode."""
    return running_text(text) if mode == "text" else sentences_from_text(text)


def _step_size(data: Sentences | str, config: TrainingConfig) -> tuple[int, int]:
    """Characters of the longest sequence of a step, and the number of sequences in a step."""
    if isinstance(data, str):
        return config.sequence_length, min(
            config.batch_size, max(1, len(data) // config.sequence_length)
        )
    return int(data.lengths.max(initial=0)), min(config.batch_size, max(1, len(data)))


def _loaded_options(options: Hyperparameters, saved: ModelCheckpoint) -> Hyperparameters:
    """The options with which a saved model continues."""
    options = replace(options, schedule="constant", mode=saved.model.mode)
    if saved.training is not None:
        names = ("sequence_length", "batch_size", "dropout")
        of_file = {name: getattr(saved.config, name) for name in names}
        options = replace(options, **of_file)
    return replace(options, optimizer=_resumed_config(options, saved).optimizer)


def _fitting(
    options: Hyperparameters, data: Sentences | str, layout: ParameterLayout
) -> Hyperparameters:
    """The options with a batch that is not too large: `charnn train` has no limit for a step."""
    longest, batch_size = _step_size(data, TrainingConfig(**options.of("training")))
    most = max(1, max_batch_size(layout, longest))
    return options if batch_size <= most else replace(options, batch_size=most)


def _resumed_config(options: Hyperparameters, saved: ModelCheckpoint) -> TrainingConfig:
    """The training configuration, with the optimizer that the model was trained with."""
    config = TrainingConfig(**options.of("training"))
    return replace(config, optimizer=saved.optimizer.name) if saved.optimizer else config


def footprint_of(checkpoint: Checkpoint) -> Footprint:
    """The memory of the run that continues a checkpoint."""
    saved = checkpoint.saved
    optimizer = _resumed_config(checkpoint.options, saved).optimizer
    return Footprint.of(saved.model.layout, checkpoint.text, optimizer)


def _known(data: Sentences | str, vocabulary: Vocabulary) -> tuple[Sentences | str, Notice | None]:
    """The sentences or lines that the model can encode, and a notice if there are others."""
    is_text = isinstance(data, str)
    if isinstance(data, str) and vocabulary.encode_known(data) is not None:
        return data, None
    lines = data.splitlines(keepends=True) if isinstance(data, str) else data
    known, left_out, counts = select_known(vocabulary, lines)
    skipped = len(left_out)
    if not skipped:
        return data, None
    unknown = vocabulary.format_unknown(list(counts))
    if not known:
        raise UserError("text_unreadable", "json", unknown=unknown)
    name = "line" if is_text else "sentence"
    count = f"1 {name} is" if skipped == 1 else f"{skipped:,} {name}s are"
    notice = Notice("sentences_skipped", {"skipped": count, "unknown": unknown})
    return "".join(known) if is_text else known, notice
