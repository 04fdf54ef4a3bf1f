"""Read-only inspection of a network during training."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from app.errors import UserError, from_model
from app.protocol.base import Payload
from app.protocol.inspection import (
    MAX_CELLS,
    EmbeddingsRequest,
    EmbeddingsResult,
    FindUnitsRequest,
    FindUnitsResult,
    InspectionResult,
    MatrixStats,
    NetworkRequest,
    NetworkResult,
    SurprisalRequest,
    SurprisalResult,
    UnitsRequest,
    UnitsResult,
    WeightsRequest,
    WeightsResult,
)
from app.protocol.inspection import Histogram as HistogramResult
from app.training.run import TrainingRun
from app.training.work import check_layers, check_readable, work_per_character
from model import CharModel, ModelError
from model.analysis.embeddings import project_embeddings
from model.analysis.forward_trace import Activations, ForwardTrace
from model.analysis.histograms import Histogram, log10_histogram, subsample, symmetric_histogram
from model.analysis.unit_features import FEATURES, most_correlated_units
from model.kernels.types import FloatArray
from model.network import CELLS

TOP = 5
MAX_GRID_CELLS = 8_000
"""Cells of a grid of units: a third more bytes in base64, and less than 16 KB with the rest."""
BYTE_SCALE = 127
"""The largest activation of a grid, as a signed byte."""
MAX_LETTERS = 400
MAX_FOUND = 8
MAX_TRACE_WORK = 50_000_000
"""Limit of the work on the text for correlations: a few milliseconds."""
MIN_TRACED, MAX_TRACED = 200, 2_000
"""Bounds of the length of that text."""
COLUMNS = 4
"""Steps in the diagram of the network."""
PERCENT = 100
DIGITS = 4
"""Significant digits, or decimals, of the numbers in a result."""

MIN_RANGE = 1e-9
"""Minimum scale of activations: smaller ones are shown as zero, not as noise."""


def inspect(run: TrainingRun, request: Payload) -> InspectionResult:
    """The result of a request.

    Raises:
        UserError: the network does not know a character of the text, or has no such layer or unit.
    """
    check_layers(run.model.layout)
    began = time.perf_counter()
    try:
        result = HANDLERS[type(request)](run, request)
    except ModelError as error:
        raise from_model(error) from None
    result["took"] = _rounded((time.perf_counter() - began) * 1000)
    return result


# ------------------------------------------------------------------ activations on a text


def surprisal(run: TrainingRun, request: SurprisalRequest) -> SurprisalResult:
    """The probability of each character of a text."""
    trace = _trace(run.model, request.text)
    return {
        **_result(run),
        "characters": run.model.vocabulary.tokenize(request.text),
        "probabilities": [_significant(p) for p in trace.target_probabilities],
        "likeliest": [
            _top_predictions(run.model, row) for row in trace.probabilities[: len(trace.targets)]
        ],
        "perplexity": _finite(trace.perplexity),
    }


def _top_predictions(model: CharModel, probabilities: FloatArray) -> list[tuple[str, float]]:
    """The five most probable characters of (V,), with probabilities, best first; "" is the end."""
    characters = ("", *model.vocabulary.chars)
    top = min(TOP, len(probabilities))
    best = np.argpartition(-probabilities, top - 1)[:top]
    best = best[np.argsort(-probabilities[best], kind="stable")]
    return [(characters[k], _rounded(probabilities[k], 3)) for k in best]


def units(run: TrainingRun, request: UnitsRequest) -> UnitsResult:
    """The activations of one unit on a text, and those of a grid of units."""
    state = _states(run.model, _trace(run.model, request.text), request.state)
    _check_layer(request.layer, run.model)
    activations = state[request.layer - 1][1:]  # (characters, units), without START
    size = activations.shape[1]
    for number, field in ((request.unit, "unit"), (request.first, "first")):
        if number > size:
            raise UserError("no_such_unit", field, number=number, count=size)
    scale = 1.0 if request.state == "h" and run.model.cell != "rnn" else _largest(activations)
    rows = activations[:, request.first - 1 :][:, : MAX_GRID_CELLS // len(activations)].T
    return {
        **_result(run),
        "characters": run.model.vocabulary.tokenize(request.text),
        "values": [_rounded(value) for value in activations[:, request.unit - 1]],
        "units": size,
        "first": request.first,
        "grid": base64.b64encode(_as_bytes(rows, scale).tobytes()).decode("ascii"),
        "scale": _significant(scale),
    }


def find_units(run: TrainingRun, request: FindUnitsRequest) -> FindUnitsResult:
    """The units that correlate with a feature of the training text."""
    model, feature = run.model, FEATURES[request.feature]
    limit = min(MAX_TRACED, max(MIN_TRACED, MAX_TRACE_WORK // work_per_character(model.layout)))
    values: list[int] = []
    layers: list[list[FloatArray]] = [[] for _ in model.hidden_sizes]
    for sentence in run.excerpts(limit):
        text = sentence[: limit - len(values)]
        values += feature(model.vocabulary.tokenize(text))
        for layer, state in enumerate(_states(model, model.trace(text), request.state)):
            layers[layer].append(state[1:])
        if len(values) >= limit:
            break
    found = most_correlated_units(values, [np.concatenate(layer) for layer in layers], MAX_FOUND)
    return {
        **_result(run),
        "found": [
            {"layer": layer + 1, "unit": unit + 1, "correlation": _rounded(correlation)}
            for layer, unit, correlation in found
        ],
        "read": len(values),
    }


def _trace(model: CharModel, text: str) -> ForwardTrace:
    """The forward pass over a probe text.

    Raises:
        UserError: the text is too long for this network.
    """
    check_readable(model.layout, text, "text")
    return model.trace(text)


def _states(model: CharModel, trace: ForwardTrace, state: str) -> list[FloatArray]:
    """The h or c of each layer."""
    return [_state(model, layer, state) for layer in trace.layers]


def _state(model: CharModel, layer: Activations, state: str) -> FloatArray:
    if state == "h":
        return layer.h
    if layer.c is None:
        raise UserError("no_cell_state", "state", kind=model.cell)
    return layer.c


def network(run: TrainingRun, request: NetworkRequest) -> NetworkResult:
    """The activations of all layers at a step of a text and up to three before it."""
    model = run.model
    sizes = [model.embedding_size, *model.hidden_sizes, model.layout.inputs]
    if sum(-(-size // request.cell) for size in sizes) > MAX_CELLS:
        raise UserError("network_replaced", "cell")
    trace, characters = _trace(model, request.text), model.vocabulary.tokenize(request.text)
    at = min(request.at, len(characters))
    first = max(0, at - COLUMNS + 1)
    vectors = model.named_parameters()["Wil"]
    states = [vectors[trace.inputs], *(layer.h for layer in trace.layers), trace.probabilities]
    squares = [_squares(rows[first : at + 1], _largest(rows), request.cell) for rows in states]
    return {
        **_result(run),
        "characters": characters,
        "at": at,
        "columns": [
            {
                "character": characters[t - 1] if t else "",
                "layers": [rows[t - first] for rows in squares],
                "likeliest": _top_predictions(model, trace.probabilities[t]),
            }
            for t in range(first, at + 1)
        ],
    }


def _squares(rows: FloatArray, scale: float, cell: int) -> list[list[int]]:
    """Means of `cell` units each, of rows (steps, units), in percent of the scale."""
    edges = np.arange(0, rows.shape[1], cell)
    counts = np.diff(np.append(edges, rows.shape[1]))
    means = np.add.reduceat(rows, edges, axis=1) / counts  # (steps, squares)
    squares: list[list[int]] = _whole(means / scale * PERCENT, PERCENT).tolist()
    return squares


def _as_bytes(activations: FloatArray, scale: float) -> npt.NDArray[np.int8]:
    return _whole(activations / scale * BYTE_SCALE, BYTE_SCALE).astype(np.int8)


def _whole(numbers: FloatArray, limit: int) -> npt.NDArray[np.int64]:
    """The numbers rounded and clipped to -limit..limit; 0 for NaN."""
    return np.clip(np.rint(np.nan_to_num(numbers)), -limit, limit).astype(np.int64)


def _largest(activations: FloatArray) -> float:
    finite = np.abs(activations[np.isfinite(activations)])
    return max(float(finite.max(initial=0.0)), MIN_RANGE)


# ------------------------------------------------------------------ parameters


def embeddings(run: TrainingRun, _request: EmbeddingsRequest) -> EmbeddingsResult:
    """The letter vectors, projected on a plane."""
    vectors = run.model.named_parameters()["Wil"]
    found = project_embeddings(vectors)
    if found is None:
        raise UserError("network_diverged")
    points, (first, second) = found.points[:MAX_LETTERS], found.explained_variance_ratio
    return {
        **_result(run),
        "letters": ["", *run.model.vocabulary.chars][: len(points)],
        "points": [(_significant(x), _significant(y)) for x, y in points],
        "shares": (_rounded(first), _rounded(second)),
        "left_out": len(vectors) - len(points),
    }


def weights(run: TrainingRun, request: WeightsRequest) -> WeightsResult:
    """Statistics of some matrices; records the next update for the following request."""
    model, trainer = run.model, run.trainer
    _check_layer(request.layer, model)
    trainer.record_next_update()
    update = trainer.last_update
    sizes = model.layout.views(update.relative_change) if update else {}
    matrices = model.named_parameters()
    names = ["Wil", *_layer_names(model.cell, request.layer - 1), "Whd", "bd"]
    return {
        **_result(run),
        "matrices": [_matrix(name, matrices[name], sizes.get(name)) for name in names],
        "change_at": update.step if update else None,
        "clipped": None if trainer.clip_fraction is None else _significant(trainer.clip_fraction),
        "clips_norm": trainer.clips_by_norm,
    }


def _layer_names(kind: str, layer: int) -> list[str]:
    """The names of a layer's matrices in the saved JSON."""
    return [f"{name}{layer}" for gate in CELLS[kind].gates for name in vars(gate).values() if name]


def _matrix(name: str, matrix: FloatArray, sizes: FloatArray | None) -> MatrixStats:
    numbers = subsample(matrix)
    changes = None if sizes is None else subsample(sizes)
    return {
        "name": name,
        "shape": (matrix.shape[0], matrix.shape[1]),
        "spread": _significant(math.sqrt(float(np.mean(numbers**2)))),
        "weights": _serialize(symmetric_histogram(numbers)),
        "change": _median(changes),
        "changes": None if changes is None else _serialize(log10_histogram(changes)),
    }


def _median(changes: FloatArray | None) -> float | None:
    if changes is None or np.isnan(changes).all():
        return None
    return _finite(_significant(float(np.nanmedian(changes))))


def _serialize(found: Histogram) -> HistogramResult:
    low, high = _significant(found.low), _significant(found.high)
    return {"low": low, "high": high, "counts": found.counts.tolist()}


# ------------------------------------------------------------------ helpers


def _result(run: TrainingRun) -> InspectionResult:
    return {"ok": True, "steps": run.trainer.totals.steps, "took": 0.0}


def _significant(number: float) -> float:
    """The number with four significant digits; 0 if it is not finite."""
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else 0.0


def _rounded(number: float, decimals: int = DIGITS) -> float:
    """The number rounded to some decimals; 0 if it is not finite."""
    return round(float(number), decimals) if math.isfinite(number) else 0.0


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _check_layer(layer: int, model: CharModel) -> None:
    count = len(model.hidden_sizes)
    if layer > count:
        raise UserError("no_such_layer", "layer", number=layer, count=count)


HANDLERS: Mapping[type[Payload], Callable[[TrainingRun, Any], InspectionResult]] = {
    SurprisalRequest: surprisal,
    UnitsRequest: units,
    FindUnitsRequest: find_units,
    EmbeddingsRequest: embeddings,
    WeightsRequest: weights,
    NetworkRequest: network,
}
"""The handler of each request."""
