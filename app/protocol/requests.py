"""The payloads of the events that a page sends."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from app.protocol.base import Payload, field_error, field_error_from
from app.protocol.fields import ChoiceField, NumberField, OptionalNumberField
from app.protocol.hyperparameters import HYPERPARAMETERS, Hyperparameters, Method
from app.protocol.limits import Limits
from model import TextError, running_text, sentences_from_text

MAX_CHARACTERS = 100
"""Characters of a completion, as of every sample on the page."""

MAX_PROMPT = 1_000
"""Characters of a prompt: the network reads them at once, while other sessions wait."""

TEMPERATURE = NumberField("Temperature", "1", 0.01, 20)
TOP_K = OptionalNumberField(NumberField("Top-k", "10", 1, 10_000, whole=True), empty=True)
TOP_P = OptionalNumberField(NumberField("Top-p", "0.9", 0, 1, low_included=False), empty=True)
WIDTH = NumberField("Beam width", "5", 1, 20, whole=True)
COUNT = NumberField("Count", "3", 1, 20, whole=True)
LENGTH = NumberField("Length", "100", 1, MAX_CHARACTERS, whole=True)

CHECKSUM = "^[0-9a-f]{64}$"

DEFAULT_LIMITS = Limits()


def _check_text(text: str, info: ValidationInfo) -> str:
    limits: Limits = info.context or DEFAULT_LIMITS
    options: Hyperparameters | None = info.data.get("options")  # None if they are invalid
    if info.data.get("checksum") is not None and not text:
        return text
    if limits.event_text < len(text) <= limits.text:
        raise field_error("text_too_long_for_event", characters=len(text), limit=limits.event_text)
    try:
        if options is not None and options.mode == "text":
            limits.of_text.check_running_text(running_text(text))
        else:
            limits.of_text.check(sentences_from_text(text))
    except TextError as error:
        raise field_error_from(error) from None
    return text


def _check_prompt(prime: str) -> str:
    if not prime:
        raise field_error("prime_empty")
    if len(prime) > MAX_PROMPT:
        raise field_error("prime_too_long", characters=len(prime), limit=MAX_PROMPT)
    return prime


class Learn(Payload):
    """Create a network for a text and start training it."""

    options: Annotated[
        Hyperparameters, Field(description="Omitted options take their defaults.")
    ] = Hyperparameters()  # before the text, whose limits depend on the mode
    checksum: Annotated[
        str | None,
        Field(
            description="The checksum of an uploaded text, or of the session's; `text` is then "
            "empty.",
            pattern=CHECKSUM,
        ),
    ] = None
    leave_out_rare: Annotated[
        bool,
        Field(description="Whether characters that occur fewer than five times are left out."),
    ] = False
    text: Annotated[
        str,
        AfterValidator(_check_text),
        Field(
            description="One sentence per line, where lines are stripped and blank ones dropped; "
            "in the mode `text` one sequence with its line breaks."
        ),
    ]


class Pause(Payload):
    """Pause training."""


class Resume(Payload):
    """Resume training."""


class SetParameters(Payload):
    """Change parameters during training."""

    learning_rate: Annotated[
        float | None,
        BeforeValidator(HYPERPARAMETERS["learning_rate"].field),
        Field(description="The new learning rate."),
    ] = None
    temperature: Annotated[
        float | None,
        BeforeValidator(TEMPERATURE),
        Field(description="The new softmax temperature of the samples."),
    ] = None


Weights = Literal["latest", "best"]
"""Which weights of a network: as they are now, or with the lowest validation loss so far."""
CHOSEN_WEIGHTS = Annotated[
    Weights,
    BeforeValidator(ChoiceField("Weights", get_args(Weights))),
    Field(description="The latest weights, or those with the lowest validation loss so far."),
]


class Complete(Payload):
    """Return completions of a prompt. Read-only."""

    prime: Annotated[
        str,
        AfterValidator(_check_prompt),
        Field(
            description=f"The prompt: 1 to {MAX_PROMPT:,} characters of the vocabulary. Networks "
            "of more than some 400,000 weights accept fewer; the error says how many."
        ),
    ]
    method: Annotated[
        Method,
        BeforeValidator(ChoiceField("Method", get_args(Method))),
        Field(description="Samples, or beam search for the most likely completions."),
    ]
    temperature: Annotated[
        float,
        BeforeValidator(TEMPERATURE),
        Field(description="Softmax temperature of the samples."),
    ] = 1.0
    top_k: Annotated[
        int | None,
        BeforeValidator(TOP_K),
        Field(description="Sample from this many of the most likely characters; null: from all."),
    ] = None
    top_p: Annotated[
        float | None,
        BeforeValidator(TOP_P),
        Field(
            description="Sample from the most likely characters that together reach this "
            "probability; null: from all."
        ),
    ] = None
    width: Annotated[
        int,
        BeforeValidator(WIDTH),
        Field(description="Beam width: the number of hypotheses, and of completions returned."),
    ] = 5
    count: Annotated[
        int,
        BeforeValidator(COUNT),
        Field(description="Number of samples; beam search returns `width` completions."),
    ] = 3
    length: Annotated[
        int,
        BeforeValidator(LENGTH),
        Field(description="Maximum characters of a completion."),
    ] = MAX_CHARACTERS
    weights: CHOSEN_WEIGHTS = "latest"


class Load(Payload):
    """Continue with a saved model, on the current text."""

    json_text: Annotated[
        str, Field(alias="json", description="A model saved by `save` or by the original demo.")
    ]


class LoadPretrained(Payload):
    """Continue with a built-in pretrained model, at a learning rate of 0.0001."""

    name: Annotated[
        str, Field(description="The name of the model; the first if omitted.", max_length=100)
    ] = ""


class LoadBest(Payload):
    """Continue with the weights of the lowest validation loss; `undo` restores the latest ones."""


class Undo(Payload):
    """Restore the network that was replaced last; a second undo is a redo."""


class Save(Payload):
    """Return the current model."""

    weights: CHOSEN_WEIGHTS = "latest"
