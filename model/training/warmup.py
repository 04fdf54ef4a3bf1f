"""Compilation ahead of time, before the first training."""

from __future__ import annotations

import threading
from typing import NamedTuple

from model.char_model import CharModel
from model.text.vocabulary import Vocabulary
from model.training.config import OptimizerName, TrainingConfig
from model.training.trainer import Trainer
from model.training.validation import Validator

SENTENCES = ("ab",)
"""The training text of the smallest network."""


class KernelKey(NamedTuple):
    """The cell and the optimizer that kernels are compiled for."""

    cell: str = "lstm"
    optimizer: OptimizerName = "rmsprop"


_compiled: set[KernelKey] = set()
_lock = threading.Lock()
_beam_search_compiled: set[str] = set()
_beam_search_lock = threading.Lock()  # separate, so that training does not wait for it


def compile_kernels(cell: str = "lstm", optimizer: OptimizerName = "rmsprop") -> None:
    """Compile the kernels for training, sampling and evaluation of a float32 network.

    Beam search is separate: see `compile_beam_search`. Loading compiled code from the cache on disk
    takes a fraction of a second. Thread-safe; later calls return at once.
    """
    with _lock:
        if KernelKey(cell, optimizer) in _compiled:
            return
        model = _smallest(cell)
        Trainer(model, SENTENCES, TrainingConfig(optimizer=optimizer)).train(1)
        model.samples(2, seed=0)
        Validator(model, SENTENCES).evaluate()
        _compiled.add(KernelKey(cell, optimizer))


def compile_beam_search(cell: str = "lstm") -> None:
    """Compile the kernels for beam search with a float32 network of this cell.

    Thread-safe; later calls return at once.
    """
    with _beam_search_lock:
        if cell not in _beam_search_compiled:
            _smallest(cell).beam_search(width=2)
            _beam_search_compiled.add(cell)


def kernels_compiled(cell: str = "lstm", optimizer: OptimizerName = "rmsprop") -> bool:
    """Whether the kernels of this cell and optimizer are compiled and loaded in this process."""
    return KernelKey(cell, optimizer) in _compiled


def beam_search_compiled(cell: str = "lstm") -> bool:
    """Whether beam search with this cell is compiled and loaded in this process."""
    return cell in _beam_search_compiled


def _smallest(cell: str) -> CharModel:
    return CharModel.create(Vocabulary.from_sentences(SENTENCES), cell, (2,), 2, seed=0)
