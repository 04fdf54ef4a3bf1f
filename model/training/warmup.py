"""Compilation ahead of time, so that the first training does not wait for the compiler."""

from __future__ import annotations

import threading
from typing import NamedTuple

from model.char_model import CharModel
from model.training.config import OptimizerName, TrainingConfig
from model.training.trainer import Trainer
from model.training.validation import Validator
from model.vocabulary import Vocabulary

SENTENCES = ("ab",)
"""The training text of the smallest network."""


class KernelsFor(NamedTuple):
    """The configuration that kernels are compiled for."""

    kind: str = "lstm"
    optimizer: OptimizerName = "rmsprop"


_ready: set[KernelsFor] = set()
_preparing = threading.Lock()
_ready_for_beam_search: set[str] = set()
_preparing_beam_search = threading.Lock()  # separate, so that training does not wait for it


def prepare_kernels(kind: str = "lstm", optimizer: OptimizerName = "rmsprop") -> None:
    """Compile the kernels that a float32 network needs for training, sampling and evaluation.

    Beam search is separate: see `prepare_beam_search`. Where the cache on disk fits this machine
    and version, loading it takes a fraction of a second. Thread-safe; later calls return at once.
    """
    with _preparing:
        if KernelsFor(kind, optimizer) in _ready:
            return
        model = _smallest(kind)
        Trainer(model, SENTENCES, TrainingConfig(optimizer=optimizer)).train(1)
        model.samples(2, seed=0)
        Validator(model, SENTENCES).evaluate()
        _ready.add(KernelsFor(kind, optimizer))


def prepare_beam_search(kind: str = "lstm") -> None:
    """Compile the kernels that beam search with a float32 network of this kind needs.

    Thread-safe; later calls return at once.
    """
    with _preparing_beam_search:
        if kind not in _ready_for_beam_search:
            _smallest(kind).beam_search(width=2)
            _ready_for_beam_search.add(kind)


def kernels_ready(kind: str = "lstm", optimizer: OptimizerName = "rmsprop") -> bool:
    """Whether the kernels of this kind and optimizer are compiled and loaded in this process."""
    return KernelsFor(kind, optimizer) in _ready


def beam_search_ready(kind: str = "lstm") -> bool:
    """Whether beam search with this kind is compiled and loaded in this process."""
    return kind in _ready_for_beam_search


def _smallest(kind: str) -> CharModel:
    return CharModel.create(Vocabulary.from_sentences(SENTENCES), kind, (2,), 2, seed=0)
