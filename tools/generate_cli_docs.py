"""Generate the document of the command line: `python -m tools.generate_cli_docs`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from app.cli import main as charnn
from app.cli.params import as_typed
from app.cli.training.log import LOG_FIELDS, TRAINING_LOG
from app.protocol.fields import as_entered
from app.protocol.hyperparameters import Hyperparameters, arguments_of
from app.training.export_formats import EXPORT_FORMATS
from model.formats import file_kinds
from model.text.limits import TextLimits
from model.training.sizes import SIZES

DOCS_FILE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

OUTPUTS = (
    *((each.suffix, each.kind) for each in EXPORT_FORMATS),
    (".csv", TRAINING_LOG),
)
"""The files that commands write, with their suffixes."""


def documentation() -> str:
    """The content of docs/cli.md."""
    sections = (_introduction, _commands, _sizes, _files)
    return "\n".join(line for section in sections for line in section()) + "\n"


def _introduction() -> Iterator[str]:
    yield "# The command line"
    yield ""
    yield (
        "<!-- Written by `python -m tools.generate_cli_docs` from app/cli and "
        "model/formats/file_kinds.py. Do not edit. -->"
    )
    yield ""
    yield from _paragraphs(charnn.help or "")
    yield (
        "A command checks its outputs before it begins: they are not its inputs, they can be "
        "written, and nothing else is lost. A link is followed; a device or a pipe is written to; "
        "a read-only file is refused. Files are replaced at once or not at all, with their mode "
        "and owner. Training is saved every minute, and when SIGTERM, SIGHUP or Ctrl-C ends it "
        "(exit code 143, 129 or 130); if the model cannot be written in the end, it goes into the "
        "folder for temporary files."
    )
    yield ""
    yield (
        "On a terminal, control characters are shown as escapes such as \\x1b. Characters that "
        "the encoding of standard output lacks become `?`, with a warning."
    )
    yield ""
    yield (
        "The command line and the library run on Linux. Nothing in them needs a system call that "
        "Windows or macOS lacks, which a test holds by importing them without fork, SIGHUP, "
        "`fcntl` and `resource`; they have not been tried there."
    )
    yield ""


def _commands(group: click.Group = charnn, above: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{above}{name} ")
        elif command is not None:
            yield from _command(f"{above}{name}", command)


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"charnn {name}")
    yield f"## charnn {name}"
    yield ""
    yield f"    {' '.join(command.get_usage(context).split()[1:])}"
    yield ""
    yield from _paragraphs(command.help or "")
    yield "| option | meaning |"
    yield "| --- | --- |"
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Option) and record is not None:
            names, meaning = (" ".join(part.split()).replace("|", "\\|") for part in record)
            yield f"| `{names}` | {meaning} |"
    yield ""


def _sizes() -> Iterator[str]:
    yield "## Sizes"
    yield ""
    yield (
        "The networks of `--size`, and the options that training has with them unless others are "
        "given. All of them: " + _common_options() + "."
    )
    yield ""
    yield "| size | network | letter size | learning rate | dropout | planned seconds |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for name, size in SIZES.items():
        units = ", ".join(map(str, size.hidden_sizes))
        config = size.config
        yield (
            f"| `{name}` | {size.cell} [{units}] | {size.embedding_size} "
            f"| {config.learning_rate:g} | {config.dropout:g} | {size.seconds:,.0f} |"
        )
    yield ""


def _files() -> Iterator[str]:
    yield "## Files"
    yield ""
    yield "What comes out. An existing file of the same kind is replaced without `--force`."
    yield ""
    yield "| suffix | what it is |"
    yield "| --- | --- |"
    for suffix, kind in OUTPUTS:
        yield f"| `{suffix}` | {kind.name} |"
    yield ""
    yield f"The columns of a training log are {', '.join(f'`{name}`' for name in LOG_FIELDS)}."
    yield ""
    yield (
        "What goes in as a text: text files in UTF-8, UTF-16, UTF-32 or Windows-1252, also "
        "compressed by gzip, bzip2 or xz, and folders of them; --encoding names another encoding. "
        "Bytes that no text has are refused, and these files are by their names:"
    )
    yield ""
    kinds = (file_kinds.MODEL_JSON, *file_kinds.BINARY)
    yield from _list(kind.name for kind in kinds if kind not in file_kinds.COMPRESSED)
    yield ""
    limits = TextLimits()
    yield (
        f"A text has at most {limits.characters:,} characters, {limits.sentences:,} lines, "
        f"{limits.distinct:,} distinct characters, and {limits.line:,} characters in a line."
    )
    yield ""
    yield (
        "What goes in as a model: the JSON that charnn writes, and that of the original demo in "
        "all of its versions. It may begin with a byte order mark. What is recognised and refused:"
    )
    yield ""
    yield "| what it is | what to do |"
    yield "| --- | --- |"
    foreign: tuple[Any, ...] = (*file_kinds.FOREIGN, *file_kinds.FOREIGN_JSON)
    for name, instead in dict.fromkeys((kind.name, kind.instead) for kind in foreign):
        yield f"| {name} | {instead} |"


def _common_options() -> str:
    """The options that all sizes share, where they differ from the defaults."""
    options = [
        {option: getattr(size.config, name) for option, name in arguments_of("training").items()}
        for size in SIZES.values()
    ]
    return ", ".join(
        f"`{as_typed(name)} {as_entered(value)}`"
        for name, value in options[0].items()
        if value != getattr(Hyperparameters, name) and all(one[name] == value for one in options)
    )


def _list(names: Iterable[str]) -> Iterator[str]:
    yield from (f"- {name}" for name in dict.fromkeys(names))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        yield " ".join(paragraph.split())
        yield ""


def main() -> None:
    """Write the file."""
    DOCS_FILE.write_text(documentation(), encoding="utf-8")


if __name__ == "__main__":
    main()
