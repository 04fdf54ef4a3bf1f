"""Which sentences each step learns from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

BATCHES_A_POOL = 16
"""Sentences are sorted by length within pools of so many batches: alike enough in a batch to train
fast, and still in new company every epoch."""


class Batches:
    """Hands out batches of sentences, each sentence once an epoch, in a new order every epoch."""

    def __init__(self, lengths: Numbers, batch_size: int, shuffle: bool, seed: int | None) -> None:
        self._lengths = lengths  # (sentences,)
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._random = np.random.default_rng(seed)
        self._order = np.zeros(0, dtype=np.int64)  # sentences still to come in this epoch
        self._sizes = np.zeros(0, dtype=np.int64)  # of the batches that they make

    def take(self, steps: int) -> tuple[Numbers, Numbers]:
        """The sentences of the next steps, and (steps + 1,) where each step's begin among them.

        Within a step the longest sentence comes first.
        """
        orders, sizes, held = [self._order], [self._sizes], len(self._sizes)
        while held < steps:
            order, batch_sizes = self._epoch()
            orders.append(order)
            sizes.append(batch_sizes)
            held += len(batch_sizes)
        order, batch_sizes = np.concatenate(orders), np.concatenate(sizes)
        starts = np.concatenate(([0], np.cumsum(batch_sizes[:steps])))
        self._order, self._sizes = order[starts[-1] :], batch_sizes[steps:]
        return order[: starts[-1]], starts

    def state(self) -> dict[str, Any]:
        """What is needed to go on in the same order, as plain data."""
        return {
            "sentences": len(self._lengths),
            "order": self._order.tolist(),
            "sizes": self._sizes.tolist(),
            "random": _as_text(self._random.bit_generator.state),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken, if that was with as many sentences and such batches.

        Raises:
            ValueError, KeyError, TypeError: the state is damaged; nothing has changed.
        """
        order = np.array(state["order"], dtype=np.int64)
        sizes = np.array(state["sizes"], dtype=np.int64)
        if state["sentences"] != len(self._lengths) or sizes.max(initial=0) > self._batch_size:
            return
        once = len(np.unique(order)) == len(order)
        in_range = not order.size or (order.min() >= 0 and order.max() < len(self._lengths))
        if not (once and in_range and sizes.sum() == len(order) and (sizes >= 1).all()):
            raise ValueError("the order of the sentences is damaged")
        self._random.bit_generator.state = _from_text(
            self._random.bit_generator.state, state["random"]
        )
        self._order, self._sizes = order, sizes

    def _epoch(self) -> tuple[Numbers, Numbers]:
        """Every sentence once: their order, and the sizes of the batches that it makes."""
        count, size = len(self._lengths), self._batch_size
        order = np.arange(count)
        if self._shuffle:
            self._random.shuffle(order)
        if size == 1:
            return order, np.ones(count, dtype=np.int64)
        pool_size = size * BATCHES_A_POOL if self._shuffle else size
        batches = []
        for start in range(0, count, pool_size):
            pool = order[start : start + pool_size]
            pool = pool[np.argsort(-self._lengths[pool], kind="stable")]
            batches += [pool[first : first + size] for first in range(0, len(pool), size)]
        if self._shuffle:
            batches = [batches[k] for k in self._random.permutation(len(batches))]
        return np.concatenate(batches), np.array([len(batch) for batch in batches])


def _as_text(random: Any) -> dict[str, str]:
    """The numbers of PCG64's state: as text, for they have 128 bits, and readers of JSON fewer.

    Half of the last 64 bits drawn may still wait to be used: they belong to the state.
    """
    numbers = {**random["state"], "has_half": random["has_uint32"], "half": random["uinteger"]}
    return {name: str(number) for name, number in numbers.items()}


def _from_text(random: Any, text: dict[str, str]) -> dict[str, Any]:
    numbers = {name: int(number) for name, number in text.items()}
    return {
        **random,
        "state": {name: numbers[name] for name in random["state"]},
        "has_uint32": numbers["has_half"],
        "uinteger": numbers["half"],
    }
