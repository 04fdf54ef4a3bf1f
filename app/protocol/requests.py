"""The payloads of the events that a page sends, with the fields it may fill in."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from app.protocol.base import Payload, field_error
from app.protocol.fields import ChoiceField, NumberField, OptionalNumberField
from app.protocol.hyperparameters import HYPERPARAMETERS, Hyperparameters, Method
from app.protocol.limits import Limits

MAX_LINE = 10_000
"""Characters of a line: a sentence is one training step, which cannot be interrupted."""

MAX_PROMPT = 1_000
"""Characters of a prompt: the network reads them at once, while other sessions wait."""

TEMPERATURE = NumberField("Temperature", "1", 0.01, 20)
TOP_K = OptionalNumberField(NumberField("Top-k", "10", 1, 10_000, whole=True), empty=True)
TOP_P = OptionalNumberField(NumberField("Top-p", "0.9", 0, 1, low_included=False), empty=True)
WIDTH = NumberField("Beam width", "5", 1, 20, whole=True)

DEFAULT_LIMITS = Limits()


def _check_text(text: str, info: ValidationInfo) -> str:
    limits: Limits = info.context or DEFAULT_LIMITS
    if not text.strip():
        raise field_error("text_empty")
    if len(text) > limits.text:
        raise field_error("text_too_long", characters=len(text), limit=limits.text)
    from model import sentences_from_text

    longest = max(map(len, sentences_from_text(text)))
    if longest > MAX_LINE:
        raise field_error("line_too_long", characters=longest, limit=MAX_LINE)
    return text


def _check_prompt(prime: str) -> str:
    if not prime:
        raise field_error("prime_empty")
    if len(prime) > MAX_PROMPT:
        raise field_error("prime_too_long", characters=len(prime), limit=MAX_PROMPT)
    return prime


class Learn(Payload):
    """A new network on this text; it learns at once."""

    text: Annotated[
        str,
        AfterValidator(_check_text),
        Field(description="Sentences, one a line; trimmed, blank lines dropped."),
    ]
    options: Annotated[
        Hyperparameters, Field(description="What is left out takes its default.")
    ] = Hyperparameters()


class Pause(Payload):
    """Stop learning; the network stays."""


class Resume(Payload):
    """Go on learning."""


class SetParameters(Payload):
    """Change what may change while the network learns."""

    learning_rate: Annotated[
        float | None,
        BeforeValidator(HYPERPARAMETERS["learning_rate"].field),
        Field(description="Size of a step from now on."),
    ] = None
    temperature: Annotated[
        float | None,
        BeforeValidator(TEMPERATURE),
        Field(description="Softmax temperature of the samples from now on."),
    ] = None


class Complete(Payload):
    """Answer with how the network goes on from a beginning; nothing changes."""

    prime: Annotated[
        str,
        AfterValidator(_check_prompt),
        Field(
            description=f"The beginning: 1 to {MAX_PROMPT:,} characters that the network knows. "
            "One of more than 800,000 weights reads less, which the refusal tells."
        ),
    ]
    method: Annotated[
        Method,
        BeforeValidator(ChoiceField("Method", get_args(Method))),
        Field(description="Three sentences are drawn, or the likeliest are searched for."),
    ]
    temperature: Annotated[
        float,
        BeforeValidator(TEMPERATURE),
        Field(description="Softmax temperature of what is drawn."),
    ] = 1.0
    top_k: Annotated[
        int | None,
        BeforeValidator(TOP_K),
        Field(description="Draws from so many of the likeliest characters; from all if none."),
    ] = None
    top_p: Annotated[
        float | None,
        BeforeValidator(TOP_P),
        Field(
            description="Draws from as many of the likeliest characters as reach this probability "
            "together; from all if none."
        ),
    ] = None
    width: Annotated[
        int,
        BeforeValidator(WIDTH),
        Field(description="Of the beam: how many beginnings are followed, and alternatives found."),
    ] = 5


class Load(Payload):
    """Go on with a saved model, on the text that is there."""

    json_text: Annotated[
        str, Field(alias="json", description="A saved model, as `save` or the original wrote it.")
    ]


class LoadPretrained(Payload):
    """Go on with a model that charnn brings along, at a learning rate of 0.0001."""

    name: Annotated[
        str, Field(description="Which one; the first when left out.", max_length=100)
    ] = ""


class Undo(Payload):
    """Go on with the network that was replaced last, as it was; undone twice, it is redone."""


class Save(Payload):
    """Answer with the model as it is now."""
