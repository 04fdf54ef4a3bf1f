"""The command `charnn`, with one module per subcommand."""

from __future__ import annotations

import click

from app.cli import bench, cluster, evaluate, export, sample, serve, train


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="charnn")
def main() -> None:
    """Train character-level recurrent networks, in the browser or on the command line."""


for command in (
    serve.serve,
    train.train,
    sample.sample,
    evaluate.evaluate,
    export.export,
    bench.bench,
    cluster.cluster,
):
    main.add_command(command)
