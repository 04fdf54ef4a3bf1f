"""Options, parameter types and checks that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource
from pydantic_core import PydanticCustomError

from app.protocol.fields import (
    ChoiceField,
    IntListField,
    NumberField,
    OptionalFlagField,
    OptionalNumberField,
    as_entered,
)
from app.protocol.hyperparameters import HYPERPARAMETERS, Hyperparameters
from model.text.vocabulary import Unknown

TEXT_PATH = click.Path(exists=True, allow_dash=True, path_type=Path)
"""A file or a folder of texts, or - for standard input."""


SHOWN_DEFAULTS = {"mode": "by the text"}
"""What the help shows instead of the default of a hyperparameter, by its name."""
OTHER_NAMES = {"optimizer": ("--solver",)}
"""Further options for a hyperparameter, by its name."""


class FiniteRange(click.FloatRange):
    """A range of numbers without NaN and infinity, which every comparison lets pass, or none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; NaN and infinity are errors."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Entry(click.ParamType[Any]):
    """A parameter with the range and the error messages of a protocol field."""

    def __init__(
        self, field: OptionalFlagField | OptionalNumberField | NumberField | IntListField
    ) -> None:
        self.field = field
        self.name = field.example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The parsed value; the error says what to enter instead."""
        try:
            return self.field(value)
        except PydanticCustomError as error:
            self.fail(error.message(), param, ctx)


def server_option(name: str, **attributes: Any) -> Callable[[Callable[..., None]], Any]:
    """An option that the variable CHARNN_<NAME> also sets; the help shows both."""
    default = attributes.get("default")
    return click.option(
        name,
        envvar=f"CHARNN{name[1:].replace('-', '_').upper()}",
        show_envvar=True,
        show_default=bool(default) and not callable(default),
        **attributes,
    )


def hyperparameter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options for all hyperparameters of a new network."""
    for name, each in reversed(HYPERPARAMETERS.items()):
        field = each.field
        command = click.option(
            as_typed(name),
            *OTHER_NAMES.get(name, ()),
            default=as_entered(getattr(Hyperparameters, name)),
            show_default=SHOWN_DEFAULTS.get(name, True),
            type=click.Choice(field.choices) if isinstance(field, ChoiceField) else Entry(field),
            help=each.description,
        )(command)
    return command


def text_arguments(command: Callable[..., None]) -> Callable[..., None]:
    """The files and folders of a text, and the option for their encoding."""
    encoding = click.option(
        "--encoding",
        help="Encoding of the text, such as cp1251; by default UTF-8, UTF-16, UTF-32 or "
        "Windows-1252, whichever it is.",
    )
    corpora = click.argument(
        "corpora", metavar="CORPUS...", nargs=-1, required=True, type=TEXT_PATH
    )
    return encoding(corpora(command))


def unknown_option(default: Unknown, help_text: str) -> Callable[[Callable[..., None]], Any]:
    """The option for characters that the model does not know."""
    return click.option(
        "--unknown",
        default=default,
        show_default=True,
        type=click.Choice(get_args(Unknown)),
        help=f"Characters that the model does not know: {help_text}",
    )


def is_given(context: click.Context, name: str) -> bool:
    """Whether the user gave this option."""
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


def as_typed(name: str) -> str:
    """The option string of a parameter name."""
    return "--" + name.replace("_", "-")
