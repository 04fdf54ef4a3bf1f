"""Data parallelism: threads share the sentences of a batch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import numpy as np

from model.kernels import entry_points
from model.kernels.dropout import Dropout, NoDropout
from model.kernels.optimizers import StepConfig
from model.kernels.types import FloatArray
from model.metrics import add_gradient
from model.network import Network
from model.text.vocabulary import IndexArray
from model.training.batch_sampler import Int64Array
from model.training.optimizers import Optimizer

MIN_WORK = 5_000_000
"""Rows times parameters of a shard: starting a thread takes longer than a smaller one."""


def split_batch(batch: Int64Array, shards: int) -> list[Int64Array]:
    """The batch in at most this many shards, each with its longest sentence first, as the batch.

    Their lengths differ by at most that of the longest sentence.
    """
    return [np.ascontiguousarray(batch[k::shards]) for k in range(min(shards, len(batch)))]


class DataParallel:
    """Takes steps on several threads: each computes the gradient of a shard of the batch.

    The result is the same each time for the same number of threads.
    """

    def __init__(
        self, network: Network, tokens: IndexArray, offsets: Int64Array, threads: int
    ) -> None:
        self._network, self._tokens, self._offsets = network, tokens, offsets
        self._gradients = np.zeros((threads, network.num_parameters), network.params.dtype)
        self._executor = ThreadPoolExecutor(threads - 1, "data-parallel")

    def step(
        self,
        optimizer: Optimizer,
        config: StepConfig,
        rate: float,
        batch: Int64Array,
        dropout: Dropout | NoDropout,
        state: FloatArray,
    ) -> tuple[float, float, float]:
        """Take one step; returns its numbers of a `StepLog`. `state` is that of `train`."""
        shards = split_batch(batch, len(self._gradients))
        count = len(shards)
        states = [np.ascontiguousarray(state[k::count]) for k in range(count)]
        calls = list(zip(shards, self._gradients, states, repeat(dropout), strict=False))
        others = [self._executor.submit(self._loss, *call) for call in calls[1:]]
        loss = self._loss(*calls[0]) + sum(other.result() for other in others)
        for k, rows in enumerate(states):
            state[k::count] = rows
        norm, clipped_share = entry_points.apply_gradients(
            optimizer.kernel_state(),
            config,
            self._network.params,
            self._gradients[: len(shards)],
            np.array([len(shard) / len(batch) for shard in shards]),
            rate,
            0,
        )
        optimizer.advance(1)
        return loss, norm, clipped_share

    def _loss(
        self,
        shard: Int64Array,
        gradient: FloatArray,
        state: FloatArray,
        dropout: Dropout | NoDropout,
    ) -> float:
        """The loss of a shard; overwrites `gradient` with its mean gradient."""
        gradient[:] = 0
        tokens, offsets = self._tokens, self._offsets
        return add_gradient(self._network, gradient, tokens, offsets, shard, dropout, state)
