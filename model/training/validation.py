"""Evaluation on sentences that are held out from training."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from model.metrics import packed_losses, perplexity_of
from model.network import Network
from model.text.dataset import pack_sentences


class Validator:
    """Evaluates a network on the validation sentences, a few at a time, in repeated passes.

    Attributes:
        perplexity: of all sentences in the last completed pass; None before the first.
        completed_passes: number of completed passes.
    """

    def __init__(self, model: Network, sentences: Sequence[str]) -> None:
        self.perplexity: float | None = None
        self.completed_passes = 0
        self._model = model
        self._tokens, self._offsets = pack_sentences(model.vocabulary, sentences)
        self._next = 0  # the next sentence
        self._loss, self._predictions = 0.0, 0  # of this pass so far
        self._predictions_per_second = 0.0

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self._offsets) - 1

    def evaluate(self) -> float:
        """The current perplexity of all sentences: one complete pass."""
        self._begin()
        self._evaluate_up_to(len(self))
        return self._end()

    def evaluate_for(self, seconds: float) -> None:
        """Continue the pass for about this time: at least one sentence, at most all."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            predictions = self._offsets[self._next] + left * self._predictions_per_second
            end = int(np.searchsorted(self._offsets, predictions, side="right")) - 1
            self._evaluate_up_to(max(end, self._next + 1))
            if self._next == len(self):
                self._end()
                return

    def _evaluate_up_to(self, end: int) -> None:
        """Evaluate the sentences before this one."""
        began = time.perf_counter()
        offsets = self._offsets[self._next : end + 1]
        losses = packed_losses(self._model, self._tokens, offsets)
        predictions = int(offsets[-1] - offsets[0])
        self._loss += float(losses.sum())
        self._predictions += predictions
        self._next = end
        self._predictions_per_second = predictions / max(time.perf_counter() - began, 1e-9)

    def _begin(self) -> None:
        self._next, self._loss, self._predictions = 0, 0.0, 0

    def _end(self) -> float:
        perplexity = self.perplexity = perplexity_of(self._loss, self._predictions)
        self.completed_passes += 1
        self._begin()
        return perplexity
