"""The models that charnn ships are what their cards say."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.catalog import pretrained, texts
from app.catalog.pretrained import CARDS, Card
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.limits import Limits
from app.protocol.requests import Learn, LoadPretrained
from app.sessions.memory_budget import MemoryBudget
from app.sessions.preparation import PRETRAINED_LEARNING_RATE
from app.sessions.session import Session
from model import CharModel, compile_kernels, sentences_from_text, train_validation_split
from model.training.validation import Validator
from tools import make_pretrained as make

CARDS_SHIPPED = list(pretrained.cards().values())
SHORT = replace(make.PLANS[0], name="short", hidden_sizes=(8,), epochs=2)


def test_the_first_is_of_the_originals_size_and_a_larger_one_is_better() -> None:
    first, *others = CARDS_SHIPPED
    assert (first.kind, first.hidden_sizes) == ("lstm", (100,))
    assert first.held_out_perplexity <= 4.0
    larger = [card for card in others if card.weights > first.weights]
    assert min(card.held_out_perplexity for card in larger) < first.held_out_perplexity


def test_they_are_stored_without_the_state_of_their_optimizer() -> None:
    for card in CARDS_SHIPPED:
        assert pretrained.saved_model(card.name).optimizer is None


@pytest.mark.parametrize("card", CARDS_SHIPPED, ids=lambda card: card.name)
def test_a_card_says_what_its_model_is(card: Card) -> None:
    saved = pretrained.saved_model(card.name)
    train, held_out = train_validation_split(sentences_from_text(texts.text(card.text)))
    assert (saved.model.cell, saved.model.hidden_sizes) == (card.kind, card.hidden_sizes)
    assert saved.model.num_parameters == card.weights
    assert (len(train), len(held_out)) == (card.sentences, card.held_out_sentences)
    assert saved.model.perplexity(train) == pytest.approx(card.perplexity, abs=0.002)
    assert saved.model.perplexity(held_out) == pytest.approx(card.held_out_perplexity, rel=0.001)


@pytest.mark.parametrize("card", CARDS_SHIPPED, ids=lambda card: card.name)
@pytest.mark.parametrize("name", ["its own", "recipes", "two lines"])
def test_it_is_loaded_and_trains_with_the_default_limits(card: Card, name: str) -> None:
    """On its own text, and on others, which it may predict worse than by guessing.

    Each stretch is a single step, as on a busy server.
    """
    compile_kernels(card.kind, "rmsprop")
    given = {"its own": card.text, "recipes": "recipes"}.get(name)
    text = texts.text(given) if given else "one step\nthen on"
    limits = Limits()
    session = Session("ann", MemoryBudget(limits.weights, limits.memory))
    session.carry_out(Learn(text=text, options=Hyperparameters()))
    session.carry_out(LoadPretrained(name=card.name))
    for _ in range(10):
        session.train(0)
    snapshot = session.snapshot()
    assert (snapshot.steps, snapshot.status, snapshot.pause_reason) == (10, "learning", None)
    assert (snapshot.learning_rate, snapshot.rollbacks) == (PRETRAINED_LEARNING_RATE, 0)
    assert [each.code for each in snapshot.notices if each.level == "error"] == []
    if name == "its own":
        assert snapshot.perplexity is not None
        assert snapshot.perplexity < 2 * card.perplexity


def test_most_of_what_the_first_writes_are_words_of_its_text() -> None:
    known = set(re.findall(r"[a-z']+", texts.text()))
    model = pretrained.saved_model(CARDS_SHIPPED[0].name).model
    samples = [model.sample(0.5, seed=seed) for seed in range(100)]
    words = [word for sample in samples for word in re.findall(r"[a-z']+", sample)]
    assert len(words) > 500
    assert sum(word in known for word in words) / len(words) >= 0.9


def test_a_pretrained_model_is_a_copy_of_the_caller_s_own() -> None:
    name = CARDS_SHIPPED[0].name
    one, other = pretrained.saved_model(name), pretrained.saved_model(name)
    one.model.params[:] = 0
    assert other.model.params.any()
    assert pretrained.saved_model(name).model.params.any()


def test_a_model_is_made_the_same_again() -> None:
    one, card = make.make(SHORT)
    other, _ = make.make(SHORT)
    assert one == other
    assert (card.epochs, card.best_epoch) == (2, 2)


def test_the_epoch_with_the_best_validation_perplexity_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[float] = []
    losses = Validator._losses

    def worse_each_time(validator: Validator, begin: int, end: int) -> tuple[float, int]:
        loss, predictions = losses(validator, begin, end)
        seen.append(loss / predictions)
        return loss + len(seen) * predictions, predictions

    monkeypatch.setattr(Validator, "_losses", worse_each_time)
    _, card = make.make(SHORT)
    assert card.best_epoch == 1
    assert card.held_out_perplexity == pytest.approx(math.exp(seen[0]), rel=0.001)
    assert seen[1] < seen[0] - 0.1


def test_models_are_written_with_their_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "PLANS", (SHORT,))
    done = CliRunner().invoke(make.main, ["--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    (card,) = json.loads((tmp_path / CARDS).read_text())
    model = CharModel.from_json((tmp_path / "short.json").read_bytes())
    train = train_validation_split(sentences_from_text(texts.text())).train
    assert model.perplexity(train) == pytest.approx(card["perplexity"], abs=0.001)
