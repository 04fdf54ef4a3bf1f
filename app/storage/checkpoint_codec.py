"""Serialization of checkpoints: small values as JSON, large ones as npz arrays, texts as UTF-8.

Nothing is unpickled, so that access to the database does not allow code execution.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from app.protocol.hyperparameters import Hyperparameters
from app.storage.errors import DamagedCheckpoint, NewerCheckpoint
from app.training.checkpoint import Checkpoint
from app.training.curve import CurvePoint
from model import Adam, AdamW, CharModel, ModelError, TrainingStats, Vocabulary
from model.formats.checkpoint import ModelCheckpoint
from model.network import ParameterLayout
from model.training.optimizers import Optimizer, RMSProp
from model.training.validation import BestWeights

FORMAT = 4
"""Increases with every change of the format, except in the hyperparameters."""
MIN_FORMAT = 1
"""The oldest format that can be decoded."""
MISMATCH = "the checksum does not match"

DECODE_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    ModelError,
    NotImplementedError,  # raised by zipfile for an unknown compression method
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""The exceptions that decoding damaged bytes raises."""

SAMPLER_LISTS = ("order", "sizes", "state")
"""The lists in the state of a sampler: sentences and batches to come, or the states of streams."""

Array = npt.NDArray[Any]


class Encoded(NamedTuple):
    """A serialized checkpoint without its text, which is stored once for all that have it.

    Attributes:
        state: the small values, as JSON.
        arrays: the large values, as npz.
    """

    state: bytes
    arrays: bytes


def digest_of(data: bytes) -> bytes:
    """The SHA-256 of data."""
    return hashlib.sha256(data).digest()


def encode_text(text: str) -> bytes:
    """The text as UTF-8, with three bytes for a lone surrogate."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(encoded: bytes) -> str:
    """The text of these bytes.

    Raises:
        DamagedCheckpoint: they are no text.
    """
    try:
        return encoded.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise DamagedCheckpoint(f"its text is damaged: {error.reason}") from error


def encode(checkpoint: Checkpoint) -> Encoded:
    """The serialized checkpoint; `decode` is the inverse."""
    saved = checkpoint.saved
    arrays: dict[str, Array] = {
        "flat": saved.model.params,  # (parameters,)
        "points": _encode_points(checkpoint.points),
    }
    state = {
        "format": FORMAT,
        "version": checkpoint.version,
        "options": checkpoint.options.to_json(),
        "seed": checkpoint.seed,
        "learning": checkpoint.learning,
        "learning_rate": checkpoint.learning_rate,
        "set_rate": checkpoint.set_rate,
        "rate_since": checkpoint.rate_since,
        "temperature": checkpoint.temperature,
        "network": {
            "kind": saved.model.cell,
            "hidden_sizes": [int(size) for size in saved.model.hidden_sizes],
            "letter_size": int(saved.model.embedding_size),
            "vocabulary": list(saved.model.vocabulary.chars),
        },
        "best": _encode_best(saved.best, arrays),
        "solver": _encode_solver(saved.optimizer, arrays),
        "order": _encode_order(saved.sampler_state, arrays, saved.model.params.dtype),
        "totals": asdict(checkpoint.totals),
        "curve": {"version": checkpoint.curve_version, "interval": checkpoint.curve_interval},
    }
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return Encoded(json.dumps(state).encode(), out.getvalue())


def decode(session_id: str, encoded: Encoded, text: str) -> Checkpoint:
    """The deserialized checkpoint, with its text.

    Raises:
        NewerCheckpoint: a newer version of charnn wrote them.
        DamagedCheckpoint: they are not whole.
    """
    try:
        state = json.loads(encoded.state)
        if state["format"] > FORMAT:
            raise NewerCheckpoint(
                f"it has format {state['format']!r}; this version reads up to {FORMAT}"
            )
        if state["format"] < MIN_FORMAT:
            raise DamagedCheckpoint(f"it has format {state['format']!r}")
        with np.load(io.BytesIO(encoded.arrays), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _checkpoint(session_id, state, arrays, text)
    except DECODE_ERRORS as error:
        raise DamagedCheckpoint(f"{type(error).__name__}, {error}") from error


def decode_row(session_id: str, row: Any) -> Checkpoint:
    """The checkpoint of a row with the columns of `Encoded`, its text, and digests of both.

    Raises:
        DamagedCheckpoint: it cannot be read.
    """
    if row.text is None:
        raise DamagedCheckpoint("its text is missing")
    encoded, text = Encoded(bytes(row.state), bytes(row.arrays)), bytes(row.text)
    _check(encoded.state, row.state_digest)  # the arrays bring checksums of their own
    _check(text, row.text_digest)
    return decode(session_id, encoded, decode_text(text))


def _check(data: bytes, digest: bytes | None) -> None:
    """Compare data with their digest; rows of the first revision have none.

    Raises:
        DamagedCheckpoint: they differ.
    """
    if digest is not None and digest_of(data) != bytes(digest):
        raise DamagedCheckpoint(MISMATCH)


def _checkpoint(
    session_id: str, state: Mapping[str, Any], arrays: Mapping[str, Array], text: str
) -> Checkpoint:
    network = state["network"]
    vocabulary = Vocabulary(network["vocabulary"])
    hidden_sizes = tuple(network["hidden_sizes"])
    layout = ParameterLayout(network["kind"], len(vocabulary), network["letter_size"], hidden_sizes)
    flat = _of_length(arrays["flat"], layout)
    options = Hyperparameters.from_json(state["options"])
    return Checkpoint(
        session_id=session_id,
        version=state["version"],
        text=text,
        options=options,
        learning=state["learning"],
        learning_rate=state["learning_rate"],
        set_rate=state.get("set_rate", state["learning_rate"]),
        rate_since=state.get("rate_since", 0.0),
        temperature=state["temperature"],
        saved=ModelCheckpoint(
            CharModel(vocabulary, layout, flat, options.mode),
            _decode_solver(state["solver"], arrays, layout),
            _decode_order(state["order"], arrays),
            best=_decode_best(state.get("best"), arrays, layout),
        ),
        totals=TrainingStats(**state["totals"]),
        curve_version=state["curve"]["version"],
        curve_interval=state["curve"]["interval"],
        points=tuple(_point(row) for row in arrays["points"].tolist()),
        seed=state.get("seed"),
    )


def _encode_points(points: Sequence[CurvePoint]) -> Array:
    """The points as an array (points, fields), with NaN for None."""
    rows = [[math.nan if value is None else value for value in point] for point in points]
    return np.array(rows, dtype=np.float64).reshape(-1, len(CurvePoint._fields))


def _point(row: list[float]) -> CurvePoint:
    """The point of a row; older formats lack the last fields."""
    step, epoch, seconds, cost, predictions, *more = row
    optional = [None if math.isnan(value) else value for value in more]
    return CurvePoint(int(step), epoch, seconds, cost, int(predictions), *optional)


def _encode_solver(solver: Optimizer | None, arrays: dict[str, Array]) -> dict[str, Any] | None:
    if solver is None:
        return None
    arrays["step_cache"] = solver.square_avg  # (parameters,)
    state = {
        "name": solver.name,
        "decay_rate": solver.beta2 if isinstance(solver, Adam) else solver.alpha,
        "smooth_eps": solver.eps,
        "steps": solver.steps,
    }
    if isinstance(solver, Adam):
        arrays["step_mean"] = solver.grad_avg  # (parameters,)
        state["mean_decay"] = solver.beta1
    return state


def _decode_solver(
    state: Mapping[str, Any] | None, arrays: Mapping[str, Array], layout: ParameterLayout
) -> Optimizer | None:
    if state is None:
        return None
    square_avg = _of_length(arrays["step_cache"], layout)
    rest = state["decay_rate"], state["smooth_eps"], state["steps"]
    if state["name"] == RMSProp.name:
        return RMSProp(square_avg, *rest)
    grad_avg = _of_length(arrays["step_mean"], layout)
    kind = AdamW if state["name"] == AdamW.name else Adam
    return kind(grad_avg, square_avg, state["mean_decay"], *rest)


def _encode_order(
    order: Mapping[str, Any] | None, arrays: dict[str, Array], dtype: npt.DTypeLike
) -> Any:
    """The state of a sampler without its lists, which become arrays; states are of this dtype."""
    if order is None:
        return None
    lists = {name: value for name, value in order.items() if isinstance(value, list)}
    for name, value in lists.items():
        arrays[name] = np.array(value, dtype if name == "state" else np.int64)
    return {name: value for name, value in order.items() if name not in lists}


def _decode_order(state: Any, arrays: Mapping[str, Array]) -> Mapping[str, Any] | None:
    if state is None:
        return None
    lists = {name: arrays[name].tolist() for name in SAMPLER_LISTS if name in arrays}
    return {**state, **lists}


def _encode_best(best: BestWeights | None, arrays: dict[str, Array]) -> dict[str, Any] | None:
    if best is None:
        return None
    arrays["best"] = best.params  # (parameters,)
    return {name: value for name, value in vars(best).items() if name != "params"}


def _decode_best(
    state: Mapping[str, Any] | None, arrays: Mapping[str, Array], layout: ParameterLayout
) -> BestWeights | None:
    return None if state is None else BestWeights(_of_length(arrays["best"], layout), **state)


def _of_length(numbers: Array, layout: ParameterLayout) -> Array:
    if numbers.shape != (layout.num_parameters,):
        raise ValueError(f"{numbers.shape} numbers for {layout.num_parameters} parameters")
    return numbers
