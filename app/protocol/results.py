"""The results of a page's events, and the error result."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12


class OkResult(TypedDict):
    """The event was carried out."""

    ok: Literal[True]


class SaveResult(TypedDict):
    """A saved model."""

    ok: Literal[True]
    json: Annotated[str, Field(description="The model in the original demo's JSON format.")]


class Completion(TypedDict):
    """A completion of a prompt."""

    text: Annotated[str, Field(description="The completion without the prompt; may be empty.")]
    log_probability: Annotated[
        float | None,
        Field(
            description="Natural log of the probability of these characters and the end after "
            "them, given the prompt; null for a sample."
        ),
    ]
    cut: Annotated[
        bool,
        Field(
            description="Whether it was truncated, and its probability excludes the end: after "
            "`length` characters, or earlier for large networks and wide beams."
        ),
    ]


class CompleteResult(TypedDict):
    """The completions of a prompt."""

    ok: Literal[True]
    completions: Annotated[
        list[Completion],
        Field(description="`count` samples, or up to `width` results of beam search, best first."),
    ]


class ErrorResult(TypedDict):
    """The event was refused, and nothing has changed."""

    ok: Literal[False]
    code: Annotated[
        str,
        Field(description="The error code, for programs; see the table of codes."),
    ]
    error: Annotated[str, Field(description="The error message: what to change.")]
    field: Annotated[
        str | None,
        Field(description="The invalid field of the event, at which to show the message."),
    ]
