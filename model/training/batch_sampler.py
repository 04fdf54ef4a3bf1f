"""Batches of sentences of similar length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]

BATCHES_PER_BUCKET = 16
"""Length bucketing: similar lengths per batch, reshuffled every epoch."""


class BatchSampler:
    """Draws batches of sentences: each sentence once per epoch.

    Args:
        lengths: (sentences,), the length of each sentence.
        batch_size: sentences per batch; the last batch of a bucket may be smaller.
        shuffle: whether each epoch has a new random order.
        seed: of the order; None for a different one each time.
    """

    def __init__(
        self, lengths: Int64Array, batch_size: int, shuffle: bool, seed: int | None
    ) -> None:
        self._lengths = lengths  # (sentences,)
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._random = np.random.default_rng(seed)
        self._order = np.zeros(0, dtype=np.int64)  # sentences still to come in this epoch
        self._sizes = np.zeros(0, dtype=np.int64)  # of the batches that they make

    def next_batches(self, steps: int) -> tuple[Int64Array, Int64Array]:
        """The sentences of the next batches, and the offsets of the batches, (steps + 1,).

        Within a batch the longest sentence is first.
        """
        epochs = []
        held = len(self._sizes)
        while held < steps:
            epochs.append(self._epoch())
            held += len(epochs[-1][1])
        return self._take(*self._joined(epochs), steps)

    def next_batches_within(
        self, cost: float, step_cost: int, at_least: int
    ) -> tuple[Int64Array, Int64Array]:
        """Like `next_batches`, as many as cost at most `cost` together, but `at_least` so many.

        A batch costs the sum of its lengths, and `step_cost`.
        """
        epochs = []
        held, drawn = self._costs(self._order, self._sizes, step_cost).sum(), len(self._sizes)
        epoch_cost = 0
        while held < cost or drawn < at_least:
            epochs.append(self._epoch())
            epoch_cost = epoch_cost or self._costs(*epochs[0], step_cost).sum()
            held, drawn = held + epoch_cost, drawn + len(epochs[-1][1])
        order, sizes = self._joined(epochs)
        total = np.cumsum(self._costs(order, sizes, step_cost))
        steps = int(np.searchsorted(total, cost, side="right"))
        return self._take(order, sizes, max(steps, at_least))

    def _joined(self, epochs: list[tuple[Int64Array, Int64Array]]) -> tuple[Int64Array, Int64Array]:
        """The order and the sizes of the remaining batches and those of these epochs."""
        orders, sizes = zip((self._order, self._sizes), *epochs, strict=True)
        return np.concatenate(orders), np.concatenate(sizes)

    def _take(
        self, order: Int64Array, sizes: Int64Array, steps: int
    ) -> tuple[Int64Array, Int64Array]:
        """The first batches, and their offsets; the rest remains."""
        offsets = np.concatenate(([0], np.cumsum(sizes[:steps])))
        self._order, self._sizes = order[offsets[-1] :], sizes[steps:]
        return order[: offsets[-1]], offsets

    def _costs(self, order: Int64Array, sizes: Int64Array, step_cost: int) -> Int64Array:
        """The cost of each batch, (batches,)."""
        if not len(sizes):
            return sizes
        starts = np.cumsum(sizes) - sizes
        costs: Int64Array = np.add.reduceat(self._lengths[order], starts) + step_cost
        return costs

    def state_dict(self) -> dict[str, Any]:
        """The state, from which the order continues, as plain data."""
        return {
            "sentences": len(self._lengths),
            "order": self._order.tolist(),
            "sizes": self._sizes.tolist(),
            "random": _as_text(self._random.bit_generator.state),
        }

    def accepts(self, state: Mapping[str, Any]) -> bool:
        """Whether a state is one of sentences, not of running text."""
        return "windows" not in state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state; ignored if it has another number of sentences or larger batches.

        Raises:
            ValueError, KeyError, TypeError: the state is invalid; the sampler is unchanged.
        """
        order = np.array(state["order"], dtype=np.int64)
        sizes = np.array(state["sizes"], dtype=np.int64)
        if state["sentences"] != len(self._lengths) or sizes.max(initial=0) > self._batch_size:
            return
        distinct = len(np.unique(order)) == len(order)
        in_range = not order.size or (order.min() >= 0 and order.max() < len(self._lengths))
        if not (distinct and in_range and sizes.sum() == len(order) and (sizes >= 1).all()):
            raise ValueError("the order of the sentences is damaged")
        self._random.bit_generator.state = _from_text(
            self._random.bit_generator.state, state["random"]
        )
        self._order, self._sizes = order, sizes

    def _epoch(self) -> tuple[Int64Array, Int64Array]:
        """The order of one epoch, and the sizes of its batches."""
        count, size = len(self._lengths), self._batch_size
        order = np.arange(count)
        if self._shuffle:
            self._random.shuffle(order)
        if size == 1:
            return order, np.ones(count, dtype=np.int64)
        bucket_size = size * BATCHES_PER_BUCKET if self._shuffle else size
        batches = []
        for start in range(0, count, bucket_size):
            bucket = order[start : start + bucket_size]
            bucket = bucket[np.argsort(-self._lengths[bucket], kind="stable")]
            batches += [bucket[first : first + size] for first in range(0, len(bucket), size)]
        if self._shuffle:
            batches = [batches[k] for k in self._random.permutation(len(batches))]
        return np.concatenate(batches), np.array([len(batch) for batch in batches])


def _as_text(random: Any) -> dict[str, str]:
    """The state of PCG64 as text: its numbers have 128 bits, more than JSON readers support.

    "half" is the unused half of the last 64 random bits.
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
