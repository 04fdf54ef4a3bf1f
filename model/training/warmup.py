"""Compiling ahead, so that the first sentence need not wait for the compiler."""

from __future__ import annotations

import threading
from typing import NamedTuple

from model.char_model import CharModel
from model.training.config import SolverName, TrainingSettings
from model.training.trainer import Trainer
from model.training.validation import HeldOut
from model.vocabulary import Vocabulary

SENTENCES = ("ab",)
"""What is learnt and written where only the compiling matters."""


class KernelsFor(NamedTuple):
    """What kernels are compiled for."""

    kind: str = "lstm"
    solver: SolverName = "rmsprop"


_ready: set[KernelsFor] = set()
_preparing = threading.Lock()
_ready_for_beam_search: set[str] = set()
_preparing_beam_search = threading.Lock()  # another: what is to be trained need not wait for it


def prepare_kernels(kind: str = "lstm", solver: SolverName = "rmsprop") -> None:
    """Compile what a float32 network of this kind needs to train and write, and to be looked at.

    That is training, sampling, greedy writing, and the perplexity of sentences kept aside.

    Beam search is not among it: that is left to `prepare_beam_search`, or to its first use.
    Where the cache on disk fits this machine and version, it is read in a fraction of a second.
    May be called from any thread; later calls return at once.
    """
    with _preparing:
        if KernelsFor(kind, solver) in _ready:
            return
        model = _smallest(kind)
        Trainer(model, SENTENCES, TrainingSettings(solver=solver)).train(1)
        model.samples(2, seed=0)
        HeldOut(model, SENTENCES).look()
        _ready.add(KernelsFor(kind, solver))


def prepare_beam_search(kind: str = "lstm") -> None:
    """Compile what beam search with a float32 network of this kind needs.

    May be called from any thread; later calls return at once.
    """
    with _preparing_beam_search:
        if kind not in _ready_for_beam_search:
            _smallest(kind).beam_search(width=2)
            _ready_for_beam_search.add(kind)


def kernels_ready(kind: str = "lstm", solver: SolverName = "rmsprop") -> bool:
    """Whether the kernels of this kind and solver are compiled and loaded in this process."""
    return KernelsFor(kind, solver) in _ready


def beam_search_ready(kind: str = "lstm") -> bool:
    """Whether beam search with this kind is compiled and loaded in this process."""
    return kind in _ready_for_beam_search


def _smallest(kind: str) -> CharModel:
    return CharModel.create(Vocabulary.from_sentences(SENTENCES), kind, (2,), 2, seed=0)
