"""How soon a network writes words: the share of words in its samples that are words of the text.

Method: each network trains on the starting text in one thread. After given seconds of training it
writes fifty samples at temperature 0.7; sampling does not count as training. Seconds are of CPU
time, which is the time that passes if a network has a core for itself. Among `n` sessions on a core
each gets 1/n of its time: after `n * t` seconds it is where a network alone is after `t`. A word is
a run of letters and apostrophes.

    python -m bench.word_share [NETWORK ...] [--seconds 5 15 30] [--sharing 50] [--json]

A NETWORK is written as SIZES/LETTER_SIZE:OPTION=VALUE,..., with the options of `TrainingConfig`:
`20,20/5`, or `128/16:batch_size=16,optimizer=adam,learning_rate=0.005`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

from model import (
    CharModel,
    Sentences,
    Trainer,
    TrainingConfig,
    Vocabulary,
    compile_kernels,
    sentences_from_text,
)

SAMPLES = 50
TEMPERATURE = 0.7
SLICE_SECONDS = 0.03  # of training, as on the server
NETWORKS = (
    "20,20/5",
    "100/5",
    "100/10:batch_size=4",
    "200/16:batch_size=8,learning_rate=0.005",
)
"""The sizes original, small and medium of the page, and one layer of 100 as the original trains."""


@dataclass(frozen=True)
class Reading:
    """What a network writes after some training.

    Attributes:
        network: its description.
        seconds: of training, in CPU time.
        steps: taken until then.
        epoch: reached until then.
        word_share: share of the words in its samples that are words of the text.
        validation: perplexity of the validation sentences.
    """

    network: str
    seconds: float
    steps: int
    epoch: float
    word_share: float
    validation: float


def words_of(text: str) -> list[str]:
    """The words of a text: runs of letters and apostrophes."""
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text)


def word_share(samples: Sequence[str], known: set[str]) -> float:
    """The share of the words in the samples that are known; 0 if there is no word."""
    words = [word for sample in samples for word in words_of(sample)]
    return sum(word in known for word in words) / max(len(words), 1)


def trainer_of(network: str, sentences: Sentences, seed: int) -> Trainer:
    """The trainer of a network with this description.

    Raises:
        ValueError, SettingsError: the description is invalid.
    """
    shape, _, options = network.partition(":")
    sizes, _, letter_size = shape.partition("/")
    hidden_sizes = tuple(int(size) for size in sizes.split(","))
    vocabulary = Vocabulary.from_sentences(sentences)
    model = CharModel.create(vocabulary, "lstm", hidden_sizes, int(letter_size or 5), seed)
    given = dict(option.split("=", 1) for option in options.split(",") if option)
    types = get_type_hints(TrainingConfig)
    values: dict[str, Any] = {
        name: types[name](value) if types[name] in (int, float) else value
        for name, value in given.items()
    }
    return Trainer(model, sentences, TrainingConfig(seed=seed, **values))


def measure(
    network: str, sentences: Sentences, moments: Sequence[float], seed: int
) -> list[Reading]:
    """Train a network; returns a reading for each of these seconds of training, which increase."""
    trainer = trainer_of(network, sentences, seed)
    known = set(words_of("\n".join(sentences)))
    readings = []
    spent = 0.0
    for moment in moments:
        while (left := moment - spent) > 0:
            began = time.thread_time()
            trainer.train_for(min(SLICE_SECONDS, left))
            spent += time.thread_time() - began
        samples = trainer.model.samples(SAMPLES, TEMPERATURE, seed=seed)
        share = word_share(samples, known)
        totals = trainer.totals
        validation = trainer.validation.evaluate() if trainer.validation else float("nan")
        readings.append(Reading(network, moment, totals.steps, totals.epoch, share, validation))
    return readings


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--seconds", type=float, nargs="+", default=[5, 15, 30, 60, 120])
    parser.add_argument("--sharing", type=int, default=1, help="sessions that share a core")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--text", help="a file; by default the starting text")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    default = files("app.catalog") / "data" / "texts" / "essays.txt"
    text = (Path(given.text) if given.text else default).read_text(encoding="utf-8")
    sentences = sentences_from_text(text)
    for network in given.networks:
        optimizer = trainer_of(network, sentences, given.seed).optimizer.name
        compile_kernels("lstm", optimizer)
    alone = sorted({*given.seconds, *(seconds / given.sharing for seconds in given.seconds)})
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as processes:
        runs = [
            processes.submit(measure, network, sentences, alone, given.seed)
            for network in given.networks
        ]
        for run in runs:
            for reading in run.result():
                print(json.dumps(asdict(reading)) if given.json else _line(reading), flush=True)


def _line(reading: Reading) -> str:
    return (
        f"{reading.network:60} {reading.seconds:7.2f} s {reading.steps:8,} steps "
        f"{reading.epoch:7.1f} epochs   words {reading.word_share:5.1%}   "
        f"validation {reading.validation:6.2f}"
    )


if __name__ == "__main__":
    main()
