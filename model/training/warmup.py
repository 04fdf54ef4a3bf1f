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


class KernelKey(NamedTuple):
    """The configuration that kernels are compiled for."""

    cell: str = "lstm"
    optimizer: OptimizerName = "rmsprop"


_ready: set[KernelKey] = set()
_preparing = threading.Lock()
_ready_for_beam_search: set[str] = set()
_preparing_beam_search = threading.Lock()  # separate, so that training does not wait for it


def compile_kernels(cell: str = "lstm", optimizer: OptimizerName = "rmsprop") -> None:
    """Compile the kernels that a float32 network needs for training, sampling and evaluation.

    Beam search is separate: see `compile_beam_search`. Where the cache on disk fits this machine
    and version, loading it takes a fraction of a second. Thread-safe; later calls return at once.
    """
    with _preparing:
        if KernelKey(cell, optimizer) in _ready:
            return
        model = _smallest(cell)
        Trainer(model, SENTENCES, TrainingConfig(optimizer=optimizer)).train(1)
        model.samples(2, seed=0)
        Validator(model, SENTENCES).evaluate()
        _ready.add(KernelKey(cell, optimizer))


def compile_beam_search(cell: str = "lstm") -> None:
    """Compile the kernels that beam search with a float32 network of this kind needs.

    Thread-safe; later calls return at once.
    """
    with _preparing_beam_search:
        if cell not in _ready_for_beam_search:
            _smallest(cell).beam_search(width=2)
            _ready_for_beam_search.add(cell)


def kernels_compiled(cell: str = "lstm", optimizer: OptimizerName = "rmsprop") -> bool:
    """Whether the kernels of this kind and optimizer are compiled and loaded in this process."""
    return KernelKey(cell, optimizer) in _ready


def beam_search_compiled(cell: str = "lstm") -> bool:
    """Whether beam search with this kind is compiled and loaded in this process."""
    return cell in _ready_for_beam_search


def _smallest(cell: str) -> CharModel:
    return CharModel.create(Vocabulary.from_sentences(SENTENCES), cell, (2,), 2, seed=0)
