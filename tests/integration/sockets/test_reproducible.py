"""The same seed gives the same network on the page, on the command line and in the library."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from app.cli.params import as_typed
from app.protocol.fields import as_entered
from app.protocol.hyperparameters import Hyperparameters
from model import CharModel, Trainer, TrainingConfig, Vocabulary, sentences_from_text
from tests.support.app_server import Client
from tests.support.command_line import charnn

TEXT = "\n".join(f"sentence {number} of a text" for number in range(120))  # 5 % validate
OPTIONS = Hyperparameters(hidden_sizes=(6,), letter_size=3, schedule="halve", schedule_epochs=0.5)


class Trained(NamedTuple):
    """A network that trained on the page.

    Attributes:
        model: the network.
        steps: that it has taken.
        seed: that the page shows.
    """

    model: CharModel
    steps: int
    seed: int


def train_on_page(client: Client, seed: int | None) -> Trained:
    """Train in the time slices of the server, and pause somewhere in the second epoch or later."""
    tab = client.open_tab()
    first = tab.newest("version")
    options = {**OPTIONS.to_json(), "seed": seed}
    assert tab.ask("learn", {"text": TEXT, "options": options}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("version") > first)
    tab.wait_for_steps(more_than=150)
    assert tab.ask("pause") == {"ok": True}
    tab.wait_for(lambda: tab.newest("status") == "paused")
    model = CharModel.from_json(client.get("/api/model.json").data)
    return Trained(model, tab.newest("steps"), tab.newest("seed"))


def train_in_library(steps: int, seed: int) -> CharModel:
    sentences = sentences_from_text(TEXT)
    model = CharModel.create(
        Vocabulary.from_sentences(sentences), **OPTIONS.of("network"), seed=seed
    )
    config = TrainingConfig(**{**OPTIONS.of("training"), "seed": seed})
    Trainer(model, sentences, config).train(steps)
    return model


def test_page_command_line_and_library_train_the_same_network(
    client: Client, tmp_path: Path
) -> None:
    on_page, steps, shown = train_on_page(client, seed=4711)
    assert shown == 4711
    corpus, out = tmp_path / "corpus.txt", tmp_path / "model.json"
    corpus.write_text(TEXT)
    options = [
        word
        for name, value in {**OPTIONS.to_json(), "seed": 4711}.items()
        for word in (as_typed(name), as_entered(tuple(value) if isinstance(value, list) else value))
    ]
    done = charnn("train", corpus, "--out", out, "--steps", steps, "--threads", 1, *options)
    assert done.exit_code == 0, done.output
    in_library = train_in_library(steps, 4711)
    np.testing.assert_array_equal(on_page.params, in_library.params)
    np.testing.assert_array_equal(CharModel.load(out).params, in_library.params)


def test_the_drawn_seed_that_is_shown_gives_the_same_network_again(client: Client) -> None:
    drawn, steps, shown = train_on_page(client, seed=None)
    np.testing.assert_array_equal(drawn.params, train_in_library(steps, shown).params)
