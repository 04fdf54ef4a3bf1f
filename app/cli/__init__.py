"""The command `charnn`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from pydantic_core import PydanticCustomError

from app import protocol
from app.cli.cluster import cluster
from app.protocol.fields import AutoOr, Quantity, Sizes
from app.protocol.limits import Limits
from app.runtime.config import ServerSettings, available_cores, default_data_dir

if TYPE_CHECKING:
    from model import CharModel, Rollback, Trainer

READABLE_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Entry(click.ParamType[Any]):
    """An option with the same range, and the same message, as the field of the page."""

    def __init__(self, quantity: AutoOr | Quantity | Sizes) -> None:
        self.quantity = quantity
        self.name = quantity.example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read what was typed, or say what to type instead."""
        try:
            return self.quantity(value)
        except PydanticCustomError as error:
            self.fail(error.message(), param, ctx)


def _limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each limit: `--max-text` and CHARNN_MAX_TEXT for the first."""
    for limit in reversed(fields(Limits)):
        command = click.option(
            f"--max-{limit.name.replace('_', '-')}",
            envvar=f"CHARNN_MAX_{limit.name.upper()}",
            show_envvar=True,
            default=limit.default,
            show_default=True,
            type=click.FloatRange(0.001) if isinstance(limit.default, float) else click.IntRange(1),
            help=limit.metadata["help"],
        )(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="charnn")
def main() -> None:
    """Train character-level recurrent networks: live in the browser, or right here."""


main.add_command(cluster)


@main.command()
@click.option(
    "--host",
    envvar="CHARNN_HOST",
    show_envvar=True,
    default=ServerSettings.host,
    show_default=True,
    help="The address to listen on.",
)
@click.option(
    "--port",
    envvar="CHARNN_PORT",
    show_envvar=True,
    default=ServerSettings.port,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 takes a free one.",
)
@click.option(
    "--data-dir",
    envvar="CHARNN_DATA_DIR",
    show_envvar=True,
    default=default_data_dir,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the server keeps what must outlive it.",
)
@click.option(
    "--async-mode",
    envvar="CHARNN_ASYNC_MODE",
    show_envvar=True,
    default=ServerSettings.async_mode,
    show_default=True,
    type=click.Choice(["eventlet", "threading"]),
    help="What serves the visitors.",
)
@click.option(
    "--engine",
    envvar="CHARNN_ENGINE",
    show_envvar=True,
    default=ServerSettings.engine,
    show_default=True,
    type=click.Choice(["local", "ray"]),
    help="Where training runs: in this process, or on a Ray cluster.",
)
@click.option(
    "--ray-address",
    envvar="CHARNN_RAY_ADDRESS",
    show_envvar=True,
    default="",
    help="The Ray cluster's, or auto; without one, Ray is started on this machine.",
)
@click.option(
    "--cores-per-node",
    envvar="CHARNN_CORES_PER_NODE",
    show_envvar=True,
    type=click.IntRange(1, 1024),
    help="Cores of each process that trains on the cluster; a machine's all by default.",
)
@click.option(
    "--secret",
    envvar="CHARNN_SECRET",
    show_envvar=True,
    default="",
    help="Signs the visitors' cookies, the same for all servers; made by itself by default.",
)
@click.option(
    "--workers",
    envvar="CHARNN_WORKERS",
    show_envvar=True,
    default=available_cores,
    type=click.IntRange(1, 1024),
    help="Threads that train; as many as cores by default.",
)
@click.option(
    "--database-url",
    envvar="CHARNN_DATABASE_URL",
    show_envvar=True,
    default="",
    help="Where sessions are kept, as SQLAlchemy names it; a file in the data folder by default.",
)
@click.option(
    "--token",
    envvar="CHARNN_TOKEN",
    show_envvar=True,
    default="",
    help="What a visitor must know; anybody may come by default.",
)
@click.option(
    "--trust-proxy",
    envvar="CHARNN_TRUST_PROXY",
    show_envvar=True,
    is_flag=True,
    help="Believe the proxy in front about who visits.",
)
@click.option(
    "--unwatched-minutes",
    envvar="CHARNN_UNWATCHED_MINUTES",
    show_envvar=True,
    default=ServerSettings.unwatched_minutes,
    show_default=True,
    type=click.FloatRange(0),
    help="How long a session learns on with nobody watching.",
)
@click.option(
    "--keep-days",
    envvar="CHARNN_KEEP_DAYS",
    show_envvar=True,
    default=ServerSettings.keep_days,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="How long a session that nobody touches is kept.",
)
@click.option(
    "--log-format",
    envvar="CHARNN_LOG_FORMAT",
    show_envvar=True,
    default=ServerSettings.log_format,
    show_default=True,
    type=click.Choice(["text", "json"]),
    help="For people, or for programs that collect logs.",
)
@_limit_options
def serve(**options: Any) -> None:
    """Serve the page on which networks learn."""
    from app.server import ServerError, serve

    limits = Limits(**{limit.name: options.pop(f"max_{limit.name}") for limit in fields(Limits)})
    try:
        serve(replace(ServerSettings(), **options, limits=limits))
    except (ServerError, OSError) as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.argument("corpus", type=READABLE_FILE)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The model's file, in the original demo's JSON.",
)
@click.option(
    "--kind",
    default="lstm",
    show_default=True,
    type=click.Choice(protocol.KINDS),
    help="The cell of every layer.",
)
@click.option(
    "--hidden-sizes",
    default="20, 20",
    show_default=True,
    type=Entry(protocol.HIDDEN_SIZES),
    help="Units of each layer, bottom first.",
)
@click.option(
    "--letter-size",
    default="5",
    show_default=True,
    type=Entry(protocol.LETTER_SIZE),
    help="Numbers in a letter vector.",
)
@click.option(
    "--learning-rate",
    default="0.01",
    show_default=True,
    type=Entry(protocol.LEARNING_RATE),
    help="Size of a step.",
)
@click.option(
    "--l2",
    default="0.000001",
    show_default=True,
    type=Entry(protocol.L2),
    help="Strength of the L2 regularisation.",
)
@click.option(
    "--clip",
    default="5",
    show_default=True,
    type=Entry(protocol.CLIP),
    help="The largest gradient that counts: of each weight; in an rnn, of all.",
)
@click.option(
    "--batch-size",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Sentences a step: more train faster, and learn less from each.",
)
@click.option(
    "--solver",
    default="rmsprop",
    show_default=True,
    type=click.Choice(["rmsprop", "adam"]),
    help="What makes a step of a gradient.",
)
@click.option(
    "--schedule",
    default="constant",
    show_default=True,
    type=click.Choice(protocol.SCHEDULES),
    help="How the learning rate changes by itself.",
)
@click.option(
    "--schedule-epochs",
    default="100",
    show_default=True,
    type=Entry(protocol.SCHEDULE_EPOCHS),
    help="Epochs after which it is halved, or at the end of its cosine.",
)
@click.option(
    "--validation-fraction",
    default="auto",
    show_default=True,
    type=Entry(protocol.VALIDATION),
    help="Share of the sentences kept aside; auto is 5 % from 100 on, else none.",
)
@click.option(
    "--from",
    "from_file",
    type=READABLE_FILE,
    help="Go on with the model of this file, its solver's memory included.",
)
@click.option("--seed", type=click.IntRange(0), help="Makes the training repeatable.")
@click.option(
    "--steps", type=click.IntRange(1), help="Stop after so many steps, each a batch of sentences."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="Stop after so much training; 60 when no limit is given.",
)
@click.option(
    "--target-perplexity",
    type=click.FloatRange(1, min_open=True),
    help="Stop when the text's perplexity is no higher.",
)
def train(corpus: Path, out: Path, **options: Any) -> None:
    """Train a network on the sentences of CORPUS, one a line."""
    from app.cli.train_until import Limits, train_until
    from model import ModelError, Trainer

    sentences = _read_sentences(corpus)
    _check_can_write(out)
    if options["from_file"]:
        _check_no_network_options(click.get_current_context())
    try:
        trainer = _trainer_for(sentences, options)
        copy = trainer.model.copy()
        Trainer(copy, sentences, trainer.config).train(1)  # compiles, which is no training
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    limits = Limits.given(options["steps"], options["seconds"], options["target_perplexity"])
    train_until(limits, trainer)
    _write_model(trainer, out)
    click.echo(f"{out}: {_outcome_in_words(trainer)}")
    if trainer.rollbacks:
        click.echo(_recoveries_in_words(trainer.rollbacks))


@main.command()
@click.argument("model_file", metavar="MODEL", type=READABLE_FILE)
@click.option(
    "--temperature",
    default="1",
    show_default=True,
    type=Entry(protocol.TEMPERATURE),
    help="Low is careful, high is adventurous.",
)
@click.option("--prime", default="", help="The beginning that the network goes on from.")
@click.option(
    "--count",
    default=5,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="How many sentences are drawn.",
)
@click.option(
    "--method",
    default="sample",
    show_default=True,
    type=click.Choice(["sample", "greedy", "beam"]),
    help="Draw characters, take the likeliest each time, or search for the likeliest sentences.",
)
@click.option(
    "--top-k",
    type=click.IntRange(1),
    help="Draw from so many of the likeliest characters; from all by default.",
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    help="Draw from the likeliest characters that reach this probability together.",
)
@click.option(
    "--width",
    default=5,
    show_default=True,
    type=click.IntRange(1, 20),
    help="How many beginnings a beam looks at, and alternatives it prints.",
)
@click.option(
    "--max-chars",
    default=100,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Stop a sentence after so many characters.",
)
@click.option("--seed", type=click.IntRange(0), help="Makes the samples repeatable.")
def sample(model_file: Path, method: str, **options: Any) -> None:
    """Write sentences with the network of MODEL.

    The method beam prints alternatives, best first: the natural logarithm of each one's
    probability, a tab, the sentence. What goes on at --max-chars counts without its end.
    """
    from model import ModelError

    _check_options_of_method(click.get_current_context(), method)
    model = _read_model(model_file)
    try:
        for line in WRITE[method](model, options):
            click.echo(line)
    except ModelError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.argument("model_file", metavar="MODEL", type=READABLE_FILE)
@click.argument("corpus", type=READABLE_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(model_file: Path, corpus: Path, as_json: bool) -> None:
    """Print the perplexity of the network of MODEL on the sentences of CORPUS.

    Sentences with characters that the network does not know are left out, and counted.
    """
    from app.cli.evaluate import evaluation_of
    from model import ModelError

    try:
        evaluation = evaluation_of(_read_model(model_file), _read_sentences(corpus))
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(evaluation.as_json()) if as_json else evaluation.in_words())


@main.command()
@click.argument("model_file", metavar="MODEL", type=READABLE_FILE)
@click.option(
    "--format",
    "wanted",
    required=True,
    type=click.Choice(["safetensors", "python"]),
    help="Weights for PyTorch, or a program that needs NumPy alone.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; MODEL with another suffix by default.",
)
def export(model_file: Path, wanted: str, out: Path | None) -> None:
    """Write the network of MODEL for other programs.

    With safetensors, what is printed on the standard output are the lines that load the file.
    """
    from app.training.export_formats import PYTHON, SAFETENSORS
    from model.formats import loading_lines
    from model.formats.checkpoint import ModelCheckpoint

    form = {"safetensors": SAFETENSORS, "python": PYTHON}[wanted]
    out = out or model_file.with_suffix(form.suffix)
    _check_can_write(out)
    if out.exists() and out.samefile(model_file):
        raise click.ClickException(f"{out} is the model itself: name another file with --out.")
    _write_file(out, form.content(ModelCheckpoint(_read_model(model_file), None, None)))
    if form is PYTHON:
        click.echo(f"{out}: run it with python {quote(str(out))} --temperature 0.5", err=True)
        return
    click.echo(f"{out}: load it into PyTorch with these lines.", err=True)
    click.echo(loading_lines(str(out)), nl=False)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option(
    "--rounds",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="How often everyone takes a turn; figures are medians.",
)
@click.option(
    "--seconds",
    default=0.8,
    show_default=True,
    type=click.FloatRange(0.01, 60),
    help="Length of a turn.",
)
@click.option(
    "--write",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Write speed.json, speed.svg and speed.md there as well.",
)
def bench(as_json: bool, rounds: int, seconds: float, folder: Path | None) -> None:
    """Measure how fast this machine trains, beside the peers that are installed."""
    from app.catalog import texts
    from bench.speed import report
    from bench.speed.competitors import CONTESTANTS
    from bench.speed.runner import Race
    from bench.speed.workloads import NETWORKS
    from model import sentences_from_text

    sentences, results = sentences_from_text(texts.text()), []
    with Race(CONTESTANTS) as race:
        conditions = report.Conditions.here_and_now(rounds, seconds, race.versions)
        click.echo(conditions, err=True)
        for result in race.run(NETWORKS, sentences, rounds, seconds):
            results.append(result)
            click.echo(report.as_table(result), err=as_json)
    if as_json:
        click.echo(json.dumps(report.as_json(conditions, results)))
    if folder:
        report.write(folder, conditions, results)


def _read_sentences(corpus: Path) -> list[str]:
    from model import sentences_from_text

    try:
        return sentences_from_text(corpus.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise click.ClickException(f"{corpus} is not a text in UTF-8: save it as one.") from None


def _read_model(model_file: Path) -> CharModel:
    from model import CharModel, ModelError

    try:
        return CharModel.from_json(model_file.read_bytes())
    except ModelError as error:
        raise click.ClickException(f"{model_file}: {error}") from None


def _samples(model: CharModel, options: Mapping[str, Any]) -> list[str]:
    names = ("count", "temperature", "prime", "top_k", "top_p", "max_chars", "seed")
    written = model.samples(**{name: options[name] for name in names})
    return [options["prime"] + sentence for sentence in written]


def _greedy(model: CharModel, options: Mapping[str, Any]) -> list[str]:
    prime = options["prime"]
    return [prime + model.greedy(prime, options["max_chars"])]


def _beam(model: CharModel, options: Mapping[str, Any]) -> list[str]:
    prime = options["prime"]
    found = model.beam_search(options["width"], prime, options["max_chars"])
    return [f"{log_probability:.4f}\t{prime}{sentence}" for sentence, log_probability in found]


WRITE: Mapping[str, Callable[[CharModel, Mapping[str, Any]], list[str]]] = {
    "sample": _samples,
    "greedy": _greedy,
    "beam": _beam,
}
"""The lines that each method prints."""

METHOD_OF_OPTION = {
    "temperature": "sample",
    "count": "sample",
    "top_k": "sample",
    "top_p": "sample",
    "seed": "sample",
    "width": "beam",
}
"""The one method that each of these options says something about."""


def _check_options_of_method(context: click.Context, method: str) -> None:
    """Refuse what would have no effect, which nobody would notice."""
    for name, its_method in METHOD_OF_OPTION.items():
        if its_method != method and _is_given(context, name):
            raise click.UsageError(
                f"{_as_typed(name)} has no effect with --method {method}: leave it out, or take "
                f"--method {its_method}."
            )


def _is_given(context: click.Context, name: str) -> bool:
    """Whether somebody has set the option, be it to its default."""
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


def _as_typed(name: str) -> str:
    return "--" + name.replace("_", "-")


NETWORK_OPTIONS = ("kind", "hidden_sizes", "letter_size")


def _check_no_network_options(context: click.Context) -> None:
    """A network that goes on is what it was: refuse to be told otherwise."""
    for name in NETWORK_OPTIONS:
        if _is_given(context, name):
            option = _as_typed(name)
            raise click.UsageError(
                f"{option} is that of the model to go on from: leave out {option} or --from."
            )


def _trainer_for(sentences: Sequence[str], options: Mapping[str, Any]) -> Trainer:
    from model import CharModel, Trainer, TrainingConfig, Vocabulary

    settings = TrainingConfig(
        options["learning_rate"],
        options["l2"],
        options["clip"],
        batch_size=options["batch_size"],
        optimizer=options["solver"],
        schedule=options["schedule"],
        schedule_epochs=options["schedule_epochs"],
        validation_fraction=options["validation_fraction"],
        seed=options["seed"],
    )
    if options["from_file"]:
        return Trainer.from_json(options["from_file"].read_bytes(), sentences, settings)
    network = {name: options[name] for name in (*NETWORK_OPTIONS, "seed")}
    model = CharModel.create(Vocabulary.from_sentences(sentences), **network)
    return Trainer(model, sentences, settings)


def _outcome_in_words(trainer: Trainer) -> str:
    totals = trainer.totals
    held_out = ""
    if trainer.validation is not None:
        perplexity = trainer.validation.evaluate()
        held_out = f", {perplexity:.3f} on {trainer.validation_count:,} sentences kept aside,"
    trained = trainer.model.perplexity(trainer.train_sentences)
    return (
        f"perplexity {trained:.3f} on its text{held_out} after "
        f"{totals.steps:,} steps, {totals.epoch:.1f} epochs, {totals.seconds:.1f} s of training, "
        f"{totals.characters / max(totals.seconds, 1e-9):,.0f} characters/s"
    )


def _recoveries_in_words(recoveries: Sequence[Rollback]) -> str:
    steps = ", ".join(f"{recovery.step:,}" for recovery in recoveries)
    return (
        f"The network ran off at step {steps}: each time it went back to its last good state at "
        f"half the learning rate. At the end that was {recoveries[-1].learning_rate:g}; begin with "
        "about as much."
    )


def _check_can_write(out: Path) -> None:
    """Find out before the training, not after it."""
    if not out.parent.is_dir():
        raise click.ClickException(f"There is no folder {out.parent}: make it, or choose another.")


def _write_model(trainer: Trainer, out: Path) -> None:
    from model import ModelError

    try:
        content = json.dumps(trainer.to_json()).encode()
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    _write_file(out, content)


def _write_file(out: Path, content: bytes) -> None:
    from app.runtime.files import write_whole

    try:
        write_whole(out, content)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}.") from None
