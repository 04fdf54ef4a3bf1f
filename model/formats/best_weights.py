"""The best weights of a training as JSON, under a key that the original ignores.

The numbers of all matrices follow each other, row by row and in the order of the matrices in the
file, as base64: a third of the length of a list.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import FormatError, is_number
from model.kernels.types import FloatArray
from model.network import ParameterLayout
from model.training.validation import BestWeights

DTYPES = ("<f4", "<f8")


def best_to_json(best: BestWeights, layout: ParameterLayout) -> dict[str, Any]:
    """The best weights as strings and numbers."""
    weights = np.concatenate([matrix.ravel() for matrix in layout.views(best.params).values()])
    dtype = weights.dtype.newbyteorder("<")
    return {
        "loss": float(best.loss),
        "step": int(best.step),
        "epoch": float(best.epoch),
        "checksum": int(best.checksum),
        "dtype": dtype.str,
        "weights": base64.b64encode(weights.astype(dtype).tobytes()).decode("ascii"),
    }


def read_best(saved: Any, layout: ParameterLayout, dtype: npt.DTypeLike) -> BestWeights | None:
    """The best weights of a file; None if it has none.

    Raises:
        FormatError: they are invalid.
    """
    if saved is None:
        return None
    try:
        return BestWeights(
            _read_weights(saved, layout, dtype),
            _read_number(saved["loss"]),
            int(_read_number(saved["step"])),
            _read_number(saved["epoch"]),
            int(_read_number(saved["checksum"])),
        )
    except (KeyError, OverflowError, TypeError, ValueError):  # also of an invalid base64
        raise FormatError("best_damaged") from None


def _read_weights(saved: Any, layout: ParameterLayout, dtype: npt.DTypeLike) -> FloatArray:
    content = base64.b64decode(saved["weights"], validate=True)
    numbers = np.frombuffer(content, DTYPES[DTYPES.index(saved["dtype"])])
    params = np.zeros(layout.num_parameters, dtype)  # (parameters,)
    at = 0
    for matrix in layout.views(params).values():
        matrix[:] = numbers[at : at + matrix.size].reshape(matrix.shape)
        at += matrix.size
    if at != numbers.size or not np.isfinite(params).all():
        raise ValueError
    return params


def _read_number(value: Any) -> float:
    if not (is_number(value) and 0 <= value < math.inf):
        raise ValueError
    return float(value)
