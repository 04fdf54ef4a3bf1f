"""Models as the JSON that people keep."""

from __future__ import annotations

import json

from app.refusal import Refusal
from model import ModelError
from model.saved import SavedModel, read_model


def saved_of(text: str) -> SavedModel:
    """The model that a JSON holds.

    Raises:
        Refusal: it is no model.
    """
    try:
        return read_model(text)
    except ModelError as error:
        raise Refusal(str(error), "json") from None


def json_of(saved: SavedModel) -> str:
    """A model as JSON.

    Written piece by piece: in one go, the interpreter would be busy until the last weight is out,
    and with it the thread that serves everybody.

    Raises:
        Refusal: the network has run off.
    """
    try:
        mapping = saved.to_json()
    except ModelError as error:
        raise Refusal(str(error), "json") from None
    return "".join(json.JSONEncoder(separators=(",", ":")).iterencode(mapping))
