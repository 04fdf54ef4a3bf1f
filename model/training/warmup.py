"""Compilation ahead of time, before the first training."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from model.char_model import CharModel
from model.kernel_cache import cache_folder, is_writable, read_whole, write_whole
from model.text.vocabulary import Vocabulary
from model.training.config import OptimizerName, TrainingConfig
from model.training.trainer import Trainer
from model.training.validation import Validator

SENTENCES = ("ab",)
"""The training text of the smallest network."""


DropoutKernels = Literal["no_dropout", "dropout"]


class KernelKey(NamedTuple):
    """What the kernels for training are compiled for: the cell, the optimizer and dropout."""

    cell: str = "lstm"
    optimizer: OptimizerName = "rmsprop"
    dropout: DropoutKernels = "no_dropout"

    @classmethod
    def of(cls, cell: str, config: TrainingConfig) -> KernelKey:
        """The kernels that a training of a cell with these options needs."""
        return cls(cell, config.optimizer, "dropout" if config.dropout else "no_dropout")


class _Kernels:
    """Kernels that are compiled, or loaded from the cache on disk, by using them once."""

    def __init__(self, use: Callable[..., object]) -> None:
        self._use = use
        self._ready: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def compile(self, *key: str) -> None:
        with self._lock:
            if key not in self._ready:
                self._use(*key)
                write_whole(self._marker(key), b"")
                self._ready.add(key)

    def is_ready(self, *key: str) -> bool:
        return key in self._ready

    def is_cached(self, *key: str) -> bool:
        return read_whole(self._marker(key)) is not None

    def _marker(self, key: tuple[str, ...]) -> Path:
        return cache_folder() / "-".join((self._use.__name__, *key))


def _train(cell: str, optimizer: OptimizerName, dropout: DropoutKernels) -> None:
    config = TrainingConfig(optimizer=optimizer, dropout=0.5 if dropout == "dropout" else 0.0)
    Trainer(_smallest(cell), SENTENCES, config).train(1)


def _infer(cell: str) -> None:
    model = _smallest(cell)
    model.samples(2, seed=0)
    Validator(model, SENTENCES).evaluate()


def _search(cell: str) -> None:
    _smallest(cell).beam_search(width=2)


_KERNELS = {
    "training": _Kernels(_train),
    "inference": _Kernels(_infer),
    "beam_search": _Kernels(_search),
}


def compile_kernels(
    cell: str = "lstm",
    optimizer: OptimizerName = "rmsprop",
    dropout: DropoutKernels = "no_dropout",
) -> None:
    """Compile the kernels for training, sampling and evaluation of a float32 network.

    Beam search is separate: see `compile_beam_search`. Loading compiled code from the cache on disk
    takes a fraction of a second. Thread-safe; later calls return at once.
    """
    compile_training(cell, optimizer, dropout)
    compile_inference(cell)


def compile_training(
    cell: str = "lstm",
    optimizer: OptimizerName = "rmsprop",
    dropout: DropoutKernels = "no_dropout",
) -> None:
    """Compile the kernels for training; see `compile_kernels`."""
    _KERNELS["training"].compile(cell, optimizer, dropout)


def compile_inference(cell: str = "lstm") -> None:
    """Compile the kernels for sampling and evaluation; see `compile_kernels`."""
    _KERNELS["inference"].compile(cell)


def compile_beam_search(cell: str = "lstm") -> None:
    """Compile the kernels for beam search; see `compile_kernels`."""
    _KERNELS["beam_search"].compile(cell)


def compile_into_cache(kernels: str, *key: str) -> None:
    """Compile kernels for other processes: "training", "inference" or "beam_search", and for what.

    Without a cache that can be written, it returns at once.
    """
    if is_writable():
        _KERNELS[kernels].compile(*key)


def kernels_cached(kernels: str, *key: str) -> bool:
    """Whether kernels, named as for `compile_into_cache`, are compiled or in the cache on disk."""
    return _KERNELS[kernels].is_ready(*key) or _KERNELS[kernels].is_cached(*key)


def training_compiled(
    cell: str = "lstm",
    optimizer: OptimizerName = "rmsprop",
    dropout: DropoutKernels = "no_dropout",
) -> bool:
    """Whether the kernels for training are compiled and loaded in this process."""
    return _KERNELS["training"].is_ready(cell, optimizer, dropout)


def inference_compiled(cell: str = "lstm") -> bool:
    """Whether the kernels for sampling and evaluation are compiled and loaded in this process."""
    return _KERNELS["inference"].is_ready(cell)


def beam_search_compiled(cell: str = "lstm") -> bool:
    """Whether the kernels for beam search are compiled and loaded in this process."""
    return _KERNELS["beam_search"].is_ready(cell)


def _smallest(cell: str) -> CharModel:
    return CharModel.create(Vocabulary.from_sentences(SENTENCES), cell, (2,), 2, seed=0)
