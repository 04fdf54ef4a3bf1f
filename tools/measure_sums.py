"""Measure the accuracy of a network on held-out sums: `python -m tools.measure_sums`."""

from __future__ import annotations

from dataclasses import replace

from app.catalog import texts
from app.training.run import TrainingRun
from model import compile_kernels
from tools.sums_accuracy import share_right

SECONDS = 120.0
SEED = 1


def measure(seconds: float = SECONDS) -> float:
    """The share of held-out sums that are right after `seconds` of training as suggested."""
    described = texts.get("sums")
    compile_kernels(described.options.kind)  # compile before the clock starts
    options = replace(described.options, seed=SEED)
    trainer = TrainingRun.create(described.text, options, 0).trainer
    trainer.train_for(seconds)
    return share_right(trainer.model)


def main() -> None:
    """Print the accuracy."""
    print(f"{measure():.1%} of the held-out sums are right after {SECONDS:g} s of training.")


if __name__ == "__main__":
    main()
