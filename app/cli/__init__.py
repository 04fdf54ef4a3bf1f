"""The command `charnn`, with one module per subcommand."""

from __future__ import annotations

import importlib

import click

from app.cli.console import Program
from app.runtime.compile_process import FIRST_KERNELS, begin_first_time

COMMANDS = ("serve", "train", "sample", "evaluate", "export", "bench", "cluster")


class _Commands(Program):
    """Imports the module of a command when it is used, so that each command starts fast."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"{__name__}.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] == "serve":
            # Half a second earlier than in the command, whose imports take as long.
            begin_first_time("training", *FIRST_KERNELS)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="charnn")
def main() -> None:
    """Train character-level recurrent networks, in the browser or on the command line.

    A file called - is standard input or output. An existing file is replaced only if it is of the
    kind that is written, or with --force. Results go to standard output, everything else to
    standard error. The exit code is 0 on success, 1 on failure, 2 for a wrong command line, and
    130 after Ctrl-C.
    """
