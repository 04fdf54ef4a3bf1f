"""`charnn export`: write a model for other programs."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from app.cli.files import check_can_write, read_model, write_file
from app.cli.params import READABLE_FILE


@click.command()
@click.argument("model_file", metavar="MODEL", type=READABLE_FILE)
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(["safetensors", "python"]),
    help="PyTorch weights, or a standalone program that needs only NumPy.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; MODEL with another suffix by default.",
)
def export(model_file: Path, format_name: str, out: Path | None) -> None:
    """Export MODEL for other programs.

    For safetensors, the Python lines that load the file are printed to standard output.
    """
    from app.training.export_formats import PYTHON, SAFETENSORS
    from model.formats import loading_lines
    from model.formats.checkpoint import ModelCheckpoint

    export_format = {"safetensors": SAFETENSORS, "python": PYTHON}[format_name]
    out = out or model_file.with_suffix(export_format.suffix)
    check_can_write(out)
    if out.exists() and out.samefile(model_file):
        raise click.ClickException(f"{out} is the model itself: choose another file with --out.")
    write_file(out, export_format.content(ModelCheckpoint(read_model(model_file), None, None)))
    if export_format is PYTHON:
        click.echo(f"{out}: run it with python {quote(str(out))} --temperature 0.5", err=True)
        return
    click.echo(f"{out}: load it into PyTorch with these lines.", err=True)
    click.echo(loading_lines(str(out)), nl=False)
