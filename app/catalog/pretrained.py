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
        name: name of the model's file, and in events.
        title: displayed name.
        text: name of the training text.
        kind: cell type of the layers.
        hidden_sizes: units of each layer, lowest first.
        weights: number of weights.
        sentences: size of the training set.
        held_out_sentences: size of the validation set.
        perplexity: training perplexity.
        held_out_perplexity: validation perplexity.
        epochs: epochs of training.
        best_epoch: the epoch with the best validation perplexity, after which the weights are kept.
        optimizer: name of the optimizer.
        learning_rate: initial learning rate, with a cosine schedule.
        batch_size: sentences of a step.
        dropout: share of the outputs of each layer that training left out.
        seed: random seed of the initial weights and the order of the sentences.
        seconds: training time, on one core.
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
    best_epoch: int
    optimizer: str
    learning_rate: float
    batch_size: int
    dropout: float
    seed: int
    seconds: float


def read(file_name: str) -> str:
    """The content of a file in data/pretrained."""
    return (files("app.catalog") / "data" / "pretrained" / file_name).read_text(encoding="utf-8")


def read_cards() -> list[Card]:
    """The cards of all models, in the order of the page."""
    entries = json.loads(read(CARDS))
    return [Card(**{**entry, "hidden_sizes": tuple(entry["hidden_sizes"])}) for entry in entries]


def cards_as_json(cards: list[Card]) -> str:
    """The cards as JSON; `read_cards` is the inverse."""
    return json.dumps([asdict(card) for card in cards], indent=2) + "\n"


@cache
def cards() -> dict[str, Card]:
    """The cards by name; the first model is the default."""
    return {card.name: card for card in read_cards()}


def saved_model(name: str) -> ModelCheckpoint:
    """A copy of the model with this name, one of `cards()`."""
    return _read_once(name).copy()


def read_ahead() -> None:
    """Read all models in advance, so that loading one is fast."""
    for name in cards():
        _read_once(name)


@cache
def _read_once(name: str) -> ModelCheckpoint:
    """A cached model: parsing JSON holds the GIL, which blocks the server."""
    return load_model(read(f"{name}.json"))
