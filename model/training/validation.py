"""Evaluation on sentences, or on the part of a text, that training does not use."""

from __future__ import annotations

import math
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels import entry_points
from model.kernels.types import FloatArray
from model.metrics import packed_losses, perplexity_of
from model.network import Network
from model.text.dataset import pack_sentences
from model.text.vocabulary import IndexArray

MAX_STREAMS = 32
"""Parts of a validation text that are evaluated side by side."""
MIN_WINDOWS = 8
"""Windows of the shortest of them."""
WINDOW = 64
"""Characters that are read at once."""
WARM_UP = 256
"""Characters that precede each of them, so that it begins with the state of its context."""


@dataclass(frozen=True, eq=False)
class BestWeights:
    """The weights of a training with the lowest validation loss so far.

    Attributes:
        params: (parameters,); never changed, so that copies may share it.
        loss: mean loss of a prediction of the validation set, in nats.
        step: the steps that had been taken.
        epoch: the epochs that had been trained.
        checksum: of the validation set; losses of different sets are not comparable.
    """

    params: FloatArray
    loss: float
    step: int
    epoch: float
    checksum: int

    @property
    def perplexity(self) -> float:
        """exp of the loss."""
        return math.exp(self.loss)


class ValidationSet(ABC):
    """Evaluates a network on a validation set, a few parts at a time, in repeated passes.

    Each pass is of the weights at its beginning, though training may change them meanwhile. The
    best ones are kept.

    Args:
        model: the network.
        tokens: the tokens of the set.
        ends: (parts + 1,), 0 and the number of predictions up to the end of each part.

    Attributes:
        perplexity: of the whole set in the last completed pass; None before the first.
        completed_passes: number of completed passes.
        checksum: of the set.
        best: the weights with the lowest loss so far; None before the first pass.
        evaluated_at: the epoch at which the last completed pass began; None before the first.
        step: the steps that the network has been trained, for `best`.
        epoch: the epochs that it has been trained, for `best`.
    """

    def __init__(self, model: Network, tokens: IndexArray, ends: npt.NDArray[np.int64]) -> None:
        self.perplexity: float | None = None
        self.completed_passes = 0
        self.checksum = zlib.crc32(np.ascontiguousarray(tokens).data)
        self.best: BestWeights | None = None
        self.evaluated_at: float | None = None
        self.step, self.epoch = 0, 0.0
        self._model = model
        self._evaluated = model  # with the weights of this pass
        self._began_at = (0, 0.0)  # step and epoch at the beginning of this pass
        self._ends = ends
        self._next = 0  # the next part
        self._loss, self._predictions = 0.0, 0  # of this pass so far
        self._predictions_per_second = 0.0

    @abstractmethod
    def __len__(self) -> int:
        """Size of the set: its sentences or characters."""

    @abstractmethod
    def _losses(self, begin: int, end: int) -> tuple[float, int]:
        """The sum of the losses of these parts, and the number of their predictions."""

    def evaluate(self) -> float:
        """The current perplexity of the whole set: one complete pass."""
        self._begin()
        self._evaluate_up_to(len(self._ends) - 1)
        return self._end()

    def evaluate_for(self, seconds: float) -> None:
        """Continue the pass for about this time: at least one part, at most all."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            predictions = self._ends[self._next] + left * self._predictions_per_second
            end = int(np.searchsorted(self._ends, predictions, side="right")) - 1
            self._evaluate_up_to(max(end, self._next + 1))
            if self._next == len(self._ends) - 1:
                self._end()
                return

    def _evaluate_up_to(self, end: int) -> None:
        """Evaluate the parts before this one."""
        began, first = time.perf_counter(), self._next
        if first == 0:
            self._evaluated, self._began_at = self._snapshot(), (self.step, self.epoch)
        loss, predictions = self._losses(first, end)
        self._loss += loss
        self._predictions += predictions
        self._next = end
        computed = int(self._ends[end] - self._ends[first])
        self._predictions_per_second = computed / max(time.perf_counter() - began, 1e-9)

    def _begin(self) -> None:
        self._next, self._loss, self._predictions = 0, 0.0, 0

    def _end(self) -> float:
        perplexity = self.perplexity = perplexity_of(self._loss, self._predictions)
        self.completed_passes += 1
        self.evaluated_at = self._began_at[1]
        loss = self._loss / self._predictions
        if math.isfinite(perplexity) and (self.best is None or loss < self.best.loss):
            self.best = BestWeights(self._evaluated.params, loss, *self._began_at, self.checksum)
        self._begin()
        return perplexity

    def _snapshot(self) -> Network:
        """The network with a copy of its weights, in the memory of the last if that is not kept."""
        model, last = self._model, self._evaluated
        if last is model or (self.best is not None and last.params is self.best.params):
            return Network(model.vocabulary, model.layout, model.params.copy(), model.mode)
        np.copyto(last.params, model.params)
        return last


class Validator(ValidationSet):
    """Evaluates a network on sentences."""

    def __init__(self, model: Network, sentences: Sequence[str]) -> None:
        self._tokens, self._offsets = pack_sentences(model.vocabulary, sentences)
        super().__init__(model, self._tokens, self._offsets)

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self._offsets) - 1

    def _losses(self, begin: int, end: int) -> tuple[float, int]:
        offsets = self._offsets[begin : end + 1]
        losses = packed_losses(self._evaluated, self._tokens, offsets)
        return float(losses.sum()), int(offsets[-1] - offsets[0])


class TextValidator(ValidationSet):
    """Evaluates a network on a text, with the state carried from window to window.

    To save time the text is cut into streams that are evaluated side by side. All but the first are
    preceded by `WARM_UP` characters that do not count.

    Args:
        model: the network.
        tokens: (characters + 1,), the token before the text and those of the text.
        window: characters per window.
    """

    def __init__(self, model: Network, tokens: IndexArray, window: int = WINDOW) -> None:
        self._tokens = tokens
        full = len(self) // window
        offsets = [*range(0, full * window + 1, window), len(self)]
        self._offsets = np.unique(offsets)  # (windows + 1,); the last window may be shorter
        self._batches = _batches_of_streams(len(self._offsets) - 1, full, window)
        self._state = model.zero_state(0)
        rows = [self._rows(batch) for batch in self._batches]
        super().__init__(model, tokens, np.concatenate(([0], np.cumsum(rows))))

    def __len__(self) -> int:
        """Number of characters."""
        return len(self._tokens) - 1

    def _losses(self, begin: int, end: int) -> tuple[float, int]:
        if begin == 0:
            streams = max(batch.first_stream + len(batch.windows) for batch in self._batches)
            self._state = self._evaluated.zero_state(streams)
        total, predictions, loss = 0.0, 0, np.zeros(1)
        for batch in self._batches[begin:end]:
            windows, first = batch.windows, batch.first_stream
            rows = self._rows(batch)
            entry_points.evaluate(
                *self._evaluated.kernel_args,
                self._tokens,
                self._offsets,
                windows,
                np.array([0, len(windows)]),
                self._state[first : first + len(windows)],
                self._evaluated.work_space(rows, len(windows)),
                self._evaluated.batch_space(rows),
                loss,
            )
            if batch.counts:
                total, predictions = total + loss[0], predictions + rows
        return float(total), predictions

    def _rows(self, batch: _Batch) -> int:
        """Number of predictions of a batch."""
        windows = batch.windows
        return int((self._offsets[windows + 1] - self._offsets[windows]).sum())


class _Batch(NamedTuple):
    """Windows (streams,) of consecutive streams, the number of the first, and whether it counts."""

    windows: npt.NDArray[np.int64]
    first_stream: int
    counts: bool = True


def _batches_of_streams(windows: int, full: int, window: int) -> list[_Batch]:
    """The batches of a pass over so many windows, of which `full` have the full length."""
    streams = min(max(full // MIN_WINDOWS, 1), MAX_STREAMS)
    length = full // streams
    starts = np.arange(streams) * length
    warm_up = min(-(-WARM_UP // window), length) if streams > 1 else 0
    return [
        *(_Batch(starts[1:] - before, 1, counts=False) for before in range(warm_up, 0, -1)),
        *(_Batch(starts + number, 0) for number in range(length)),
        *(_Batch(np.array([rest]), streams - 1) for rest in range(streams * length, windows)),
    ]
