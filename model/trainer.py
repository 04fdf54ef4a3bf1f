"""Training a model on sentences, in slices as short or long as one likes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model import workspace
from model.char_model import CharModel
from model.kernels import entry
from model.kernels.cells import CELLS
from model.perplexity import perplexity_of
from model.sentences import pack_sentences
from model.settings import TrainingSettings
from model.solver import RMSProp

FIRST_STEPS = 4  # of `train_for`, before it knows how fast this network is on this machine


@dataclass(frozen=True)
class Progress:
    """What a stretch of training did.

    Attributes:
        steps: sentences learnt from.
        epoch: steps since the training began over the number of sentences.
        perplexity: exp(cost / predictions) over the stretch, each sentence before its own step.
        characters: characters learnt from.
        seconds: time spent in training.
        cost: sum of -ln p of all predictions of the stretch.
        predictions: how many there were, one a character and one a sentence's end.
    """

    steps: int
    epoch: float
    characters: int
    seconds: float
    cost: float
    predictions: int

    @property
    def perplexity(self) -> float:
        """Infinite when the network has run off; NaN before the first step."""
        return perplexity_of(self.cost, self.predictions)


@dataclass(frozen=True)
class Steps:
    """What each step of a stretch did; arrays of shape (steps,).

    Attributes:
        costs: sum of -ln p over the sentence, before the step.
        gradient_norms: of all parameters' gradient, before clipping.
        clipped_shares: share of the parameters whose gradient was clipped.
    """

    costs: npt.NDArray[np.float64]
    gradient_norms: npt.NDArray[np.float64]
    clipped_shares: npt.NDArray[np.float64]


class Trainer:
    """Trains a model, one sentence a step; every epoch takes each sentence once.

    The model's parameters change in place. `settings` may be replaced between two calls. A trainer
    may be used from any thread, but from one at a time; while it trains, the interpreter's lock is
    free.
    """

    def __init__(
        self,
        model: CharModel,
        sentences: Sequence[str],
        settings: TrainingSettings | None = None,
        solver: RMSProp | None = None,
    ) -> None:
        self.model = model
        self.settings = settings or TrainingSettings()
        self.solver = solver or RMSProp(np.zeros_like(model.flat))
        self._letters, self._starts = pack_sentences(model.vocabulary, sentences)
        self._rows = np.diff(self._starts)  # (sentences,): predictions of each
        self._gradient = np.zeros_like(model.flat)  # (parameters,)
        self._random = np.random.default_rng(self.settings.seed)
        self._order = np.zeros(0, dtype=np.int64)  # sentences still to come in this epoch
        self._steps_per_second = 0.0
        self._totals = Progress(0, 0.0, 0, 0.0, 0.0, 0)

    @classmethod
    def from_json(
        cls,
        saved: str | bytes | Mapping[str, Any],
        sentences: Sequence[str],
        settings: TrainingSettings | None = None,
    ) -> Trainer:
        """Go on with a saved model and its solver's memory, on these sentences.

        Raises:
            FormatError: the JSON is damaged or no such model.
            TextError: the sentences hold characters that the model does not know.
        """
        from model.saved import read_model

        read = read_model(saved)
        return cls(read.model, sentences, settings, read.solver)

    def to_json(self) -> dict[str, Any]:
        """The model and its solver's memory in the structure of the original's JSON."""
        return self.model.to_json(self.solver)

    @property
    def sentence_count(self) -> int:
        """How many sentences make an epoch."""
        return len(self._rows)

    @property
    def totals(self) -> Progress:
        """Everything since the trainer was made."""
        return self._totals

    def train(self, steps: int) -> Progress:
        """Take so many steps."""
        began = time.perf_counter()
        order = self._next_sentences(steps)
        costs = self._step_through(order).costs
        seconds = time.perf_counter() - began
        return self._account(order, costs, seconds)

    def train_for(self, seconds: float) -> Progress:
        """Take steps for about so long: at least one, and as few as one if sentences are long."""
        began = time.perf_counter()
        stretch = Progress(0, self._totals.epoch, 0, 0.0, 0.0, 0)
        while (left := seconds - (time.perf_counter() - began)) > 0 or stretch.steps == 0:
            guess = int(left * self._steps_per_second) if self._steps_per_second else FIRST_STEPS
            if stretch.steps and guess < 1:
                break
            stretch = _together(stretch, self.train(max(guess, 1)))
        return stretch

    def train_in_order(self, sentence_numbers: Sequence[int]) -> Steps:
        """Take one step for each of these sentences, in this order, and report on every step."""
        began = time.perf_counter()
        numbers = np.asarray(sentence_numbers, dtype=np.int64)
        order = np.arange(self.sentence_count)[numbers]  # (steps,), none of them out of range
        steps = self._step_through(order)
        self._account(order, steps.costs, time.perf_counter() - began)
        return steps

    def _step_through(self, order: npt.NDArray[np.int64]) -> Steps:
        model, settings, solver = self.model, self.settings, self.solver
        steps = Steps(*np.zeros((3, len(order))))
        longest = int(self._rows[order].max(initial=0))
        work = workspace.for_rows(model.layout, longest, model.flat.dtype)
        entry.train(
            CELLS[model.kind],
            model.layout.sizes,
            model.flat,
            self._gradient,
            solver.step_cache,
            self._letters,
            self._starts,
            order,
            settings.learning_rate,
            settings.l2,
            settings.clip,
            solver.decay_rate,
            solver.smooth_eps,
            work,
            steps.costs,
            steps.gradient_norms,
            steps.clipped_shares,
        )
        return steps

    def _next_sentences(self, steps: int) -> npt.NDArray[np.int64]:
        """The numbers of the next sentences, each once an epoch."""
        pieces, held = [self._order], len(self._order)
        while held < steps:
            epoch = np.arange(self.sentence_count)
            if self.settings.shuffle:
                self._random.shuffle(epoch)
            pieces.append(epoch)
            held += len(epoch)
        order = np.concatenate(pieces)
        taken, self._order = order[:steps], order[steps:]
        return taken

    def _account(
        self, order: npt.NDArray[np.int64], costs: npt.NDArray[np.float64], seconds: float
    ) -> Progress:
        steps, predictions = len(order), int(self._rows[order].sum())
        epoch = (self._totals.steps + steps) / self.sentence_count
        progress = Progress(
            steps, epoch, predictions - steps, seconds, float(costs.sum()), predictions
        )
        self._totals = _together(self._totals, progress)
        if seconds > 0:
            self._steps_per_second = steps / seconds
        return progress


def _together(first: Progress, then: Progress) -> Progress:
    """Two stretches, one after the other, as one."""
    return Progress(
        first.steps + then.steps,
        then.epoch,
        first.characters + then.characters,
        first.seconds + then.seconds,
        first.cost + then.cost,
        first.predictions + then.predictions,
    )
