"""The wire: every event and frame between page and server, declared once.

What the page sends is checked against the models below before anything else sees it. What the
server sends is typed by the dictionaries below, so that the type checker holds it and a frame costs
nothing more than its own dict. The page's types and the protocol's documentation are written from
here (`python -m tools.generate_protocol`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.errors import MESSAGES, UserError
from app.protocol import inspection as questions
from app.protocol import sharing as shares
from app.protocol.base import Payload, field_error, one_of
from app.protocol.fields import AutoOr, Quantity, Sizes
from app.protocol.hyperparameters import Kind, Method, ScheduleName
from app.protocol.hyperparameters import Options as NetworkOptions
from app.protocol.limits import Limits
from app.sessions.snapshot import Level, Replacement, Status

MAX_LINE = 10_000
"""Characters of a line: a sentence is one step of training, which no slice of time can cut."""

MAX_BEGINNING = 1_000
"""Characters that a person may have written on: they are read at one go, while others wait."""

LEARNING_RATE = Quantity("Learning rate", "0.01", 0, 1, low_included=False)
TEMPERATURE = Quantity("Temperature", "1", 0.01, 20)
LETTER_SIZE = Quantity("Letter size", "5", 1, 100, whole=True)
L2 = Quantity("L2 strength", "0.000001", 0, 1)
CLIP = Quantity("Gradient clip", "5", 0, 1000, low_included=False)
SCHEDULE_EPOCHS = Quantity("Schedule", "100", 0, 1_000_000, low_included=False)
VALIDATION = AutoOr(Quantity("Held-out share", "0.05", 0, 0.5))
TOP_K = AutoOr(Quantity("Top-k", "10", 1, 10_000, whole=True), empty=True)
TOP_P = AutoOr(Quantity("Top-p", "0.9", 0, 1, low_included=False), empty=True)
WIDTH = Quantity("Beam width", "5", 1, 20, whole=True)
HIDDEN_SIZES = Sizes(
    "Hidden sizes", "20, 20", Quantity("Hidden size", "20", 1, 1000, whole=True), most=8
)

USUAL_LIMITS = Limits()
DEFAULTS = NetworkOptions()
KINDS = get_args(Kind)
SCHEDULES = get_args(ScheduleName)
METHODS = get_args(Method)

Point = tuple[int, float | None, float | None, float | None, float | None]


def _text_to_learn(text: str, info: ValidationInfo) -> str:
    limits: Limits = info.context or USUAL_LIMITS
    if not text.strip():
        raise field_error("text_empty")
    if len(text) > limits.text:
        raise field_error("text_too_long", characters=len(text), limit=limits.text)
    from model import sentences_from_text

    longest = max(map(len, sentences_from_text(text)))
    if longest > MAX_LINE:
        raise field_error("line_too_long", characters=longest, limit=MAX_LINE)
    return text


def _beginning(prime: str) -> str:
    if not prime:
        raise field_error("prime_empty")
    if len(prime) > MAX_BEGINNING:
        raise field_error("prime_too_long", characters=len(prime), limit=MAX_BEGINNING)
    return prime


# ------------------------------------------------------------------ from the page


class NetworkEntries(Payload):
    """The options of a new network, as numbers or as the text that was typed."""

    kind: Annotated[
        Kind, BeforeValidator(one_of("Kind", KINDS)), Field(description="The cell of every layer.")
    ] = DEFAULTS.kind
    hidden_sizes: Annotated[
        tuple[int, ...],
        BeforeValidator(HIDDEN_SIZES),
        Field(description="Units of each hidden layer, bottom first."),
    ] = DEFAULTS.hidden_sizes
    letter_size: Annotated[
        int, BeforeValidator(LETTER_SIZE), Field(description="Numbers in a letter vector.")
    ] = DEFAULTS.letter_size
    l2: Annotated[
        float, BeforeValidator(L2), Field(description="Strength of the L2 regularisation.")
    ] = DEFAULTS.l2
    learning_rate: Annotated[
        float, BeforeValidator(LEARNING_RATE), Field(description="Size of a step at the start.")
    ] = DEFAULTS.learning_rate
    clip: Annotated[
        float,
        BeforeValidator(CLIP),
        Field(description="The largest gradient that counts: of each weight; in an rnn, of all."),
    ] = DEFAULTS.clip
    schedule: Annotated[
        ScheduleName,
        BeforeValidator(one_of("Schedule", SCHEDULES)),
        Field(description="How the learning rate changes by itself."),
    ] = DEFAULTS.schedule
    schedule_epochs: Annotated[
        float,
        BeforeValidator(SCHEDULE_EPOCHS),
        Field(description="Epochs after which it is halved, or at the end of its cosine."),
    ] = DEFAULTS.schedule_epochs
    validation_fraction: Annotated[
        float | None,
        BeforeValidator(VALIDATION),
        Field(description="Share of the sentences that is kept aside, to see how new ones go."),
    ] = DEFAULTS.validation_fraction


class Learn(Payload):
    """A new network on this text; it learns at once."""

    text: Annotated[
        str,
        AfterValidator(_text_to_learn),
        Field(description="Sentences, one a line; trimmed, blank lines dropped."),
    ]
    options: Annotated[NetworkEntries, Field(description="What is left out takes its default.")] = (
        NetworkEntries()
    )


class Pause(Payload):
    """Stop learning; the network stays."""


class Resume(Payload):
    """Go on learning."""


class Change(Payload):
    """Change what may change while the network learns."""

    learning_rate: Annotated[
        float | None,
        BeforeValidator(LEARNING_RATE),
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
        AfterValidator(_beginning),
        Field(
            description=f"The beginning: 1 to {MAX_BEGINNING:,} characters that the network knows. "
            "One of more than 800,000 weights reads less, which the refusal tells."
        ),
    ]
    method: Annotated[
        Method,
        BeforeValidator(one_of("Method", METHODS)),
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


# ------------------------------------------------------------------ answers


class Done(TypedDict):
    """It is done."""

    ok: Literal[True]


class Saved(TypedDict):
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


class Completed(TypedDict):
    """How the network goes on."""

    ok: Literal[True]
    completions: Annotated[
        list[Completion],
        Field(description="Three that were drawn; or the likeliest, best first, up to the width."),
    ]


class Refused(TypedDict):
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


# ------------------------------------------------------------------ from the server


class Options(TypedDict):
    """The options that the network was made with."""

    kind: Annotated[Kind, Field(description="The cell of every layer.")]
    hidden_sizes: Annotated[list[int], Field(description="Units of each layer, bottom first.")]
    letter_size: Annotated[int, Field(description="Numbers in a letter vector.")]
    l2: Annotated[float, Field(description="Strength of the L2 regularisation.")]
    learning_rate: Annotated[float, Field(description="Size of a step at the start.")]
    clip: Annotated[float, Field(description="The largest gradient that counts.")]
    schedule: Annotated[ScheduleName, Field(description="How the learning rate changes.")]
    schedule_epochs: Annotated[float, Field(description="Epochs of the schedule.")]
    validation_fraction: Annotated[
        float | None,
        Field(description="Share of the sentences kept aside; null: 5 % from 100 on, else none."),
    ]


class BroughtText(TypedDict):
    """A text that charnn brings along, by HTTP."""

    ok: Literal[True]
    text: Annotated[str, Field(description="Its sentences, one a line.")]
    title: Annotated[str, Field(description="Its name for people.")]
    expect: Annotated[str, Field(description="What will come of it, in a line.")]
    measured: Annotated[
        str, Field(description="What was measured of it, in a sentence; empty where nothing was.")
    ]
    options: Annotated[Options, Field(description="What the network for it is best made with.")]


class Curve(TypedDict):
    """Points of the perplexity curve."""

    version: Annotated[
        int, Field(description="A new version replaces every point that the page has.")
    ]
    start: Annotated[int, Field(description="The index of the first of these points.")]
    points: Annotated[
        list[Point],
        Field(
            description="Step, perplexity (null where the network has run off), perplexity of the "
            "sentences kept aside (null where there are none), learning rate, and what that was "
            "set to: by hand, at the beginning or after the network ran off, not by a schedule."
        ),
    ]


class Figures(TypedDict):
    """What changes while the network learns: in every frame, and in the whole state."""

    status: Annotated[
        Status, Field(description="`compiling` until the kernels of this kind are ready.")
    ]
    steps: Annotated[int, Field(description="Sentences learnt from by this network.")]
    epoch: Annotated[float, Field(description="Steps over the number of sentences.")]
    perplexity: Annotated[
        float | None,
        Field(description="exp of the mean cost of a prediction, over the last second or so."),
    ]
    held_out_perplexity: Annotated[
        float | None,
        Field(description="Of the sentences kept aside, as last seen; null where there are none."),
    ]
    memorising_since: Annotated[
        int | None,
        Field(
            description="The step since which it gets better at its sentences and worse at those "
            "kept aside; null where it does not."
        ),
    ]
    ms_per_example: Annotated[
        float | None, Field(description="Milliseconds of training a sentence.")
    ]
    characters_per_second: Annotated[
        float | None, Field(description="Characters learnt from in a second of the clock.")
    ]
    learning_rate: Annotated[float, Field(description="What the network is trained with now.")]
    temperature: Annotated[float, Field(description="What the samples are drawn with now.")]
    saved_at: Annotated[
        float | None,
        Field(description="Unix time when the server last saved it; null before the first time."),
    ]
    saving: Annotated[
        bool,
        Field(description="False while the server cannot save; it learns on, and tries again."),
    ]


class State(Figures):
    """Everything: on connecting, and to every tab when the network is replaced."""

    version: Annotated[int, Field(description="Counts the networks of this session.")]
    session: Annotated[str, Field(description="A short name of the session, not a secret.")]
    text: Annotated[str, Field(description="What the network learns.")]
    options: Annotated[Options, Field(description="What the network was made with.")]
    vocabulary: Annotated[
        list[str], Field(description="The characters the network knows, in its order.")
    ]
    weights: Annotated[int, Field(description="How many numbers the network learns.")]
    sentences: Annotated[int, Field(description="How many sentences it learns.")]
    held_out_sentences: Annotated[int, Field(description="How many are kept aside.")]
    now: Annotated[float, Field(description="Unix time of the server, to compare `saved_at` with.")]
    recoveries: Annotated[
        int, Field(description="How often this network ran off and was brought back, as of late.")
    ]
    undoable: Annotated[
        Replacement | None,
        Field(
            description="How this network took the place of one that `undo` can bring back; null "
            "where there is none."
        ),
    ]
    samples: Annotated[
        list[str], Field(description="Five sampled sentences; none until the first are written.")
    ]
    greedy: Annotated[
        str | None, Field(description="The greedy prediction; null until the first is written.")
    ]
    curve: Annotated[Curve, Field(description="The whole curve.")]


class Frame(Figures):
    """What has changed: up to 10 a second, the next only after the last was acknowledged."""

    seq: Annotated[int, Field(description="Grows from frame to frame.")]
    curve: NotRequired[
        Annotated[Curve, Field(description="The points that this page does not have yet.")]
    ]
    samples: NotRequired[Annotated[list[str], Field(description="Five new samples.")]]
    greedy: NotRequired[Annotated[str, Field(description="A new greedy prediction.")]]
    recoveries: NotRequired[
        Annotated[int, Field(description="It ran off again, and was brought back.")]
    ]
    undoable: NotRequired[
        Annotated[Replacement | None, Field(description="The replaced one is not kept any longer.")]
    ]


class Notice(TypedDict):
    """A sentence for the person, not bound to a field."""

    level: Annotated[Level, Field(description="How much it matters.")]
    code: Annotated[
        str, Field(description="Which notice this is: a name for programs, see the table of codes.")
    ]
    message: Annotated[str, Field(description="The sentence.")]


class Closing(TypedDict):
    """The server is about to close the socket, and why."""

    code: Annotated[
        str, Field(description="Why it closes: a name for programs, see the table of codes.")
    ]
    message: Annotated[str, Field(description="A sentence for the person.")]


# ------------------------------------------------------------------ the tables


@dataclass(frozen=True)
class ClientEvent:
    """What an event carries and how it is answered when all is well."""

    payload: type[Payload]
    answer: type = Done


CLIENT_EVENTS: Mapping[str, ClientEvent] = MappingProxyType(
    {
        "learn": ClientEvent(Learn),
        "pause": ClientEvent(Pause),
        "resume": ClientEvent(Resume),
        "set": ClientEvent(Change),
        "load": ClientEvent(Load),
        "load_pretrained": ClientEvent(LoadPretrained),
        "undo": ClientEvent(Undo),
        "save": ClientEvent(Save, answer=Saved),
        "share": ClientEvent(shares.Share, answer=shares.Shared),
        "shares": ClientEvent(shares.Shares, answer=shares.OwnCopies),
        "withdraw": ClientEvent(shares.Withdraw),
        "open_shared": ClientEvent(shares.OpenShared),
        "complete": ClientEvent(Complete, answer=Completed),
        "surprise": ClientEvent(questions.Surprise, answer=questions.Surprised),
        "units": ClientEvent(questions.Units, answer=questions.UnitsRead),
        "find_units": ClientEvent(questions.FindUnits, answer=questions.UnitsFound),
        "letters": ClientEvent(questions.Letters, answer=questions.LettersMapped),
        "weights": ClientEvent(questions.Weights, answer=questions.WeightsLooked),
        "network": ClientEvent(questions.Network, answer=questions.NetworkRead),
        "gradient_check": ClientEvent(questions.GradientCheck, answer=questions.GradientChecked),
    }
)

SERVER_EVENTS: Mapping[str, type] = MappingProxyType(
    {"state": State, "frame": Frame, "notice": Notice, "closing": Closing}
)

ACKNOWLEDGED = frozenset({"state", "frame"})
"""Events of the server that it wants acknowledged before it sends the next of either."""


def read_event(
    name: object, arguments: tuple[object, ...], limits: Limits = USUAL_LIMITS
) -> Payload:
    """The payload of an event from the page, checked against what the server takes on.

    Raises:
        UserError: the event is unknown, or its payload is malformed or out of range.
    """
    event = CLIENT_EVENTS.get(name) if isinstance(name, str) else None
    if event is None:
        raise UserError("unknown_event", known=", ".join(CLIENT_EVENTS))
    if len(arguments) > 1 or not all(isinstance(each, dict) for each in arguments):
        raise UserError("malformed_event", event=name)
    try:
        return event.payload.model_validate(arguments[0] if arguments else {}, context=limits)
    except ValidationError as error:
        raise _as_user_error(event.payload, error.errors(include_url=False)[0]) from None


def _as_user_error(payload: type[Payload], error: ErrorDetails) -> UserError:
    """The first thing wrong, as a sentence for the person and the field where to show it."""
    place: list[Any] = [part for part in error["loc"] if isinstance(part, str)]
    field = place[-1] if place else None
    if error["type"] in MESSAGES:
        return UserError(error["type"], field, message=error["msg"])
    match error["type"]:
        case "missing":
            return UserError("missing_field", field)
        case "extra_forbidden":
            known = ", ".join(_fields(payload)) or "none"
            return UserError("unknown_field", known=known)
        case "model_type":
            return UserError("not_an_object", field)
        case "string_type" | "string_unicode":
            return UserError("not_text", field)
        case _:
            return UserError("invalid_field", field, reason=error["msg"].lower())


def _fields(payload: type[Payload]) -> list[str]:
    """The fields of an event by their names on the wire, options after the rest."""
    names = [field.alias or name for name, field in payload.model_fields.items()]
    if "options" in names:
        names += [f"options.{name}" for name in NetworkEntries.model_fields]
    return names
