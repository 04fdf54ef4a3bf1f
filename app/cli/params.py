"""Options, parameter types and checks that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from pydantic_core import PydanticCustomError

from app.protocol.fields import (
    ChoiceField,
    IntListField,
    NumberField,
    OptionalNumberField,
    as_entered,
)
from app.protocol.hyperparameters import HYPERPARAMETERS, Hyperparameters

READABLE_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Entry(click.ParamType[Any]):
    """The value of a field of the page: the same range, and the same message."""

    def __init__(self, field: OptionalNumberField | NumberField | IntListField) -> None:
        self.field = field
        self.name = field.example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The parsed value; fails with what to enter instead."""
        try:
            return self.field(value)
        except PydanticCustomError as error:
            self.fail(error.message(), param, ctx)


def server_option(name: str, **attributes: Any) -> Callable[[Callable[..., None]], Any]:
    """An option that CHARNN_<NAME> sets as well; the help shows the variable and the default."""
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
            default=as_entered(getattr(Hyperparameters, name)),
            show_default=True,
            type=click.Choice(field.choices) if isinstance(field, ChoiceField) else Entry(field),
            help=each.description,
        )(command)
    return command


def is_given(context: click.Context, name: str) -> bool:
    """Whether the user set this option, even if to its default."""
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


def as_typed(name: str) -> str:
    """The option as the user types it, for the name of its parameter."""
    return "--" + name.replace("_", "-")
