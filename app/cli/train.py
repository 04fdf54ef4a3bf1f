"""`charnn train`: train until a limit is reached."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
    read_whole_text,
    write_file,
)
from app.cli.params import FiniteRange, hyperparameter_options, is_given, text_arguments
from app.cli.progress import COMPILING, announced
from app.cli.training import choice
from app.cli.training.log import TRAINING_LOG, TrainingLog
from app.cli.training.loop import StopConditions, StopSignals, TrainingLoop
from app.cli.training.trainer import (
    TRAINING_ARGUMENTS,
    compile_kernels,
    new_trainer,
    plan_schedule,
    resumed_trainer,
    resumption,
    statistics,
)
from app.protocol.hyperparameters import draw_seed
from app.runtime.config import available_cores
from model import (
    ModelCheckpoint,
    ModelError,
    Rollback,
    Sentences,
    Trainer,
    sentences_from_text,
)
from model.formats.file_kinds import MODEL_JSON
from model.network import Mode
from model.text.limits import TextLimits
from model.training.sizes import SIZES

DEFAULT_SECONDS = 60.0  # of training, if no limit is given
LARGE = 1_000_000  # weights of a model that takes a second to write

PATIENCE = 0.25
"""The share of the planned epochs after which running text stops without an improvement."""


@click.command()
@text_arguments
@click.option(
    "--out",
    type=OUT_FILE,
    help="Model file to write, in the original demo's JSON format; - for standard output; by "
    "default book.json for book.txt, in the current directory, unless it exists. It is saved every "
    "minute too.",
)
@click.option(
    "--log",
    type=OUT_FILE,
    help="CSV file to write, with a row for each report; continued with --from.",
)
@force_option
@click.option(
    "--size",
    type=click.Choice(list(SIZES)),
    help="Network and options of training for running text: small for seconds, medium for minutes, "
    "large for an hour; by default small or medium, and large for texts of 10,000,000 characters.",
)
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
    help="Stop after this much training time; if no limit is given, 60 for lines, and for running "
    "text when its schedule ends or the validation loss has stopped improving.",
)
@click.option(
    "--target-perplexity",
    type=FiniteRange(1, min_open=True),
    help="Stop when the perplexity of the training text is this low.",
)
def train(
    corpora: Sequence[Path],
    encoding: str | None,
    out: Path | None,
    log: Path | None,
    force: bool,
    from_file: Path | None,
    **options: Any,
) -> None:
    """Train a network on the text in CORPUS.

    CORPUS is one or more text files, folders of them, or - for standard input; they may be
    compressed (.gz, .bz2, .xz). Of a folder all texts are read, sorted by name, those in its
    folders after its own; hidden files are not.

    In the mode lines, each line of the text is a sentence; in the mode text it is one sequence with
    its line breaks: a book, or source code. Unless --mode is given, a text is read as lines if each
    line stands for itself: none has more than 1,000 characters and, of 100 or more lines, at most
    5 % are blank, at most 5 % are indented, and lines do not begin in the middle of sentences (5 to
    95 % of them in lower case).

    In the mode text, the defaults are those of --size, and the learning rate is planned for the
    time of that size, or for --seconds or --steps.

    Ctrl-C and SIGTERM stop the training and save the model; the exit code is then 130 or 143.
    """
    context = click.get_current_context()
    check_one_stdin([from_file, *corpora])
    out = out or choice.default_out(corpora[0])
    _check_outputs(corpora, out, log, force, from_file)
    if from_file is not None:
        choice.check_no_network_options(context)
    try:
        prepared = _prepare(context, read_whole_text(corpora, encoding), from_file, options)
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    _train_and_save(*prepared, out, log, append=from_file is not None)


class _Prepared(NamedTuple):
    """A trainer with compiled kernels, and the limits of its training."""

    trainer: Trainer
    limits: StopConditions


def _prepare(
    context: click.Context, text: str, from_file: Path | None, options: Mapping[str, Any]
) -> _Prepared:
    """The training of a new network, or of a model file, on a text, which is not kept.

    Raises:
        ModelError: the text, the model or an option cannot be used.
    """
    saved = read_model(from_file) if from_file is not None else None
    mode = choice.chosen_mode(context, text, saved)
    data = _data(text, mode)
    console.note(statistics(data, mode))
    if saved is None:
        return _begin(context, data, mode, options)
    return _resume(context, data, saved, {**options, "from_file": from_file})


def _data(text: str, mode: Mode) -> Sentences:
    """The sentences of a text, or the text as one of them, whose limits are checked as it is read.

    Raises:
        TextError: the sentences exceed a limit.
    """
    if mode == "text":
        return Sentences.of([text])
    sentences = sentences_from_text(text)
    TextLimits().check(sentences)
    return sentences


def _begin(
    context: click.Context, data: Sentences, mode: Mode, options: Mapping[str, Any]
) -> _Prepared:
    """A new network, and the limits of its training."""
    name = choice.chosen_size(context, mode, len(data.text))
    options = {**options, "mode": mode}
    if options["seed"] is None:
        options["seed"] = draw_seed()
    limits = _given_limits(options)
    if name is None:
        trainer = new_trainer(data, options, "recurrentjs")
        console.note(f"Mode lines, seed {options['seed']}.")
        with announced(COMPILING):
            compile_kernels(trainer, options["threads"])
        return _Prepared(trainer, limits or StopConditions(seconds=DEFAULT_SECONDS))
    size = SIZES[name]
    options = choice.with_defaults_of(size, context, options)
    trainer = new_trainer(data, options, size.initialization)
    seconds = options["seconds"] or size.seconds
    console.note(
        f"Mode text, {choice.described(name, options, None if limits else seconds)}, "
        f"{options['threads']} threads, seed {options['seed']}."
    )
    with announced(COMPILING):
        copy = compile_kernels(trainer, options["threads"])
    if not is_given(context, "schedule_epochs"):
        plan_schedule(trainer, copy, options["steps"], seconds)
    epochs = trainer.config.schedule_epochs
    patience = PATIENCE * epochs
    return _Prepared(trainer, limits or StopConditions(epochs=epochs, patience=patience))


def _resume(
    context: click.Context, data: Sentences, saved: ModelCheckpoint, options: Mapping[str, Any]
) -> _Prepared:
    """The training of a model file, and its limits."""
    given = {name: options[name] for name in TRAINING_ARGUMENTS if is_given(context, name)}
    trainer = resumed_trainer(saved, data, given, options["threads"])
    from_file = options["from_file"]
    console.note(f"Continues {from_file}: {resumption(saved, trainer, given)}")
    with announced(COMPILING):
        compile_kernels(trainer, options["threads"])
    limits = _given_limits(options)
    planned, epoch = trainer.config.schedule_epochs, trainer.totals.epoch
    if not limits and trainer.config.mode == "text" and epoch < planned:
        return _Prepared(
            trainer, StopConditions(epochs=planned - epoch, patience=PATIENCE * planned)
        )
    return _Prepared(trainer, limits or StopConditions(seconds=DEFAULT_SECONDS))


def _given_limits(options: Mapping[str, Any]) -> StopConditions | None:
    """The limits that are given; None without one."""
    limits = StopConditions(options["steps"], options["seconds"], options["target_perplexity"])
    return None if limits == StopConditions() else limits


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
    if loop.lost_patience:
        tell("It stopped because the validation loss no longer improves.")
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
        kind = "characters" if trainer.config.mode == "text" else "sentences"
        validation = f", {trainer.validation.perplexity:.3f} on {count:,} validation {kind}"
    best = trainer.best
    if best is not None:
        validation += f" (best {best.perplexity:.3f} at step {best.step:,})"
    rate = totals.characters / max(loop.seconds, 1e-9)
    return (
        f"{perplexity}{validation}, "
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
