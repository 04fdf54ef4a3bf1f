"""The trainer of `charnn train`: a new one, or one that resumes a model file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.cli.params import as_typed
from app.protocol.fields import as_entered
from app.protocol.hyperparameters import arguments_of
from app.runtime.compile_process import begin, compile_missing
from model import (
    CharModel,
    KernelKey,
    ModelCheckpoint,
    Sentences,
    Trainer,
    TrainingConfig,
    Vocabulary,
    adapt_sentences,
    format_chars,
    kernels_cached,
    text_stats,
)
from model.char_model import Initialization
from model.network import Mode
from model.text.limits import RARE

TRAINING_ARGUMENTS: Mapping[str, str] = arguments_of("training")
"""The arguments of `TrainingConfig`, by the names of the options."""

MAX_EPOCHS = 60.0
"""Epochs that the learning rate is planned for at most: a short text is known by then."""
MEASURED_SECONDS = 1.0
"""Seconds of training by which the speed is measured for the plan."""


def statistics(data: Sentences, mode: Mode) -> str:
    """The size of a text, and its rare characters."""
    stats = text_stats(data)
    rare = f"; fewer than {RARE} times: {format_chars(stats.rare)}" if stats.rare else ""
    size = f"{stats.characters:,} characters, {stats.distinct:,} distinct{rare}."
    if mode == "text":
        return f"{data.text.count(chr(10)) + 1:,} lines, {size}"
    return f"{stats.sentences:,} sentences, {size}"


def new_trainer(
    data: Sentences, options: Mapping[str, Any], initialization: Initialization
) -> Trainer:
    """A trainer with a new network.

    Args:
        data: the sentences, or the text as one sentence.
        options: of the command.
        initialization: see `CharModel.create`.

    Raises:
        ModelError: the text or an option cannot be used.
    """
    config = TrainingConfig(**_arguments(TRAINING_ARGUMENTS, options))
    vocabulary = Vocabulary.from_sentences(data, options["min_count"])
    network = _arguments(arguments_of("network"), options)
    model = CharModel.create(
        vocabulary, **network, seed=options["seed"], initialization=initialization
    )
    known: Sentences | str = data.text
    if config.mode == "text" and options["min_count"] > 1:
        rare = set(data.count_chars()) - set(vocabulary.chars)
        known = data.text.translate(dict.fromkeys(map(ord, rare)))
    elif config.mode == "lines":
        known = adapt_sentences(vocabulary, data, "skip")
    return Trainer(model, known, config, threads=options["threads"])


def resumed_trainer(
    saved: ModelCheckpoint, data: Sentences, given: Mapping[str, Any], threads: int
) -> Trainer:
    """A trainer that resumes a model file, with the options that are given.

    Raises:
        ModelError: the text has characters that the model does not know, or an option is invalid.
    """
    changes = _arguments(TRAINING_ARGUMENTS, given)
    config = replace(saved.config, **changes)
    text = data.text if config.mode == "text" else data
    return Trainer.from_checkpoint(saved, text, config, threads)


def resumption(saved: ModelCheckpoint, trainer: Trainer, given: Mapping[str, Any]) -> str:
    """What a resumed training takes from the file, and what from the command line."""
    totals, config = trainer.totals, trainer.config
    optimizer = f"{config.optimizer}{'' if saved.optimizer is trainer.optimizer else ' (new)'}"
    parts = [
        f"step {totals.steps:,}, epoch {totals.epoch:.1f}, {optimizer}",
        f"learning rate {trainer.learning_rate:g}, schedule {config.schedule}",
    ]
    if given:
        options = ", ".join(f"{as_typed(name)} {as_entered(given[name])}" for name in given)
        parts.append(f"from the command line: {options}")
    if saved.training is None:
        parts.append("the file has no options of a training: the rest are the defaults")
    state = saved.sampler_state
    sequences = None if state is None else state.get("windows", state.get("sentences"))
    if "seed" in given or sequences != trainer.sentence_count:
        parts.append("the order of the sentences starts anew")
    return "; ".join(parts) + "."


def compile_kernels(trainer: Trainer, threads: int) -> Trainer:
    """Compile the kernels, which does not count as training, by a step of a copy.

    In other processes first, so that Ctrl-C ends the command at once. Returns the copy.
    """
    cell, config = trainer.model.layout.cell, replace(trainer.config, validation_fraction=0.0)
    if config.mode == "text" and not kernels_cached("inference", cell):
        begin("inference", cell)
    compile_missing("training", *KernelKey.of(cell, config))
    if config.mode == "text":
        compile_missing("inference", cell)  # for validation and samples
        data: Sequence[str] | str = trainer.beginning(config.batch_size * config.sequence_length)
    else:
        data = trainer.train_sentences[: config.batch_size]
    copy = Trainer(trainer.model.copy(), data, config, threads=threads)
    copy.train(1)
    return copy


def plan_schedule(trainer: Trainer, copy: Trainer, steps: int | None, seconds: float) -> None:
    """Set the length of the schedule, in epochs, to so many steps or seconds.

    Args:
        trainer: of running text.
        copy: a copy of it, by which the speed is measured.
        steps: number of steps; None for a length in seconds.
        seconds: training time.
    """
    sequences = min(trainer.config.batch_size, trainer.sentence_count)
    if steps is not None:
        epochs = steps * sequences / trainer.sentence_count
    else:
        measured = copy.train_for(min(MEASURED_SECONDS, seconds))
        each = measured.seconds / measured.steps
        epochs = min(seconds / each * sequences / trainer.sentence_count, MAX_EPOCHS)
    shortest = sequences / trainer.sentence_count  # of one step
    trainer.config = replace(trainer.config, schedule_epochs=max(epochs, shortest))


def _arguments(names: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are given, by the names of the arguments that they set."""
    return {names[name]: value for name, value in options.items() if name in names}
