"""The pretrained models: saved JSON, each with a model card."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from model.formats.checkpoint import ModelCheckpoint, load_model

FOLDER = Path(__file__).parent / "data" / "pretrained"
CARDS = "cards.json"


@dataclass(frozen=True)
class Card:
    """A model card, written by `make pretrained`.

    Attributes:
        name: of the model's file, and in events.
        title: its name for people.
        text: the name of its training text.
        kind: the cell of its layers.
        hidden_sizes: units of each, bottom first.
        weights: its number of parameters.
        sentences: of the training set.
        held_out_sentences: of the same text, that it never saw.
        perplexity: of the training set, per prediction.
        held_out_perplexity: of those that it never saw.
        epochs: of training.
        learning_rate: at the beginning; it fell to a hundredth of that along a cosine.
        l2: strength of the regularisation.
        seed: of its first weights and of the order of its sentences.
        seconds: of training, on one core of the machine that made it.
    """

    name: str
    title: str
    text: str
    kind: str
    hidden_sizes: tuple[int, ...]
    weights: int
    sentences: int
    held_out_sentences: int
    perplexity: float
    held_out_perplexity: float
    epochs: int
    learning_rate: float
    l2: float
    seed: int
    seconds: float


def read(file_name: str) -> str:
    """A file of the folder data/pretrained."""
    return (files("app.catalog") / "data" / "pretrained" / file_name).read_text(encoding="utf-8")


def read_cards() -> list[Card]:
    """The cards of all models, in the order in which they are offered."""
    entries = json.loads(read(CARDS))
    return [Card(**{**entry, "hidden_sizes": tuple(entry["hidden_sizes"])}) for entry in entries]


def cards_as_json(cards: list[Card]) -> str:
    """The cards as `read_cards` reads them."""
    return json.dumps([asdict(card) for card in cards], indent=2) + "\n"


@cache
def cards() -> dict[str, Card]:
    """The models there are by their names, the first being the one to take when none is named."""
    return {card.name: card for card in read_cards()}


def saved_model(name: str) -> ModelCheckpoint:
    """A model by its name, which is one of `cards()`; a copy that is the caller's own."""
    model, solver, order = _read_once(name)
    return ModelCheckpoint(model.copy(), solver.copy() if solver else None, order)


def read_ahead() -> None:
    """Read all models in advance, so that loading one does not wait."""
    for name in cards():
        _read_once(name)


@cache
def _read_once(name: str) -> ModelCheckpoint:
    """Parsing JSON holds the GIL and blocks the server, so each model is read once."""
    return load_model(read(f"{name}.json"))
