"""Train the pretrained models of charnn: `make pretrained`.

A seed gives the same model on the same machine, and nearly the same model on another.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from app.catalog import texts
from app.catalog.pretrained import CARDS, FOLDER, Card, cards_as_json
from app.protocol.hyperparameters import Hyperparameters
from app.training.run import TrainingRun
from model import Trainer, compile_kernels
from model.formats.files import write_file

SEED = 1


@dataclass(frozen=True)
class Plan:
    """The sizes and hyperparameters of a pretrained model."""

    name: str
    title: str
    hidden_sizes: tuple[int, ...]
    epochs: int
    learning_rate: float
    l2: float

    @property
    def options(self) -> Hyperparameters:
        """The training options."""
        return Hyperparameters(
            hidden_sizes=self.hidden_sizes,
            learning_rate=self.learning_rate,
            l2=self.l2,
            schedule="cosine",
            schedule_epochs=self.epochs,
            seed=SEED,
        )


PLANS = (
    Plan("lstm-100", "One layer of 100 units", (100,), 56, 0.005, 1e-5),
    Plan("lstm-100-100", "Two layers of 100 units", (100, 100), 26, 0.005, 1e-6),
)
"""The first has the size of the original. Of a dozen settings tried, these have the best validation
perplexity and a good training perplexity; with more epochs they overfit."""


def make(plan: Plan) -> tuple[Trainer, Card]:
    """The trained model of a plan, and its card."""
    trainer = TrainingRun.create(texts.text(), plan.options, 0).trainer
    trainer.train(plan.epochs * trainer.sentence_count)
    return trainer, _card_of(plan, trainer)


def _card_of(plan: Plan, trainer: Trainer) -> Card:
    model, held_out = trainer.model, trainer.validation
    if held_out is None:
        raise ValueError("the text is too short to hold out sentences")
    return Card(
        name=plan.name,
        title=plan.title,
        text=texts.STARTING_TEXT,
        kind=model.cell,
        hidden_sizes=plan.hidden_sizes,
        weights=model.num_parameters,
        sentences=trainer.sentence_count,
        held_out_sentences=len(held_out),
        perplexity=round(model.perplexity(trainer.train_sentences), 3),
        held_out_perplexity=round(held_out.evaluate(), 3),
        epochs=plan.epochs,
        learning_rate=plan.learning_rate,
        l2=plan.l2,
        seed=SEED,
        seconds=round(trainer.totals.seconds, 1),
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
    compile_kernels("lstm")
    with ThreadPoolExecutor(len(PLANS)) as threads:
        made = list(threads.map(make, PLANS))
    for trainer, card in made:
        write_file(folder / f"{card.name}.json", json.dumps(trainer.to_json()).encode())
        click.echo(
            f"{card.title}: perplexity {card.perplexity} on {card.sentences} sentences, "
            f"{card.held_out_perplexity} on {card.held_out_sentences} held out, "
            f"after {card.epochs} epochs in {card.seconds:.0f} s"
        )
    write_file(folder / CARDS, cards_as_json([card for _, card in made]).encode())


if __name__ == "__main__":
    main()
