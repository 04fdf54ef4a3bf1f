"""Models as the JSON that people keep."""

from __future__ import annotations

import json

from app.errors import from_model
from model import ModelError
from model.formats.checkpoint import ModelCheckpoint, load_model

SMALL_MODEL = 50_000
"""Numbers of a model that are written within this process; about as many bytes of JSON."""


def saved_of(text: str) -> ModelCheckpoint:
    """The model that a JSON holds.

    Raises:
        UserError: it is no model.
    """
    try:
        return load_model(text)
    except ModelError as error:
        raise from_model(error, "json") from None


def json_of(saved: ModelCheckpoint) -> str:
    """A model as JSON.

    Written piece by piece: in one go, the interpreter would be busy until the last weight is out,
    and with it the thread that serves everybody.

    Raises:
        UserError: the network has diverged.
    """
    try:
        mapping = saved.to_json()
    except ModelError as error:
        raise from_model(error, "json") from None
    return "".join(json.JSONEncoder(separators=(",", ":")).iterencode(mapping))


def as_json(saved: ModelCheckpoint) -> bytes:
    """A model's JSON as a file holds it; a large one is for a process that keeps nobody waiting.

    Raises:
        UserError, ModelError: there is nothing to save.
    """
    return (json_of(saved) if is_small(saved) else _json_at_once(saved)).encode()


def is_small(saved: ModelCheckpoint) -> bool:
    """Whether a model is written so soon that its JSON may hold the interpreter's lock."""
    return numbers_of(saved) <= SMALL_MODEL


def numbers_of(saved: ModelCheckpoint) -> int:
    """The numbers of a model's JSON."""
    model, solver, order = saved
    memory = 0
    if solver is not None:
        memory = (2 if hasattr(solver, "step_mean") else 1) * model.params.size
    lists = [each for each in (order or {}).values() if isinstance(each, list)]
    return int(model.params.size) + memory + sum(map(len, lists))


def _json_at_once(saved: ModelCheckpoint) -> str:
    """As `json_of`, at once and so the faster: for a process that keeps nobody waiting."""
    return json.dumps(saved.to_json(), separators=(",", ":"))
