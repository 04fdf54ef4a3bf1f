"""Models as JSON, in the structure of the original demo (recurrentjs, 2014).

All variants of its files are read: `w` as a list of numbers or as an object keyed by position, as
browsers wrote typed arrays; without `solver`, as in the oldest files; with an empty `step_cache`,
as before the first step; with the matrices of an LSTM under the generator "rnn", as its first
version wrote them. Files are written with lists, and with `solver` if there is an optimizer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from model.errors import FormatError, ModelError, is_integer, is_number
from model.formats.best_weights import best_to_json, read_best
from model.formats.file_kinds import refuse_foreign_file, refuse_foreign_json
from model.kernels.types import FloatArray
from model.network import CELLS, Mode, Network, ParameterLayout, float_type
from model.text.sentences import BYTE_ORDER_MARK
from model.text.vocabulary import Vocabulary
from model.training.optimizers import Adam, AdamW, Optimizer, RMSProp
from model.training.state import MAX_STEPS, TrainingState
from model.training.validation import BestWeights

Json = Mapping[str, Any]

DIGITS_OF_FLOAT32 = 9  # significant digits that restore every float32 exactly
MIN_EPS = 1e-30  # a smaller one may be 0 in float32, so that a step is 0 / 0
DIGITS_SHOWN = 12  # longer numbers are not written out in a message
MAX_PATH = 4096  # characters


def serialize(
    network: Network,
    optimizer: Optimizer | None = None,
    sampler_state: Json | None = None,
    training: TrainingState | None = None,
    best: BestWeights | None = None,
) -> dict[str, Any]:
    """The network as dicts, lists, strings and numbers for JSON.

    The original ignores the entries that it does not know.

    Raises:
        FormatError: the network has diverged: JSON has no NaN or infinity.
    """
    check_finite(network)
    chars = network.vocabulary.chars
    saved: dict[str, Any] = {
        "hidden_sizes": [int(size) for size in network.hidden_sizes],
        "generator": network.cell,
        "letter_size": int(network.embedding_size),
        "model": _matrices_to_json(network.named_parameters()),
        "letterToIndex": dict(network.vocabulary.index),
        "indexToLetter": {str(i): char for i, char in enumerate(chars, start=1)},
        "vocab": list(chars),
    }
    if network.mode == "text":
        saved["mode"] = network.mode
    if optimizer is not None:
        saved["solver"] = _optimizer_to_json(optimizer, network.layout)
        if sampler_state is not None:
            saved["solver"]["order"] = dict(sampler_state)
        if training is not None:
            saved["solver"]["training"] = training.to_json()
    if best is not None:
        saved["best"] = best_to_json(best, network.layout)
    return saved


def check_finite(network: Network) -> None:
    """Check that all parameters are finite.

    Raises:
        FormatError: the network has diverged: it has NaN or infinite weights.
    """
    if not np.isfinite(network.params).all():
        raise FormatError("model_diverged")


def parse(
    saved: str | bytes | Json, dtype: npt.DTypeLike = np.float32, max_layers: int | None = None
) -> tuple[Network, Optimizer | None, Json | None, TrainingState | None, BestWeights | None]:
    """The fields of a `ModelCheckpoint` from a saved JSON, given as text or decoded.

    Raises:
        FormatError: it is invalid, or has more than `max_layers` layers; the message names the
            entry at fault.
    """
    dtype = float_type(dtype)
    decoded = saved if isinstance(saved, Mapping) else _decode(saved)
    refuse_foreign_json(decoded)
    vocabulary = _read_vocabulary(decoded)
    layout = _read_layout(decoded, vocabulary)
    if max_layers is not None and len(layout.hidden_sizes) > max_layers:
        raise FormatError("too_many_layers", count=len(layout.hidden_sizes), limit=max_layers)
    params = _read_matrices(_mapping(decoded, "model"), layout, "model", dtype)
    optimizer = _read_optimizer(decoded, layout, dtype)
    network = Network(vocabulary, layout, params, _read_mode(decoded))
    order, training = _read_sampler_state(decoded), _read_training(decoded)
    return network, optimizer, order, training, read_best(decoded.get("best"), layout, dtype)


def _optimizer_to_json(optimizer: Optimizer, layout: ParameterLayout) -> dict[str, Any]:
    """The three entries of the original, and others that it ignores."""
    saved: dict[str, Any] = {
        "decay_rate": optimizer.beta2 if isinstance(optimizer, Adam) else optimizer.alpha,
        "smooth_eps": optimizer.eps,
        "step_cache": _matrices_to_json(layout.views(optimizer.square_avg)),
    }
    if optimizer.steps is not None:
        saved["steps"] = optimizer.steps
    if isinstance(optimizer, Adam):
        saved["optimizer"] = optimizer.name
        saved["mean_decay"] = optimizer.beta1
        saved["step_mean"] = _matrices_to_json(layout.views(optimizer.grad_avg))
    return saved


def _matrices_to_json(matrices: Mapping[str, FloatArray]) -> dict[str, Any]:
    return {
        name: {"n": matrix.shape[0], "d": matrix.shape[1], "w": _numbers_to_json(matrix)}
        for name, matrix in matrices.items()
    }


def _numbers_to_json(matrix: FloatArray) -> list[float]:
    """The numbers by row, with the digits that their precision needs."""
    numbers: list[float] = matrix.ravel().tolist()
    if matrix.dtype != np.float32:
        return numbers
    return [float(f"{number:.{DIGITS_OF_FLOAT32}g}") for number in numbers]


def _decode(text: str | bytes) -> Json:
    if isinstance(text, str):
        text = text.removeprefix(BYTE_ORDER_MARK)  # some editors write it before the brace
        if _looks_like_a_path(text):
            raise FormatError("path_instead_of_json")
    elif isinstance(text, bytes):
        refuse_foreign_file(text)
    elif isinstance(text, os.PathLike):
        raise FormatError("path_instead_of_json")
    else:
        raise FormatError("json_not_an_object")
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError as error:
        raise FormatError("json_invalid", line=error.lineno, column=error.colno) from None
    except (RecursionError, ValueError):  # nested too deep, not UTF-8, a number of 5,000 digits
        raise FormatError("json_unreadable") from None
    if not isinstance(parsed, Mapping):
        raise FormatError("json_not_an_object")
    return parsed


def _looks_like_a_path(text: str) -> bool:
    return (
        len(text) <= MAX_PATH
        and text.strip().lower().endswith(".json")
        and not any(sign in text for sign in "{\n")
    )


def _mapping(parent: Json, key: str) -> Json:
    value = _entry(parent, key)
    if not isinstance(value, Mapping):
        raise FormatError("entry_not_an_object", key=key)
    return value


def _entry(parent: Json, key: str) -> Any:
    if key not in parent:
        raise FormatError("entry_missing", key=key)
    return parent[key]


def _read_vocabulary(parsed: Json) -> Vocabulary:
    """The characters in the order of their numbers in `letterToIndex`."""
    index = _mapping(parsed, "letterToIndex")
    numbers = {number: char for char, number in index.items() if is_integer(number)}
    if not all(isinstance(char, str) for char in index):
        raise FormatError("letters_not_strings")
    if not index or sorted(numbers) != list(range(1, len(index) + 1)):
        raise FormatError("letters_not_numbered")
    chars = [numbers[number] for number in sorted(numbers)]
    backwards = parsed.get("indexToLetter")
    if backwards is not None and backwards != {str(i): c for i, c in enumerate(chars, start=1)}:
        raise FormatError("letters_contradict", key="indexToLetter")
    vocab = parsed.get("vocab")
    if vocab is not None and vocab != chars:
        raise FormatError("letters_contradict", key="vocab")
    return Vocabulary(chars)


def _read_layout(parsed: Json, vocabulary: Vocabulary) -> ParameterLayout:
    hidden_sizes, embedding_size = _entry(parsed, "hidden_sizes"), _entry(parsed, "letter_size")
    if not isinstance(hidden_sizes, list) or not all(map(is_integer, hidden_sizes)):
        raise FormatError("hidden_sizes_not_integers")
    if not is_integer(embedding_size):
        raise FormatError("letter_size_not_an_integer")
    cell = _entry(parsed, "generator")
    if not isinstance(cell, str) or cell not in CELLS:
        raise FormatError("unknown_generator", known=" or ".join(sorted(CELLS)))
    if cell == "rnn" and "Wix0" in _mapping(parsed, "model"):
        cell = "lstm"  # the original's first version wrote "rnn" for either
    try:
        return ParameterLayout(cell, len(vocabulary), embedding_size, tuple(hidden_sizes))
    except ModelError as error:
        raise FormatError(error.code, **error.values) from None


def _read_mode(parsed: Json) -> Mode:
    mode = parsed.get("mode", "lines")
    if mode not in get_args(Mode):
        raise FormatError("mode_unknown", known=" or ".join(get_args(Mode)))
    return cast(Mode, mode)


def _read_optimizer(
    parsed: Json, layout: ParameterLayout, dtype: npt.DTypeLike
) -> Optimizer | None:
    """The optimizer; None if it has no state. Without `steps` there is no bias correction."""
    if not parsed.get("solver"):
        return None
    solver = _mapping(parsed, "solver")
    if not solver.get("step_cache"):
        return None
    square_avg = _read_matrices(_mapping(solver, "step_cache"), layout, "step_cache", dtype)
    if square_avg.min() < 0:
        raise FormatError("step_cache_negative")
    decay = _read_decay(solver, "decay_rate", 0.999)
    eps = solver.get("smooth_eps", 1e-8)
    if not (is_number(eps) and MIN_EPS <= eps <= 1):
        raise FormatError("smooth_eps_out_of_range", least=MIN_EPS)
    steps = solver.get("steps")
    if steps is not None and not (is_integer(steps) and 0 <= steps <= MAX_STEPS):
        raise FormatError("steps_not_a_count")
    if not solver.get("step_mean"):
        return RMSProp(square_avg, decay, float(eps), steps)
    grad_avg = _read_matrices(_mapping(solver, "step_mean"), layout, "step_mean", dtype)
    beta1 = _read_decay(solver, "mean_decay", 0.9)
    kind = AdamW if solver.get("optimizer") == AdamW.name else Adam
    return kind(grad_avg, square_avg, beta1, decay, float(eps), steps or 0)


def _read_decay(solver: Json, key: str, default: float) -> float:
    decay = solver.get(key, default)
    if not (is_number(decay) and 0 <= decay < 1):
        raise FormatError("decay_out_of_range", key=key)
    return float(decay)


def _read_sampler_state(parsed: Json) -> Json | None:
    """The state of the sampler, as its `state_dict` returns it."""
    order = _solver_entry(parsed, "order")
    if order is None:
        return None
    if isinstance(order, Mapping) and "windows" in order:  # running text; checked when it is used
        return dict(order)
    sound = (
        isinstance(order, Mapping)
        and is_integer(order.get("sentences"))
        and _are_whole(order.get("order"))
        and _are_whole(order.get("sizes"))
        and isinstance(order.get("random"), Mapping)
        and all(isinstance(number, str) for number in order["random"].values())
    )
    if not sound:
        raise FormatError("order_damaged")
    return dict(order)


def _read_training(parsed: Json) -> TrainingState | None:
    training = _solver_entry(parsed, "training")
    return None if training is None else TrainingState.from_json(training)


def _solver_entry(parsed: Json, key: str) -> Any:
    """An entry of `solver`; None if either is missing."""
    solver = parsed.get("solver")
    return solver.get(key) if isinstance(solver, Mapping) else None


def _are_whole(values: Any) -> bool:
    return isinstance(values, list) and all(map(is_integer, values))


def _read_matrices(
    matrices: Json, layout: ParameterLayout, where: str, dtype: npt.DTypeLike
) -> FloatArray:
    """All matrices of the layout as one flat vector."""
    # Checked before allocation, against files that claim huge sizes.
    held = sum(len(m["w"]) for m in matrices.values() if _holds_numbers(m))
    if held < layout.num_parameters:
        _name_missing(matrices, layout, where)
    params = np.zeros(layout.num_parameters, dtype=dtype)  # (parameters,)
    for name, view in layout.views(params).items():
        if name not in matrices:
            raise FormatError("matrix_missing", where=where, matrix=name)
        with np.errstate(over="ignore"):  # too large for float32: found below
            view[:] = _read_matrix(matrices[name], view.shape, f"{where}.{name}")
    if not np.isfinite(params).all():
        raise FormatError("weight_too_large", where=where)
    return params


def _name_missing(matrices: Json, layout: ParameterLayout, where: str) -> None:
    """Raise the error for the first missing or incomplete matrix."""
    for name, shape in layout.shapes():
        if name not in matrices:
            raise FormatError("matrix_missing", where=where, matrix=name)
        _check_shape(matrices[name], shape, f"{where}.{name}")


def _holds_numbers(matrix: Any) -> bool:
    return isinstance(matrix, Mapping) and isinstance(matrix.get("w"), (list, Mapping))


def _check_shape(matrix: Any, shape: tuple[int, ...], place: str) -> None:
    rows, columns = shape
    if not _holds_numbers(matrix):
        raise FormatError("matrix_without_numbers", place=place)
    n, d = matrix.get("n"), matrix.get("d")
    if not (is_number(n) and is_number(d) and (n, d) == (rows, columns)):
        raise FormatError(
            "matrix_shape_mismatch",
            place=place,
            rows=_shown(rows),
            columns=_shown(columns),
            n=_shown(n),
            d=_shown(d),
        )
    if len(matrix["w"]) != rows * columns:
        expected, held = _shown(rows * columns), len(matrix["w"])
        raise FormatError("matrix_size_mismatch", place=place, expected=expected, held=held)


def _read_matrix(matrix: Any, shape: tuple[int, ...], place: str) -> npt.NDArray[np.float64]:
    _check_shape(matrix, shape, place)
    numbers = matrix["w"]
    if isinstance(numbers, Mapping):
        try:
            numbers = [numbers[str(position)] for position in range(len(numbers))]
        except KeyError as error:
            position = error.args[0]
            raise FormatError("matrix_number_missing", place=place, position=position) from None
    if not all(map(is_number, numbers)):
        raise FormatError("matrix_not_numeric", place=place)
    try:
        values = np.array(numbers, dtype=np.float64)
    except OverflowError:
        values = np.array([np.inf])
    if not np.isfinite(values).all():
        raise FormatError("matrix_not_finite", place=place)
    return values.reshape(shape)


def _shown(size: Any) -> str:
    """A size for a message; in a file it may be any value."""
    if not is_number(size):
        return "no number"
    if not abs(size) < 10**DIGITS_SHOWN:
        return "a huge number"
    return str(size)
