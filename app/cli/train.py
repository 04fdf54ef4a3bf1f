"""`charnn train`: train until a limit is reached."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from app.cli import console
from app.cli.files import (
    IN_FILE,
    OUT_FILE,
    check_one_stdin,
    check_output,
    force_option,
    is_replaced,
    read_model,
    read_sentences,
    write_file,
)
from app.cli.params import FiniteRange, as_typed, hyperparameter_options, is_given, text_arguments
from app.cli.progress import COMPILING, announced
from app.cli.train_loop import (
    TRAINING_LOG,
    StopConditions,
    StopSignals,
    TrainingLog,
    TrainingLoop,
)
from app.protocol.fields import as_entered
from app.protocol.hyperparameters import arguments_of, draw_seed
from app.runtime.compile_process import compile_missing
from app.runtime.config import available_cores
from model import (
    CharModel,
    KernelKey,
    ModelCheckpoint,
    ModelError,
    Rollback,
    Sentences,
    Trainer,
    TrainingConfig,
    Vocabulary,
    adapt_sentences,
    format_chars,
    text_stats,
)
from model.formats.file_kinds import MODEL_JSON
from model.text.limits import RARE

DEFAULT_SECONDS = 60.0  # of training, if no limit is given
LARGE = 1_000_000  # weights of a model that takes a second to write

TRAINING_ARGUMENTS: Mapping[str, str] = {
    **arguments_of("training"),
}
"""The arguments of `TrainingConfig`, by the names of the options."""


@click.command()
@text_arguments
@click.option(
    "--out",
    required=True,
    type=OUT_FILE,
    help="Model file to write, in the original demo's JSON format; - for standard output. It is "
    "saved every minute too.",
)
@click.option(
    "--log",
    type=OUT_FILE,
    help="CSV file to write, with a row for each report; continued with --from.",
)
@force_option
@hyperparameter_options
@click.option(
    "--threads",
    default=available_cores,
    type=click.IntRange(1, 1024),
    help="Threads that share the sentences of a step; one per core by default.",
)
@click.option(
    "--from",
    "from_file",
    type=IN_FILE,
    help="Continue the training of this model file, with its options, its optimizer and its "
    "schedule; options that are given here override them.",
)
@click.option(
    "--min-count",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Leave out characters that occur fewer times than this.",
)
@click.option("--steps", type=click.IntRange(1), help="Stop after this many steps (batches).")
@click.option(
    "--seconds",
    type=FiniteRange(0, min_open=True),
    help="Stop after this much training time; 60 if no limit is given.",
)
@click.option(
    "--target-perplexity",
    type=FiniteRange(1, min_open=True),
    help="Stop when the perplexity of the training text is this low.",
)
def train(
    corpora: Sequence[Path],
    encoding: str | None,
    out: Path,
    log: Path | None,
    force: bool,
    from_file: Path | None,
    **options: Any,
) -> None:
    """Train a network on the sentences in CORPUS, one per line.

    CORPUS is one or more text files, folders of them, or - for standard input; they may be
    compressed (.gz, .bz2, .xz). Of a folder all texts are read, sorted by name, those in its
    folders after its own; hidden files are not.

    Ctrl-C and SIGTERM stop the training and save the model; the exit code is then 130 or 143.
    """
    context = click.get_current_context()
    check_one_stdin([from_file, *corpora])
    _check_outputs(corpora, out, log, force, from_file)
    if from_file is not None:
        _check_no_network_options(context)
    saved = read_model(from_file) if from_file is not None else None
    sentences = read_sentences(corpora, encoding)
    console.note(_statistics(sentences))
    try:
        if saved is None:
            if options["seed"] is None:
                options["seed"] = draw_seed()
            trainer = _new_trainer(sentences, options)
            console.note(f"Seed {options['seed']}.")
        else:
            given = {name: options[name] for name in TRAINING_ARGUMENTS if is_given(context, name)}
            trainer = _resumed_trainer(saved, sentences, given, options["threads"])
            console.note(f"Continues {from_file}: {_resumption(saved, trainer, given)}")
        with announced(COMPILING):
            _compile(trainer, options["threads"])
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    given_limits = StopConditions(
        options["steps"], options["seconds"], options["target_perplexity"]
    )
    no_limit = given_limits == StopConditions()
    limits = StopConditions(seconds=DEFAULT_SECONDS) if no_limit else given_limits
    _train_and_save(trainer, limits, out, log, append=from_file is not None)


def _train_and_save(
    trainer: Trainer, limits: StopConditions, out: Path, log: Path | None, append: bool
) -> None:
    def save() -> None:
        _write_model(trainer, out)

    with StopSignals() as signals, TrainingLog(log, append) as training_log:
        loop = TrainingLoop(trainer, limits, save if is_replaced(out) else None, training_log)
        try:
            loop.run(signals)
        finally:
            _write_model(trainer, out, last=True)
        if loop.stopped_by is None:
            loop.validate()
    streams = [path for path in (out, log) if path is not None and not is_replaced(path)]
    tell = console.note if streams else console.write_line  # they may be standard output
    tell(f"{out}: {_outcome(loop)}")
    if trainer.rollbacks:
        tell(_rollbacks(trainer.rollbacks))
    if loop.stopped_by is not None:
        console.note("Stopped by a signal; the model trained so far is saved.")
        click.get_current_context().exit(128 + loop.stopped_by)


def _check_outputs(
    corpora: Sequence[Path],
    out: Path,
    log: Path | None,
    force: bool,
    from_file: Path | None,
) -> None:
    check_output(out, MODEL_JSON, force, inputs=corpora)
    if log is None:
        return
    if log == out or os.path.realpath(log) == os.path.realpath(out):
        raise click.UsageError("--log and --out are the same file: name another one.")
    check_output(log, TRAINING_LOG, force, inputs=[*corpora, from_file] if from_file else corpora)


def _check_no_network_options(context: click.Context) -> None:
    """Reject options of a new network: a resumed network keeps its own."""
    for name in (*arguments_of("network"), "min_count"):
        if is_given(context, name):
            option = as_typed(name)
            raise click.UsageError(
                f"{option} is set by the model to resume: leave out {option} or --from."
            )


def _statistics(sentences: Sentences) -> str:
    stats = text_stats(sentences)
    rare = f"; fewer than {RARE} times: {format_chars(stats.rare)}" if stats.rare else ""
    return (
        f"{stats.sentences:,} sentences, {stats.characters:,} characters, {stats.distinct:,} "
        f"distinct{rare}."
    )


def _new_trainer(sentences: Sentences, options: Mapping[str, Any]) -> Trainer:
    config = TrainingConfig(**_arguments(TRAINING_ARGUMENTS, options))
    network = _arguments(arguments_of("network"), options)
    vocabulary = Vocabulary.from_sentences(sentences, options["min_count"])
    sentences = adapt_sentences(vocabulary, sentences, "skip")
    model = CharModel.create(vocabulary, **network, seed=options["seed"])
    return Trainer(model, _data(sentences, config), config, threads=options["threads"])


def _data(sentences: Sentences, config: TrainingConfig) -> Sentences | str:
    """What a trainer takes in the mode of its options."""
    return sentences.text if config.mode == "text" else sentences


def _arguments(names: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are given, by the names of the arguments that they set."""
    return {names[name]: value for name, value in options.items() if name in names}


def _resumed_trainer(
    saved: ModelCheckpoint, sentences: Sentences, given: Mapping[str, Any], threads: int
) -> Trainer:
    config = replace(saved.config, **_arguments(TRAINING_ARGUMENTS, given))
    return Trainer.from_checkpoint(saved, _data(sentences, config), config, threads)


def _resumption(saved: ModelCheckpoint, trainer: Trainer, given: Mapping[str, Any]) -> str:
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


def _compile(trainer: Trainer, threads: int) -> None:
    """Compile the kernels, which does not count as training, by a step of a copy.

    In another process first, so that Ctrl-C ends the command at once.
    """
    compile_missing("training", *KernelKey.of(trainer.model.layout.cell, trainer.config))
    config = replace(trainer.config, validation_fraction=0.0)
    if config.mode == "text":
        data: Sequence[str] | str = trainer.beginning(config.batch_size * config.sequence_length)
    else:
        data = trainer.train_sentences[: config.batch_size]
    Trainer(trainer.model.copy(), data, config, threads=threads).train(1)


def _outcome(loop: TrainingLoop) -> str:
    trainer = loop.trainer
    totals = trainer.totals
    if loop.evaluated is None:
        perplexity = f"perplexity {loop.recent_perplexity:.3f} at the end of training"
    else:
        perplexity = f"perplexity {loop.evaluated:.3f} on the training text"
    validation = ""
    if trainer.validation is not None and trainer.validation.perplexity is not None:
        count = trainer.validation_count
        validation = f", {trainer.validation.perplexity:.3f} on {count:,} validation sentences,"
    rate = totals.characters / max(loop.seconds, 1e-9)
    return (
        f"{perplexity}{validation} "
        f"after {totals.steps:,} steps, {totals.epoch:.1f} epochs, {loop.seconds:.1f} s of "
        f"training, {rate:,.0f} characters/s"
    )


def _rollbacks(rollbacks: Sequence[Rollback]) -> str:
    steps = ", ".join(f"{rollback.step:,}" for rollback in rollbacks)
    return (
        f"The network diverged at step {steps}. Each time it was rolled back to its last good "
        f"state, at half the learning rate. The last one was {rollbacks[-1].learning_rate:g}: "
        "start with about that."
    )


def _write_model(trainer: Trainer, out: Path, last: bool = False) -> None:
    """Write the model; if that fails, the last one goes into the folder for temporary files."""
    large = trainer.model.num_parameters > LARGE
    with announced(f"Writing {out}.", at_once=large and last):
        try:
            content = json.dumps(trainer.to_json()).encode()
        except ModelError as error:
            raise click.ClickException(str(error)) from None
        try:
            write_file(out, content)
        except click.ClickException as error:
            if not last:
                raise
            handle, name = tempfile.mkstemp(".json", "charnn-")
            os.close(handle)
            Path(name).write_bytes(content)
            raise click.ClickException(f"{error.message} The model is in {name}.") from None
