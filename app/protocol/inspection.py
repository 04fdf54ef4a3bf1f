"""Requests to inspect a network while it trains, and their answers.

No answer is larger than 16 KB, whatever the network and the text.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.protocol.base import Payload, field_error
from app.protocol.fields import ChoiceField, NumberField
from app.protocol.hyperparameters import Feature, StateName

MAX_READ = 110
"""Characters of a text that the network is looked at with: every sample fits, and no answer is
larger than 16 KB."""

MAX_CELLS = 600
"""Squares of one step in the picture of the network."""

LAYER = NumberField("Layer", "1", 1, 1000, whole=True)
UNIT = NumberField("Unit", "1", 1, 100_000, whole=True)
AT = NumberField("Step", "0", 0, MAX_READ, whole=True)
UNITS_A_CELL = NumberField("Units a square", "1", 1, 10_000, whole=True)
STATES = get_args(StateName)
FEATURES = get_args(Feature)


def _text_to_read(text: str) -> str:
    if not text:
        raise field_error("probe_empty")
    if len(text) > MAX_READ:
        raise field_error("text_too_long", characters=len(text), limit=MAX_READ)
    return text


TextToRead = Annotated[
    str,
    AfterValidator(_text_to_read),
    Field(description=f"What it reads: 1 to {MAX_READ:,} characters that the network knows."),
]
ChosenState = Annotated[
    StateName,
    BeforeValidator(ChoiceField("State", STATES)),
    Field(description="The hidden state, or the cell state, which an lstm alone has."),
]


class SurprisalRequest(Payload):
    """Answer with how probable the network finds each character of a text; nothing changes."""

    text: TextToRead


class UnitsRequest(Payload):
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


class FindUnitsRequest(Payload):
    """Answer with the units that follow a feature of the text best; nothing changes."""

    feature: Annotated[
        Feature,
        BeforeValidator(ChoiceField("Feature", FEATURES)),
        Field(description="What the units are compared with, after each character."),
    ]
    state: ChosenState = "h"


class EmbeddingsRequest(Payload):
    """Answer with the letter vectors on their first two principal components; nothing changes."""


class WeightsRequest(Payload):
    """Answer with the weights of some matrices and their last change; nothing changes."""

    layer: Annotated[
        int,
        BeforeValidator(LAYER),
        Field(description="The hidden layer whose matrices are told of, beside those around all."),
    ] = 1


class NetworkRequest(Payload):
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
        Field(description=f"Units that share a square; at most {MAX_CELLS} squares a step."),
    ] = 1


class GradientCheckRequest(Payload):
    """Answer with how well the gradients agree with measured slopes, on a copy of the network."""


# ------------------------------------------------------------------ answers


Characters = Annotated[list[str], Field(description="The text's characters, as it reads them.")]


class InspectionResult(TypedDict):
    """When in its life the network was looked at."""

    ok: Literal[True]
    steps: Annotated[int, Field(description="Steps that it had taken.")]
    took: Annotated[
        float,
        Field(
            description="Milliseconds that the answer kept it from learning; a page that rests 100 "
            "times as long with each of six questions takes less than a tenth of its time."
        ),
    ]


class SurprisalResult(InspectionResult):
    """How probable a text is to the network, character by character."""

    characters: Characters
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


class UnitsResult(InspectionResult):
    """What units do while the network reads a text."""

    characters: Characters
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


class UnitMatch(TypedDict):
    """A unit that follows a feature."""

    layer: Annotated[int, Field(description="Its hidden layer, the lowest being 1.")]
    unit: Annotated[int, Field(description="Its number in the layer, the first being 1.")]
    correlation: Annotated[
        float, Field(description="Pearson's correlation of its activation with the feature.")
    ]


class FindUnitsResult(InspectionResult):
    """The units that follow a feature best."""

    found: Annotated[
        list[UnitMatch],
        Field(description="Up to eight, best first; none where the feature never changes."),
    ]
    read: Annotated[
        int, Field(description="Characters of the sentences it learns that were read for it.")
    ]


class EmbeddingsResult(InspectionResult):
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


class MatrixStats(TypedDict):
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


class WeightsResult(InspectionResult):
    """Weights, and how they last changed."""

    matrices: Annotated[
        list[MatrixStats], Field(description="Letter vectors, the layer's matrices, the decoder.")
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


class NetworkResult(InspectionResult):
    """The network at up to four steps of a text, one after the other."""

    characters: Characters
    at: Annotated[int, Field(description="Characters read at the last of these steps.")]
    columns: Annotated[
        list[NetworkStep], Field(description="The steps, the last being the newest.")
    ]


class MatrixCheck(TypedDict):
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


class GradientCheckResult(InspectionResult):
    """How well the gradients of a sentence's cost agree with measured slopes."""

    sentence: Annotated[str, Field(description="The sentence.")]
    matrices: Annotated[list[MatrixCheck], Field(description="Every matrix of the network.")]
