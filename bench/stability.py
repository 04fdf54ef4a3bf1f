"""Stability of training across seeds.

Method: per group, twenty networks that differ only in their seed (initial weights and order of the
sentences) train on the starting text with the default settings at a learning rate of 0.01, one
thread each, for 20 seconds. Reported are the median and the worst final perplexity of the group,
and the number of rollbacks after divergence.

    python -m bench.stability [--seeds 20] [--seconds 20] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass

from model import CharModel, Trainer, TrainingConfig, Vocabulary, compile_kernels

LETTER_SIZE = 5
MOST_ABOVE_MEDIAN = 1.5
"""Limit of a run's final perplexity, relative to the median of its group."""


@dataclass(frozen=True)
class Group:
    """A network to train with many seeds."""

    kind: str
    hidden_sizes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.kind} [{', '.join(map(str, self.hidden_sizes))}]"


GROUPS = (Group("lstm", (20, 20)), Group("lstm", (100,)), Group("rnn", (20, 20)))


@dataclass(frozen=True)
class End:
    """The result of a training run.

    Attributes:
        perplexity: perplexity of the training text.
        recoveries: number of rollbacks after divergence.
    """

    perplexity: float
    recoveries: int


@dataclass(frozen=True)
class Spread:
    """The results of a group."""

    group: str
    seeds: int
    median: float
    worst: float
    worst_to_median: float
    recoveries: int

    @property
    def stable(self) -> bool:
        """Whether no run diverged or ended far above the median."""
        return math.isfinite(self.worst) and self.worst_to_median <= MOST_ABOVE_MEDIAN


def train_one(group: Group, sentences: Sequence[str], seed: int, seconds: float) -> End:
    """Train a network of the group for so many seconds."""
    vocabulary = Vocabulary.from_sentences(sentences)
    model = CharModel.create(vocabulary, group.kind, group.hidden_sizes, LETTER_SIZE, seed)
    trainer = Trainer(model, sentences, TrainingConfig(seed=seed))
    while trainer.totals.seconds < seconds:
        trainer.train_for(min(0.25, seconds - trainer.totals.seconds))
    return End(model.perplexity(sentences), len(trainer.rollbacks))


def spread_of(group: Group, ends: Sequence[End]) -> Spread:
    """The summary of a group's results."""
    perplexities = [end.perplexity for end in ends]
    median, worst = statistics.median(perplexities), max(perplexities)
    recoveries = sum(end.recoveries for end in ends)
    return Spread(str(group), len(ends), median, worst, worst / median, recoveries)


def measure(seeds: int, seconds: float, sentences: Sequence[str]) -> list[Spread]:
    """Train every group, in one process per core."""
    for group in GROUPS:
        compile_kernels(group.kind)  # into the cache, once for all processes
    spreads = []
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as processes:
        for group in GROUPS:
            runs = [
                processes.submit(train_one, group, sentences, seed, seconds)
                for seed in range(seeds)
            ]
            spreads.append(spread_of(group, [run.result() for run in runs]))
            print(_line(spreads[-1]), flush=True)
    return spreads


def _line(spread: Spread) -> str:
    return (
        f"{spread.group:16}{spread.seeds:4} seeds   median {spread.median:7.3f}   "
        f"worst {spread.worst:7.3f} = {spread.worst_to_median:.2f} x   "
        f"{spread.recoveries} recoveries   {'stable' if spread.stable else 'NOT STABLE'}"
    )


def main() -> None:
    """Run from the command line; exits with 1 if a group is not stable."""
    from importlib.resources import files

    from model import sentences_from_text

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    text = (files("app.catalog") / "data" / "texts" / "essays.txt").read_text(encoding="utf-8")
    spreads = measure(given.seeds, given.seconds, sentences_from_text(text))
    if given.json:
        print(json.dumps([asdict(spread) for spread in spreads]))
    raise SystemExit(0 if all(spread.stable for spread in spreads) else 1)


if __name__ == "__main__":
    main()
