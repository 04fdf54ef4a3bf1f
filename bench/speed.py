"""How fast this machine trains: characters a second, of one session and of two at once.

Method: float32, one thread a session, batches of one sentence, RMSProp, the given text; the
networks are warmed up first, then rounds of one session and of two alternate, so that a machine
whose speed drifts does so for both. Medians are given. What is timed is `Trainer.train_for`, all of
it.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model import CharModel, Trainer, TrainingSettings, Vocabulary, prepare_kernels

FLOPS_PER_WEIGHT = 6  # a multiply-add forwards, and two backwards, for every weight and character
ROUNDS = 5


@dataclass(frozen=True)
class Network:
    """A network whose training is measured."""

    kind: str
    hidden_sizes: tuple[int, ...]
    letter_size: int

    def __str__(self) -> str:
        sizes = ", ".join(map(str, self.hidden_sizes))
        return f"{self.kind} [{sizes}]/{self.letter_size}"


NETWORKS = (
    Network("lstm", (20, 20), 5),
    Network("lstm", (100,), 5),
    Network("lstm", (256, 256), 16),
    Network("rnn", (20, 20), 5),
)


@dataclass(frozen=True)
class Speed:
    """What was measured of a network; medians over the rounds.

    Attributes:
        network: its kind, hidden sizes and letter size.
        characters_per_second: of one session alone.
        gflops: floating-point operations that this takes, in 10^9 a second.
        two_sessions: characters a second of two sessions together, over those of one.
    """

    network: str
    characters_per_second: float
    gflops: float
    two_sessions: float


def measure(network: Network, sentences: Sequence[str], seconds: float = 1.0) -> Speed:
    """Measure one network in rounds of about so many seconds each."""
    prepare_kernels(network.kind)
    trainers = [_trainer(network, sentences, seed) for seed in (1, 2)]
    for trainer in trainers:
        trainer.train_for(seconds / 4)
    alone, together = [], []
    for _ in range(ROUNDS):
        alone.append(_at_once(trainers[:1], seconds))
        together.append(_at_once(trainers, seconds))
    one = statistics.median(alone)
    operations = FLOPS_PER_WEIGHT * trainers[0].model.weight_count
    ratios = [two / single for two, single in zip(together, alone, strict=True)]
    return Speed(str(network), one, one * operations / 1e9, statistics.median(ratios))


def as_json(speeds: Sequence[Speed]) -> list[dict[str, Any]]:
    """The figures as plain data."""
    return [asdict(speed) for speed in speeds]


def as_table(speeds: Sequence[Speed]) -> str:
    """The figures for a person."""
    head = f"{'network':24}{'characters/s':>14}{'GFLOP/s':>10}{'two at once':>14}"
    lines = [
        f"{s.network:24}{s.characters_per_second:>14,.0f}{s.gflops:>10.1f}{s.two_sessions:>12.2f} x"
        for s in speeds
    ]
    return "\n".join([head, *lines])


def _trainer(network: Network, sentences: Sequence[str], seed: int) -> Trainer:
    model = CharModel.create(
        Vocabulary.from_sentences(sentences),
        network.kind,
        network.hidden_sizes,
        network.letter_size,
        seed,
    )
    # A small step keeps even the rectified network finite, and takes as long as a large one.
    return Trainer(model, sentences, TrainingSettings(learning_rate=0.001, seed=seed))


def _at_once(trainers: Sequence[Trainer], seconds: float) -> float:
    """Characters a second that these trainers, a thread each, learn from together."""
    rates = [0.0] * len(trainers)

    def train(number: int) -> None:
        progress = trainers[number].train_for(seconds)
        rates[number] = progress.characters / progress.seconds

    threads = [threading.Thread(target=train, args=(number,)) for number in range(len(trainers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rates)
