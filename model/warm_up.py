"""Compiling ahead, so that the first sentence need not wait for the compiler."""

from __future__ import annotations

import threading
from typing import NamedTuple

from model.char_model import CharModel
from model.settings import SolverName, TrainingSettings
from model.trainer import Trainer
from model.vocabulary import Vocabulary


class KernelsFor(NamedTuple):
    """What kernels are compiled for."""

    kind: str = "lstm"
    solver: SolverName = "rmsprop"


_ready: set[KernelsFor] = set()
_preparing = threading.Lock()


def prepare_kernels(kind: str = "lstm", solver: SolverName = "rmsprop") -> None:
    """Compile what training, sampling and greedy writing with a float32 network of this kind need.

    Beam search is not among it: it is compiled, or read from the cache, when it is first asked for.
    Where the cache on disk fits this machine and version, it is read in a fraction of a second.
    May be called from any thread; later calls return at once.
    """
    with _preparing:
        if KernelsFor(kind, solver) in _ready:
            return
        sentences = ["ab"]
        model = CharModel.create(Vocabulary.from_sentences(sentences), kind, (2,), 2, seed=0)
        Trainer(model, sentences, TrainingSettings(solver=solver)).train(1)
        model.samples(2, seed=0)
        _ready.add(KernelsFor(kind, solver))


def kernels_ready(kind: str = "lstm", solver: SolverName = "rmsprop") -> bool:
    """Whether the kernels of this kind and solver are compiled and loaded in this process."""
    return KernelsFor(kind, solver) in _ready
