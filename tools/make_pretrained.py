"""Train the pretrained models of charnn: `make pretrained`.

A seed gives the same model on the same machine, and nearly the same model on another.
"""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from app.catalog import texts
from app.catalog.pretrained import CARDS, FOLDER, Card, cards_as_json
from app.protocol.hyperparameters import Hyperparameters
from app.training.run import TrainingRun
from model import (
    CharModel,
    compile_kernels,
    sentences_from_text,
    train_validation_split,
)
from model.formats.files import write_file
from model.training.config import OptimizerName
from model.training.stats import TrainingStats

SEED = 1
OPTIMIZER: OptimizerName = "adam"
DIGITS = 4
"""Significant digits of a stored weight. More change no digit of the perplexities on the cards."""


@dataclass(frozen=True)
class Plan:
    """The sizes and hyperparameters of a pretrained model."""

    name: str
    title: str
    hidden_sizes: tuple[int, ...]
    dropout: float
    epochs: int
    learning_rate: float
    batch_size: int = 8
    letter_size: int = 16

    @property
    def options(self) -> Hyperparameters:
        """The training options."""
        return Hyperparameters(
            hidden_sizes=self.hidden_sizes,
            letter_size=self.letter_size,
            batch_size=self.batch_size,
            dropout=self.dropout,
            optimizer=OPTIMIZER,
            learning_rate=self.learning_rate,
            schedule="cosine",
            schedule_epochs=self.epochs,
            seed=SEED,
        )


PLANS = (
    Plan("lstm-100", "One layer of 100 units", (100,), 0.1, 16, 0.006),
    Plan("lstm-200", "One layer of 200 units", (200,), 0.3, 14, 0.004),
)
"""The first has the size of the original."""


def make(plan: Plan) -> tuple[dict[str, Any], Card]:
    """The saved model of a plan, and its card.

    The model is that of the epoch with the best validation perplexity, without the state of its
    optimizer.
    """
    trainer = TrainingRun.create(texts.text(), plan.options, 0).trainer
    for _ in range(plan.epochs):
        trainer.train(math.ceil(trainer.sentence_count / plan.batch_size))
        if trainer.validation is not None:
            trainer.validation.evaluate()
    best, model = trainer.best, trainer.best_model()
    if best is None or model is None:
        raise ValueError("the text is too short to hold out sentences")
    saved = _shortened(model.to_json())
    return saved, _card_of(plan, CharModel.from_json(saved), round(best.epoch), trainer.totals)


def _shortened(saved: dict[str, Any]) -> dict[str, Any]:
    """The saved model with weights of `DIGITS` digits."""
    for matrix in saved["model"].values():
        matrix["w"] = [float(f"{weight:.{DIGITS}g}") for weight in matrix["w"]]
    return saved


def _card_of(plan: Plan, model: CharModel, best_epoch: int, totals: TrainingStats) -> Card:
    train, held_out = train_validation_split(sentences_from_text(texts.text()))
    return Card(
        name=plan.name,
        title=plan.title,
        text=texts.STARTING_TEXT,
        kind=model.cell,
        hidden_sizes=plan.hidden_sizes,
        weights=model.num_parameters,
        sentences=len(train),
        held_out_sentences=len(held_out),
        perplexity=round(model.perplexity(train), 3),
        held_out_perplexity=round(model.perplexity(held_out), 3),
        epochs=plan.epochs,
        best_epoch=best_epoch,
        optimizer=OPTIMIZER,
        learning_rate=plan.learning_rate,
        batch_size=plan.batch_size,
        dropout=plan.dropout,
        seed=SEED,
        seconds=round(totals.seconds, 1),
    )


@click.command()
@click.option(
    "--out",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=FOLDER,
    help="Folder for the models and their cards; the package's own by default.",
)
def main(folder: Path) -> None:
    """Train every model on its own core, and write the models and their cards."""
    compile_kernels("lstm", OPTIMIZER, "dropout")
    with ThreadPoolExecutor(len(PLANS)) as threads:
        made = list(threads.map(make, PLANS))
    for saved, card in made:
        write_file(folder / f"{card.name}.json", json.dumps(saved).encode())
        click.echo(
            f"{card.title}: perplexity {card.perplexity} on {card.sentences} sentences, "
            f"{card.held_out_perplexity} on {card.held_out_sentences} held out, "
            f"after {card.best_epoch} of {card.epochs} epochs in {card.seconds:.0f} s"
        )
    write_file(folder / CARDS, cards_as_json([card for _, card in made]).encode())


if __name__ == "__main__":
    main()
