"""`charnn export`: write a model for other programs."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from app.cli import console
from app.cli.files import (
    IN_FILE,
    OUT_FILE,
    STDIO,
    Weights,
    check_output,
    force_option,
    read_network,
    weights_option,
    write_file,
)
from app.cli.progress import announced
from model import ModelError


@click.command()
@click.argument("model_file", metavar="MODEL", type=IN_FILE)
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(["safetensors", "python"]),
    help="PyTorch weights, or a standalone program that needs only NumPy.",
)
@click.option(
    "--out",
    type=OUT_FILE,
    help="File to write; MODEL with another suffix by default; - for standard output.",
)
@weights_option
@force_option
def export(
    model_file: Path, format_name: str, out: Path | None, weights: Weights, force: bool
) -> None:
    """Export MODEL for other programs.

    For safetensors, the Python lines that load the file are printed to standard output, unless
    the file goes there.
    """
    from app.training.export_formats import PYTHON, SAFETENSORS
    from model.formats import loading_lines
    from model.formats.checkpoint import ModelCheckpoint

    export_format = {"safetensors": SAFETENSORS, "python": PYTHON}[format_name]
    if out is None:
        if model_file == STDIO:
            raise click.UsageError("--out is missing: a model from standard input has no name.")
        out = model_file.with_suffix(export_format.suffix)
    check_output(out, export_format.kind, force, inputs=[model_file])
    model = read_network(model_file, weights)
    try:
        with announced(f"Writing {out}."):
            write_file(out, export_format.content(ModelCheckpoint(model, None, None)))
    except ModelError as error:
        raise click.ClickException(f"{model_file}: {error}") from None
    if out == STDIO:
        return
    if export_format is PYTHON:
        console.note(f"{out}: run it with python {quote(str(out))} --temperature 0.5")
        return
    console.note(f"{out}: load it into PyTorch with these lines.")
    console.write_line(loading_lines(str(out)).removesuffix("\n"))
