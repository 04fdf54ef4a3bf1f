"""The wire: every event and frame between page and server, declared once.

What the page sends is checked against the models below before anything else sees it. What the
server sends is typed by the dictionaries below, so that the type checker holds it and a frame costs
nothing more than its own dict. The page's types and the protocol's documentation are written from
here (`python -m app.protocol_export`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.limits import Limits
from app.options import Feature, Kind, Method, ScheduleName, StateName
from app.options import Options as NetworkOptions
from app.quantity import AutoOr, Quantity, Sizes
from app.refusal import Refusal
from app.remark import Level
from app.snapshot import Status

MAX_LINE = 10_000
"""Characters of a line: a sentence is one step of training, which no slice of time can cut."""

MAX_BEGINNING = 1_000
"""Characters that a person may have written on: they are read at one go, while others wait."""

MAX_READ = 110
"""Characters of a text that the network is looked at with: every sample fits, and no answer is
larger than 16 KB."""

MOST_CELLS = 600
"""Squares of one step in the picture of the network."""

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
LAYER = Quantity("Layer", "1", 1, 8, whole=True)
UNIT = Quantity("Unit", "1", 1, 1000, whole=True)
AT = Quantity("Step", "0", 0, MAX_READ, whole=True)
UNITS_A_CELL = Quantity("Units a square", "1", 1, 10_000, whole=True)
HIDDEN_SIZES = Sizes(
    "Hidden sizes", "20, 20", Quantity("Hidden size", "20", 1, 1000, whole=True), most=8
)

USUAL_LIMITS = Limits()
DEFAULTS = NetworkOptions()
KINDS = get_args(Kind)
SCHEDULES = get_args(ScheduleName)
METHODS = get_args(Method)
STATES = get_args(StateName)
FEATURES = get_args(Feature)

Point = tuple[int, float | None, float | None, float | None]


def _text_to_learn(text: str, info: ValidationInfo) -> str:
    limits: Limits = info.context or USUAL_LIMITS
    if not text.strip():
        raise _refused("There is no sentence to learn: write at least one, one a line.")
    if len(text) > limits.text:
        raise _refused(
            f"The text has {len(text):,} characters. Shorten it to {limits.text:,} at most."
        )
    from model import sentences_from_text

    longest = max(map(len, sentences_from_text(text)))
    if longest > MAX_LINE:
        raise _refused(
            f"A line has {longest:,} characters. Break it into lines of {MAX_LINE:,} at most: "
            "each line is one sentence."
        )
    return text


def _beginning(prime: str) -> str:
    if not prime:
        raise _refused("There is nothing to go on from: type a beginning.")
    if len(prime) > MAX_BEGINNING:
        raise _refused(
            f"The beginning has {len(prime):,} characters. Shorten it to {MAX_BEGINNING:,} at most."
        )
    return prime


def _text_to_read(text: str) -> str:
    if not text:
        raise _refused("There is nothing to read: type a text, or take a sample or a line.")
    if len(text) > MAX_READ:
        raise _refused(
            f"The text has {len(text):,} characters. Shorten it to {MAX_READ:,} at most."
        )
    return text


def _one_of(name: str, known: tuple[str, ...]) -> Callable[[object], object]:
    def check(choice: object) -> object:
        if choice not in known:
            raise _refused(f"{name}: choose {', '.join(known[:-1])} or {known[-1]}.")
        return choice

    return check


def _refused(message: str) -> PydanticCustomError:
    return PydanticCustomError("entry", "{message}", {"message": message})


# ------------------------------------------------------------------ from the page


class Payload(BaseModel):
    """What an event from the page carries; nothing more is accepted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class NetworkEntries(Payload):
    """The options of a new network, as numbers or as the text that was typed."""

    kind: Annotated[
        Kind, BeforeValidator(_one_of("Kind", KINDS)), Field(description="The cell of every layer.")
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
        BeforeValidator(_one_of("Schedule", SCHEDULES)),
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
        BeforeValidator(_one_of("Method", METHODS)),
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


TextToRead = Annotated[
    str,
    AfterValidator(_text_to_read),
    Field(description=f"What it reads: 1 to {MAX_READ:,} characters that the network knows."),
]
ChosenState = Annotated[
    StateName,
    BeforeValidator(_one_of("State", STATES)),
    Field(description="The hidden state, or the cell state, which an lstm alone has."),
]


class Surprise(Payload):
    """Answer with how probable the network finds each character of a text; nothing changes."""

    text: TextToRead


class Units(Payload):
    """Answer with the units' activations while the network reads a text; nothing changes."""

    text: TextToRead
    state: ChosenState = "h"
    layer: Annotated[
        int, BeforeValidator(LAYER), Field(description="The hidden layer, the lowest being 1.")
    ] = 1
    unit: Annotated[
        int, BeforeValidator(UNIT), Field(description="The unit whose values are told.")
    ] = 1
    first: Annotated[
        int, BeforeValidator(UNIT), Field(description="The first unit of the grid.")
    ] = 1


class FindUnits(Payload):
    """Answer with the units that follow a feature of the text best; nothing changes."""

    feature: Annotated[
        Feature,
        BeforeValidator(_one_of("Feature", FEATURES)),
        Field(description="What the units are compared with, after each character."),
    ]
    state: ChosenState = "h"


class Letters(Payload):
    """Answer with the letter vectors on their first two principal components; nothing changes."""


class Weights(Payload):
    """Answer with the weights of some matrices and their last change; nothing changes."""

    layer: Annotated[
        int,
        BeforeValidator(LAYER),
        Field(description="The hidden layer whose matrices are told of, beside those around all."),
    ] = 1


class Network(Payload):
    """Answer with the whole network at a step of a text, for its picture; nothing changes."""

    text: TextToRead
    at: Annotated[
        int,
        BeforeValidator(AT),
        Field(description="Characters read; beyond the text's end, all of them."),
    ] = 0
    cell: Annotated[
        int,
        BeforeValidator(UNITS_A_CELL),
        Field(description=f"Units that share a square; at most {MOST_CELLS} squares a step."),
    ] = 1


class GradientCheck(Payload):
    """Answer with how well the gradients agree with measured slopes, on a copy of the network."""


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


class Moment(TypedDict):
    """When in its life the network was looked at."""

    ok: Literal[True]
    steps: Annotated[int, Field(description="Steps that it had taken.")]
    took: Annotated[
        float,
        Field(
            description="Milliseconds that the answer kept it from learning; a page that rests 60 "
            "times as long with each of six questions takes no more than a tenth of its time."
        ),
    ]


class Surprised(Moment):
    """How probable a text is to the network, character by character."""

    characters: Annotated[list[str], Field(description="The text's characters, as it reads them.")]
    probabilities: Annotated[
        list[float],
        Field(description="Of each character after those before it, and last of the text's end."),
    ]
    likeliest: Annotated[
        list[list[tuple[str, float]]],
        Field(
            description="The five likeliest in each of those places, best first, each with its "
            "probability; the empty string is the end."
        ),
    ]
    perplexity: Annotated[
        float | None,
        Field(description="Of the text: the probabilities' geometric mean, inverted."),
    ]


class UnitsRead(Moment):
    """What units do while the network reads a text."""

    characters: Annotated[list[str], Field(description="The text's characters, as it reads them.")]
    values: Annotated[
        list[float], Field(description="The unit's activation after reading each character.")
    ]
    units: Annotated[int, Field(description="How many the layer has.")]
    first: Annotated[int, Field(description="The first unit of the grid.")]
    grid: Annotated[
        str,
        Field(
            description="Activations of as many units as fit, from the first: signed bytes in "
            "base64, a row for each unit and in it a byte for each character."
        ),
    ]
    scale: Annotated[float, Field(description="The activation that a byte of 127 stands for.")]


class FoundUnit(TypedDict):
    """A unit that follows a feature."""

    layer: Annotated[int, Field(description="Its hidden layer, the lowest being 1.")]
    unit: Annotated[int, Field(description="Its number in the layer, the first being 1.")]
    correlation: Annotated[
        float, Field(description="Pearson's correlation of its activation with the feature.")
    ]


class UnitsFound(Moment):
    """The units that follow a feature best."""

    found: Annotated[
        list[FoundUnit],
        Field(description="Up to eight, best first; none where the feature never changes."),
    ]
    read: Annotated[
        int, Field(description="Characters of the sentences it learns that were read for it.")
    ]


class LettersMapped(Moment):
    """The letter vectors on a plane."""

    letters: Annotated[
        list[str], Field(description="The characters; the empty string is the start and the end.")
    ]
    points: Annotated[
        list[tuple[float, float]],
        Field(description="Each one's first two principal components; their signs may turn over."),
    ]
    shares: Annotated[
        tuple[float, float], Field(description="Share of the variance that each component holds.")
    ]
    left_out: Annotated[int, Field(description="Characters beyond those told of.")]


class Histogram(TypedDict):
    """How numbers are spread."""

    low: Annotated[float, Field(description="Where the first bin begins.")]
    high: Annotated[float, Field(description="Where the last bin ends.")]
    counts: Annotated[
        list[int],
        Field(description="Numbers in each bin, of up to a few thousand that are looked at."),
    ]


class MatrixLook(TypedDict):
    """A matrix, and its last change."""

    name: Annotated[str, Field(description="Its name in the saved JSON.")]
    shape: Annotated[tuple[int, int], Field(description="Rows and columns.")]
    spread: Annotated[
        float, Field(description="Root mean square of its weights; 0 where they are all 0.")
    ]
    weights: Annotated[Histogram, Field(description="Its weights.")]
    change: Annotated[
        float | None,
        Field(description="Median size of a weight's last change relative to the weight."),
    ]
    changes: Annotated[
        Histogram | None,
        Field(
            description="Logarithms to base 10 of the size of each weight's last change relative "
            "to the weight; null before there was one."
        ),
    ]


class WeightsLooked(Moment):
    """Weights, and how they last changed."""

    matrices: Annotated[
        list[MatrixLook], Field(description="Letter vectors, the layer's matrices, the decoder.")
    ]
    change_at: Annotated[
        int | None, Field(description="The step of that change; null before there was one.")
    ]
    clipped: Annotated[
        float | None,
        Field(
            description="Share of the gradients that were clipped in the last steps; where the "
            "norm of all together is clipped, the share of the steps."
        ),
    ]
    clips_norm: Annotated[bool, Field(description="Whether the norm of all together is clipped.")]


class NetworkStep(TypedDict):
    """The network when it has read a character."""

    character: Annotated[str, Field(description="What went in; the empty string is the start.")]
    layers: Annotated[
        list[list[int]],
        Field(
            description="Of each layer, the letter vector first and the odds last, a number from "
            "-100 to 100 for each square: the mean of its units relative to the layer's largest."
        ),
    ]
    likeliest: Annotated[
        list[tuple[str, float]],
        Field(
            description="The five likeliest to come, best first, each with its probability; the "
            "empty string is the end."
        ),
    ]


class NetworkRead(Moment):
    """The network at up to four steps of a text, one after the other."""

    characters: Annotated[list[str], Field(description="The text's characters, as it reads them.")]
    at: Annotated[int, Field(description="Characters read at the last of these steps.")]
    columns: Annotated[
        list[NetworkStep], Field(description="The steps, the last being the newest.")
    ]


class CheckedMatrix(TypedDict):
    """How well the gradient by a matrix agrees with the slopes measured on a copy."""

    name: Annotated[str, Field(description="Its name in the saved JSON.")]
    graph: Annotated[
        float | None,
        Field(description="Largest relative error of the expression graph; null if no number."),
    ]
    kernels: Annotated[
        float | None, Field(description="Largest relative error of the kernels that train.")
    ]
    checked: Annotated[int, Field(description="Numbers of the matrix that were moved.")]
    numbers: Annotated[int, Field(description="Numbers that it has.")]


class GradientChecked(Moment):
    """How well the gradients of a sentence's cost agree with measured slopes."""

    sentence: Annotated[str, Field(description="The sentence.")]
    matrices: Annotated[list[CheckedMatrix], Field(description="Every matrix of the network.")]


class Refused(TypedDict):
    """It cannot be done, and nothing has changed."""

    ok: Literal[False]
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
            "sentences kept aside (null where there are none) and learning rate."
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


class Notice(TypedDict):
    """A sentence for the person, not bound to a field."""

    level: Annotated[Level, Field(description="How much it matters.")]
    message: Annotated[str, Field(description="The sentence.")]


class Closing(TypedDict):
    """The server is about to close the socket, and why."""

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
        "save": ClientEvent(Save, answer=Saved),
        "complete": ClientEvent(Complete, answer=Completed),
        "surprise": ClientEvent(Surprise, answer=Surprised),
        "units": ClientEvent(Units, answer=UnitsRead),
        "find_units": ClientEvent(FindUnits, answer=UnitsFound),
        "letters": ClientEvent(Letters, answer=LettersMapped),
        "weights": ClientEvent(Weights, answer=WeightsLooked),
        "network": ClientEvent(Network, answer=NetworkRead),
        "gradient_check": ClientEvent(GradientCheck, answer=GradientChecked),
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
        Refusal: the event is unknown, or its payload is malformed or out of range.
    """
    event = CLIENT_EVENTS.get(name) if isinstance(name, str) else None
    if event is None:
        raise Refusal(f"There is no such event. There are {', '.join(CLIENT_EVENTS)}.")
    if len(arguments) > 1 or not all(isinstance(each, dict) for each in arguments):
        raise Refusal(f"{name} takes one object with its fields.")
    try:
        return event.payload.model_validate(arguments[0] if arguments else {}, context=limits)
    except ValidationError as error:
        raise _as_refusal(event.payload, error.errors(include_url=False)[0]) from None


def _as_refusal(payload: type[Payload], error: ErrorDetails) -> Refusal:
    """The first thing wrong, as a sentence for the person and the field where to show it."""
    place: list[Any] = [part for part in error["loc"] if isinstance(part, str)]
    field = place[-1] if place else None
    match error["type"]:
        case "entry":
            return Refusal(error["msg"], field)
        case "missing":
            return Refusal(f'"{field}" is missing: send it.', field)
        case "extra_forbidden":
            known = ", ".join(_fields(payload)) or "none"
            return Refusal(f"This event has a field that it does not take. It takes: {known}.")
        case "model_type":
            return Refusal(f'"{field}" must be an object with its fields.', field)
        case "string_type" | "string_unicode":
            return Refusal(f'"{field}" must be text: send a string.', field)
        case _:
            return Refusal(f'"{field}" cannot be used: {error["msg"].lower()}.', field)


def _fields(payload: type[Payload]) -> list[str]:
    """The fields of an event by their names on the wire, options after the rest."""
    names = [field.alias or name for name, field in payload.model_fields.items()]
    if "options" in names:
        names += [f"options.{name}" for name in NetworkEntries.model_fields]
    return names
