"""The command `charnn`, with one module per subcommand."""

from __future__ import annotations

import click

from app.cli import bench, cluster, evaluate, export, sample, serve, train
from app.cli.console import Program


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="charnn")
def main() -> None:
    """Train character-level recurrent networks, in the browser or on the command line.

    A file called - is standard input or output. An existing file is replaced only if it is of the
    kind that is written, or with --force. Results go to standard output, everything else to
    standard error. The exit code is 0 on success, 1 on failure, 2 for a wrong command line, and
    130 after Ctrl-C.
    """


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
