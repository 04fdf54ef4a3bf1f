"""How the next character may be chosen, checked where it is asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from model.errors import SettingsError
from model.kernels.sampling import Choice
from model.network import is_size

if TYPE_CHECKING:
    from model.char_model import CharModel

LIKELIEST = Choice(temperature=0.0, top_k=1, top_p=1.0)
"""The likeliest character every time."""


def drawing(model: CharModel, temperature: float, top_k: int | None, top_p: float | None) -> Choice:
    """Drawing at a temperature, from the likeliest characters if any of the two is given.

    Raises:
        SettingsError: the temperature is not a number above 0, top_k not a whole number from 1 on,
            or top_p not a number above 0 and up to 1.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise SettingsError("invalid_temperature", "temperature", value=temperature)
    if not (top_k is None or is_size(top_k)):
        raise SettingsError("invalid_top_k", "top_k", value=top_k)
    if not (top_p is None or 0 < top_p <= 1):  # false for NaN
        raise SettingsError("invalid_top_p", "top_p", value=top_p)
    coldest = float(np.finfo(model.flat.dtype).tiny)  # less would be 0 to the kernel
    most = model.layout.inputs
    return Choice(
        max(float(temperature), coldest),
        most if top_k is None else min(int(top_k), most),
        1.0 if top_p is None else float(top_p),
    )
