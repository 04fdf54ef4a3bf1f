"""The results of the events of a page, and of an event that is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12


class OkResult(TypedDict):
    """It is done."""

    ok: Literal[True]


class SaveResult(TypedDict):
    """The model as JSON."""

    ok: Literal[True]
    json: Annotated[str, Field(description="In the structure of the original's JSON.")]


class Completion(TypedDict):
    """What may come after a beginning."""

    text: Annotated[str, Field(description="Without the beginning; empty where it ends there.")]
    log_probability: Annotated[
        float | None,
        Field(
            description="Natural logarithm of the probability of these characters and of the end "
            "after them, given the beginning; null where it was drawn."
        ),
    ]
    cut: Annotated[
        bool,
        Field(
            description="It would go on, and its probability has no end in it: after 100 "
            "characters, or earlier where a large network or a wide beam would take too long."
        ),
    ]


class CompleteResult(TypedDict):
    """How the network goes on."""

    ok: Literal[True]
    completions: Annotated[
        list[Completion],
        Field(description="Three that were drawn; or the likeliest, best first, up to the width."),
    ]


class ErrorResult(TypedDict):
    """It cannot be done, and nothing has changed."""

    ok: Literal[False]
    code: Annotated[
        str,
        Field(description="Which refusal this is: a name for programs, see the table of codes."),
    ]
    error: Annotated[str, Field(description="What to change, as a sentence for the person.")]
    field: Annotated[
        str | None,
        Field(description="Which field of the event is at fault: where to show the sentence."),
    ]
