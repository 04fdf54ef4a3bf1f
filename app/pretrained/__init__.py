"""The models that charnn brings along: saved JSON beside this file, each with a card."""

from __future__ import annotations

from functools import cache

from app.pretrained.card import Card, read, read_cards
from model.saved import SavedModel, read_model

__all__ = ["Card", "cards", "read_ahead", "saved_model"]


@cache
def cards() -> dict[str, Card]:
    """The models there are by their names, the first being the one to take when none is named."""
    return {card.name: card for card in read_cards()}


def saved_model(name: str) -> SavedModel:
    """A model by its name, which is one of `cards()`; a copy that is the caller's own."""
    model, solver, order = _read_once(name)
    return SavedModel(model.copy(), solver.copy() if solver else None, order)


def read_ahead() -> None:
    """Read all models, so that nobody waits for it who asks for one."""
    for name in cards():
        _read_once(name)


@cache
def _read_once(name: str) -> SavedModel:
    """Reading JSON keeps the interpreter busy, and with it whoever serves: once is enough."""
    return read_model(read(f"{name}.json"))
