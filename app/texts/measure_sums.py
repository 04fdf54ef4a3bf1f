"""Measures what a network makes of sums it has not learnt: `python -m app.texts.measure_sums`."""

from __future__ import annotations

from app import texts
from app.texts.sums import share_right
from model import CharModel, Trainer, TrainingSettings, Vocabulary, sentences_from_text

SECONDS = 120.0
SEED = 1


def measure(seconds: float = SECONDS) -> float:
    """The share of the held-out sums that are right after so much training as suggested."""
    trainer = _trainer()
    trainer.train_for(seconds)
    return share_right(trainer.model)


def _trainer() -> Trainer:
    """A network as suggested, with its kernels compiled: that is no training."""
    described = texts.described("sums")
    sentences, options = sentences_from_text(described.text), described.options
    model = CharModel.create(
        Vocabulary.from_sentences(sentences),
        options.kind,
        options.hidden_sizes,
        options.letter_size,
        SEED,
    )
    settings = TrainingSettings(
        options.learning_rate,
        options.l2,
        options.clip,
        schedule=options.schedule,
        schedule_epochs=options.schedule_epochs,
        validation_fraction=options.validation_fraction,
        seed=SEED,
    )
    Trainer(model.copy(), sentences, settings).train(1)
    return Trainer(model, sentences, settings)


def main() -> None:
    """Print it."""
    print(f"{measure():.1%} of the held-out sums are right after {SECONDS:g} s of training.")


if __name__ == "__main__":
    main()
