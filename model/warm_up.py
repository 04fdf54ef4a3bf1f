"""Compiling ahead, so that the first sentence need not wait for the compiler."""

from __future__ import annotations

import threading

from model.char_model import CharModel
from model.trainer import Trainer
from model.vocabulary import Vocabulary

_ready: set[str] = set()
_preparing = threading.Lock()


def prepare_kernels(kind: str = "lstm") -> None:
    """Compile everything that training and writing with a float32 network of this kind need.

    Where the cache on disk fits this machine and version, it is read in a fraction of a second.
    May be called from any thread; later calls return at once.
    """
    with _preparing:
        if kind in _ready:
            return
        sentences = ["ab"]
        model = CharModel.create(Vocabulary.from_sentences(sentences), kind, (2,), 2, seed=0)
        Trainer(model, sentences).train(1)
        model.sample(seed=0)
        _ready.add(kind)


def kernels_ready(kind: str = "lstm") -> bool:
    """Whether the kernels of this kind are compiled and loaded in this process."""
    return kind in _ready
