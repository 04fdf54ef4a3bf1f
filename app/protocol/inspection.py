"""Requests to inspect a network during training, and their results.

No result is larger than 16 KB, whatever the network and the text.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.protocol.base import Payload, field_error, field_error_from
from app.protocol.fields import ChoiceField, NumberField
from app.protocol.hyperparameters import Feature, StateName
from model import TextError

MAX_READ = 110
"""Maximum length of a probe text: every sample fits, and no result exceeds 16 KB."""

MAX_CELLS = 600
"""Squares per step in the diagram of the network."""

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
        raise field_error_from(TextError("text_too_long", characters=len(text), limit=MAX_READ))
    return text


TextToRead = Annotated[
    str,
    AfterValidator(_text_to_read),
    Field(description=f"The probe text: 1 to {MAX_READ:,} characters of the vocabulary."),
]
ChosenState = Annotated[
    StateName,
    BeforeValidator(ChoiceField("State", STATES)),
    Field(description="The hidden state, or the cell state of an lstm."),
]


class SurprisalRequest(Payload):
    """Return the probability of each character of a text. Read-only."""

    text: TextToRead


class UnitsRequest(Payload):
    """Return the activations of units on a text. Read-only."""

    text: TextToRead
    state: ChosenState = "h"
    layer: Annotated[
        int, BeforeValidator(LAYER), Field(description="The hidden layer, the lowest being 1.")
    ] = 1
    unit: Annotated[
        int, BeforeValidator(UNIT), Field(description="The unit whose values are returned.")
    ] = 1
    first: Annotated[
        int, BeforeValidator(UNIT), Field(description="The first unit of the grid.")
    ] = 1


class FindUnitsRequest(Payload):
    """Return the units that correlate most with a feature of the training text. Read-only."""

    feature: Annotated[
        Feature,
        BeforeValidator(ChoiceField("Feature", FEATURES)),
        Field(description="The feature, evaluated after each character."),
    ]
    state: ChosenState = "h"


class EmbeddingsRequest(Payload):
    """Return the letter vectors projected on two principal components. Read-only."""


class WeightsRequest(Payload):
    """Return statistics of some matrices and of their last update. Read-only."""

    layer: Annotated[
        int,
        BeforeValidator(LAYER),
        Field(description="The hidden layer; letter vectors and decoder are always included."),
    ] = 1


class NetworkRequest(Payload):
    """Return the activations of all layers at a step of a text, for the diagram. Read-only."""

    text: TextToRead
    at: Annotated[
        int,
        BeforeValidator(AT),
        Field(description="Number of characters read; capped at the length of the text."),
    ] = 0
    cell: Annotated[
        int,
        BeforeValidator(UNITS_A_CELL),
        Field(description=f"Units per square; at most {MAX_CELLS} squares per step."),
    ] = 1


class GradientCheckRequest(Payload):
    """Compare the gradients with finite differences, on a copy of the network."""


# ------------------------------------------------------------------ results


Characters = Annotated[list[str], Field(description="The characters of the text.")]


class InspectionResult(TypedDict):
    """The base of the results: at which step the network was inspected, and for how long."""

    ok: Literal[True]
    steps: Annotated[int, Field(description="Training steps so far.")]
    took: Annotated[
        float,
        Field(
            description="Milliseconds for which the request paused training. A page that waits 100 "
            "times as long after each of six queries takes less than a tenth of the training time."
        ),
    ]


class SurprisalResult(InspectionResult):
    """The probability of a text, character by character."""

    characters: Characters
    probabilities: Annotated[
        list[float],
        Field(
            description="Of each character given those before it, then of the end of the text, "
            "which running text does not have."
        ),
    ]
    likeliest: Annotated[
        list[list[tuple[str, float]]],
        Field(
            description="The five most likely characters at each position, best first, with their "
            "probabilities; the empty string is the end."
        ),
    ]
    perplexity: Annotated[
        float | None,
        Field(description="Perplexity of the text: the inverse geometric mean probability."),
    ]


class UnitsResult(InspectionResult):
    """The activations of units on a text."""

    characters: Characters
    values: Annotated[list[float], Field(description="The unit's activation after each character.")]
    units: Annotated[int, Field(description="Number of units of the layer.")]
    first: Annotated[int, Field(description="The first unit of the grid.")]
    grid: Annotated[
        str,
        Field(
            description="Activations of as many units as fit, from `first`: signed bytes in "
            "base64, one row per unit with one byte per character."
        ),
    ]
    scale: Annotated[float, Field(description="The activation that a byte of 127 represents.")]


class UnitMatch(TypedDict):
    """A unit that correlates with a feature."""

    layer: Annotated[int, Field(description="The hidden layer, the lowest being 1.")]
    unit: Annotated[int, Field(description="The number in the layer, the first being 1.")]
    correlation: Annotated[
        float, Field(description="Pearson correlation of the activation with the feature.")
    ]


class FindUnitsResult(InspectionResult):
    """The units that correlate most with a feature."""

    found: Annotated[
        list[UnitMatch],
        Field(description="Up to eight units, best first; none if the feature never changes."),
    ]
    read: Annotated[int, Field(description="Characters of the training text that were evaluated.")]


class EmbeddingsResult(InspectionResult):
    """The letter vectors, projected on a plane."""

    letters: Annotated[
        list[str], Field(description="The characters; the empty string is the start and end.")
    ]
    points: Annotated[
        list[tuple[float, float]],
        Field(description="Their first two principal components; the signs are arbitrary."),
    ]
    shares: Annotated[
        tuple[float, float], Field(description="Explained variance ratio of each component.")
    ]
    left_out: Annotated[int, Field(description="Number of characters that are omitted.")]


class Histogram(TypedDict):
    """A histogram with bins of equal width."""

    low: Annotated[float, Field(description="Lower edge of the first bin.")]
    high: Annotated[float, Field(description="Upper edge of the last bin.")]
    counts: Annotated[
        list[int],
        Field(description="Count of each bin, of a subsample of up to a few thousand numbers."),
    ]


class MatrixStats(TypedDict):
    """Statistics of a matrix and of its last update."""

    name: Annotated[str, Field(description="The name in the saved JSON.")]
    shape: Annotated[tuple[int, int], Field(description="Rows and columns.")]
    spread: Annotated[float, Field(description="Root mean square of the weights.")]
    weights: Annotated[Histogram, Field(description="The weights.")]
    change: Annotated[
        float | None,
        Field(description="Median relative size of a weight's last update."),
    ]
    changes: Annotated[
        Histogram | None,
        Field(
            description="log10 of the relative size of each weight's last update; null before the "
            "first recorded update."
        ),
    ]


class WeightsResult(InspectionResult):
    """Statistics of weights and of their last update."""

    matrices: Annotated[
        list[MatrixStats], Field(description="Letter vectors, the layer's matrices, the decoder.")
    ]
    change_at: Annotated[
        int | None, Field(description="The step of that update; null before the first.")
    ]
    clipped: Annotated[
        float | None,
        Field(
            description="Share of gradient elements clipped in the last steps; if the total norm "
            "is clipped, share of the steps."
        ),
    ]
    clips_norm: Annotated[bool, Field(description="Whether the total norm is clipped.")]


class NetworkStep(TypedDict):
    """The activations of all layers after a character."""

    character: Annotated[str, Field(description="The input; the empty string is the start.")]
    layers: Annotated[
        list[list[int]],
        Field(
            description="For each layer, from the letter vector to the probabilities, a number "
            "from -100 to 100 per square: the mean of its units, in percent of the layer's largest."
        ),
    ]
    likeliest: Annotated[
        list[tuple[str, float]],
        Field(
            description="The five most likely next characters, best first, with their "
            "probabilities; the empty string is the end."
        ),
    ]


class NetworkResult(InspectionResult):
    """The activations of all layers at up to four successive steps of a text."""

    characters: Characters
    at: Annotated[int, Field(description="Characters read at the last of these steps.")]
    columns: Annotated[list[NetworkStep], Field(description="The steps, the newest last.")]


class MatrixCheck(TypedDict):
    """The errors of a matrix's gradient against finite differences."""

    name: Annotated[str, Field(description="The name in the saved JSON.")]
    graph: Annotated[
        float | None,
        Field(description="Largest relative error of the expression graph; null if not finite."),
    ]
    kernels: Annotated[
        float | None, Field(description="Largest relative error of the training kernels.")
    ]
    checked: Annotated[int, Field(description="Number of weights that were perturbed.")]
    numbers: Annotated[int, Field(description="Number of weights of the matrix.")]


class GradientCheckResult(InspectionResult):
    """The errors of a sentence's gradients against finite differences."""

    sentence: Annotated[str, Field(description="The sentence.")]
    matrices: Annotated[list[MatrixCheck], Field(description="Every matrix of the network.")]
