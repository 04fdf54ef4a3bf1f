"""`charnn train`: train until a limit is reached, with a progress bar."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

import click

from app.cli.files import check_can_write, read_sentences, write_file
from app.cli.params import READABLE_FILE, as_typed, hyperparameter_options, is_given
from app.protocol.hyperparameters import HYPERPARAMETERS, Hyperparameters, arguments_of
from app.runtime.config import available_cores
from model import (
    CharModel,
    ModelError,
    Rollback,
    Trainer,
    TrainingConfig,
    TrainingStats,
    Vocabulary,
)

if TYPE_CHECKING:
    from tqdm import tqdm

DEFAULT_SECONDS = 60.0  # of training, if no limit is given
REPORT_SECONDS = 0.25  # of training between two progress reports
NEAR_TARGET = 1.1  # times the target: from here on the whole text is evaluated, which is slow


@dataclass(frozen=True)
class StopConditions:
    """When training stops: at the first of these limits that is reached.

    Attributes:
        steps: number of steps, each a batch of sentences.
        seconds: training time.
        perplexity: perplexity of the training set.
    """

    steps: int | None = None
    seconds: float | None = None
    perplexity: float | None = None


@click.command()
@click.argument("corpus", type=READABLE_FILE)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Model file to write, in the original demo's JSON format.",
)
@hyperparameter_options
@click.option(
    "--batch-size",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Sentences per step: larger batches train faster, with fewer updates.",
)
@click.option(
    "--threads",
    default=available_cores,
    type=click.IntRange(1, 1024),
    help="Threads that share the sentences of a step; one per core by default.",
)
@click.option(
    "--solver",
    default="rmsprop",
    show_default=True,
    type=click.Choice(["rmsprop", "adam"]),
    help="Optimizer.",
)
@click.option(
    "--from",
    "from_file",
    type=READABLE_FILE,
    help="Resume from this model file, including optimizer state.",
)
@click.option("--seed", type=click.IntRange(0), help="Random seed, for reproducible training.")
@click.option("--steps", type=click.IntRange(1), help="Stop after this many steps (batches).")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="Stop after this much training time; 60 if no limit is given.",
)
@click.option(
    "--target-perplexity",
    type=click.FloatRange(1, min_open=True),
    help="Stop when the perplexity of the training text is this low.",
)
def train(corpus: Path, out: Path, **options: Any) -> None:
    """Train a network on the sentences in CORPUS, one per line."""
    sentences = read_sentences(corpus)
    check_can_write(out)
    if options["from_file"]:
        _check_no_network_options(click.get_current_context())
    try:
        trainer = _trainer_for(sentences, options)
        copy = trainer.model.copy()
        # Compiling the kernels does not count as training.
        Trainer(copy, sentences, trainer.config, threads=options["threads"]).train(1)
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    given = StopConditions(options["steps"], options["seconds"], options["target_perplexity"])
    no_limit = given == StopConditions()
    train_until(StopConditions(seconds=DEFAULT_SECONDS) if no_limit else given, trainer)
    _write_model(trainer, out)
    click.echo(f"{out}: {_outcome(trainer)}")
    if trainer.rollbacks:
        click.echo(_rollbacks(trainer.rollbacks))


def _check_no_network_options(context: click.Context) -> None:
    """Reject options of a new network: a resumed network keeps its own."""
    for name in arguments_of("network"):
        if is_given(context, name):
            option = as_typed(name)
            raise click.UsageError(
                f"{option} is set by the model to resume: leave out {option} or --from."
            )


def _trainer_for(sentences: Sequence[str], options: Mapping[str, Any]) -> Trainer:
    hyperparameters = Hyperparameters(**{name: options[name] for name in HYPERPARAMETERS})
    seed, threads = options["seed"], options["threads"]
    config = TrainingConfig(
        **hyperparameters.of("training"),
        batch_size=options["batch_size"],
        optimizer=options["solver"],
        seed=seed,
    )
    if options["from_file"]:
        saved = options["from_file"].read_bytes()
        return Trainer.from_json(saved, sentences, config, threads=threads)
    vocabulary = Vocabulary.from_sentences(sentences)
    model = CharModel.create(vocabulary, **hyperparameters.of("network"), seed=seed)
    return Trainer(model, sentences, config, threads=threads)


def _outcome(trainer: Trainer) -> str:
    totals = trainer.totals
    validation = ""
    if trainer.validation is not None:
        perplexity = trainer.validation.evaluate()
        validation = f", {perplexity:.3f} on {trainer.validation_count:,} validation sentences,"
    rate = totals.characters / max(totals.seconds, 1e-9)
    return (
        f"perplexity {trainer.model.perplexity(trainer.train_sentences):.3f} "
        f"on the training text{validation} "
        f"after {totals.steps:,} steps, {totals.epoch:.1f} epochs, {totals.seconds:.1f} s of "
        f"training, {rate:,.0f} characters/s"
    )


def _rollbacks(rollbacks: Sequence[Rollback]) -> str:
    steps = ", ".join(f"{rollback.step:,}" for rollback in rollbacks)
    return (
        f"The network diverged at step {steps}. Each time it was rolled back to its last good "
        f"state, at half the learning rate. The last one was {rollbacks[-1].learning_rate:g}: "
        "start with about that."
    )


def _write_model(trainer: Trainer, out: Path) -> None:
    try:
        content = json.dumps(trainer.to_json()).encode()
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    write_file(out, content)


def train_until(limits: StopConditions, trainer: Trainer) -> None:
    """Train until a limit is reached, or until Ctrl-C; the model trained so far is kept."""
    from tqdm import tqdm

    bar: tqdm[Never] = tqdm(
        total=limits.steps or limits.seconds,
        bar_format="{l_bar}{bar}| {postfix}" if limits.steps or limits.seconds else "{postfix}",
    )
    with bar:
        try:
            reached = False
            while not reached:
                progress = _train_until_next_report(limits, trainer)
                _show(bar, limits, trainer, progress)
                reached = _is_reached(limits, trainer, progress)
        except KeyboardInterrupt:
            bar.write("Stopped; the model trained so far is kept.")


def _train_until_next_report(limits: StopConditions, trainer: Trainer) -> TrainingStats:
    done = trainer.totals
    if limits.steps is not None:
        steps = int(done.steps / done.seconds * REPORT_SECONDS) if done.seconds else 1
        return trainer.train(max(1, min(limits.steps - done.steps, steps)))
    seconds = REPORT_SECONDS if limits.seconds is None else limits.seconds - done.seconds
    return trainer.train_for(min(seconds, REPORT_SECONDS))


def _show(
    bar: tqdm[Never], limits: StopConditions, trainer: Trainer, progress: TrainingStats
) -> None:
    totals = trainer.totals
    bar.n = min(totals.steps if limits.steps else totals.seconds, bar.total or totals.seconds)
    bar.set_postfix_str(
        f"perplexity {progress.perplexity:.2f}, epoch {totals.epoch:.1f}, "
        f"{progress.characters / progress.seconds:,.0f} characters/s"
    )


def _is_reached(limits: StopConditions, trainer: Trainer, progress: TrainingStats) -> bool:
    if limits.steps is not None and trainer.totals.steps >= limits.steps:
        return True
    if limits.seconds is not None and trainer.totals.seconds >= limits.seconds:
        return True
    if limits.perplexity is None or progress.perplexity > limits.perplexity * NEAR_TARGET:
        return False
    return trainer.model.perplexity(trainer.train_sentences) <= limits.perplexity
