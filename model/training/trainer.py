"""Training a model on sentences, in slices as short or long as one likes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from model.char_model import CharModel
from model.dataset import pack_sentences
from model.errors import FormatError
from model.kernels import entry_points as entry
from model.kernels import workspace
from model.kernels.cells import CELLS
from model.kernels.optimizers import Rule
from model.metrics import perplexity_of
from model.network import FloatArray
from model.training.batch_sampler import Batches
from model.training.config import TrainingSettings
from model.training.divergence import Recovery, Safeguard
from model.training.optimizers import Adam, RMSProp, Solver
from model.training.schedules import scheduled_rates
from model.training.validation import HeldOut, split

if TYPE_CHECKING:
    from model.formats.recurrentjs_json import SavedModel

CLIPPED_BY_NORM = frozenset({"rnn"})  # the kinds of network that run off without
FIRST_STEPS = 4  # of `train_for`, before it knows how fast this network is on this machine
NOT_WORTH_A_CALL = 0.1  # share of the time of `train_for` that may be left over at its end


@dataclass(frozen=True)
class Progress:
    """What a stretch of training did.

    Attributes:
        steps: steps taken, each a batch of sentences.
        epoch: sentences learnt from since the training began over how many there are.
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
        costs: sum of -ln p over the step's sentences, before it.
        gradient_norms: of all parameters' mean gradient of a sentence, before clipping.
        clipped_shares: share of the parameters whose gradient was clipped.
    """

    costs: npt.NDArray[np.float64]
    gradient_norms: npt.NDArray[np.float64]
    clipped_shares: npt.NDArray[np.float64]

    def followed_by(self, then: Steps) -> Steps:
        """These steps and those of the stretch after it."""
        return Steps(
            np.concatenate((self.costs, then.costs)),
            np.concatenate((self.gradient_norms, then.gradient_norms)),
            np.concatenate((self.clipped_shares, then.clipped_shares)),
        )


@dataclass(frozen=True)
class Update:
    """How far one step moved the parameters.

    Attributes:
        step: which it was, counted since the training began.
        sizes: (parameters,), of each change relative to what was there before: infinite where that
            was zero, NaN where it stayed zero.
    """

    step: int
    sizes: FloatArray


class Trainer:
    """Trains a model, a batch of sentences a step; every epoch takes each sentence once.

    The model's parameters change in place. `settings` may be replaced between two calls; what has
    to do with batches, the order, the solver and the sentences kept aside is that of the beginning.
    A trainer may be used from any thread, but from one at a time; while it trains, the
    interpreter's lock is free.

    Attributes:
        model: what is trained.
        solver: its optimizer's memory.
        recoveries: how often it ran off and was brought back.
        learnt: the sentences that it learns.
        held_out: those kept aside, which it does not learn; None where there are none.
        update: the last step that `watch_update` asked to see; None before the first.
        clipped: share of the gradients that were clipped in the last stretch, or of its steps where
            their norm is; None before the first.
    """

    def __init__(
        self,
        model: CharModel,
        sentences: Sequence[str],
        settings: TrainingSettings | None = None,
        solver: Solver | None = None,
    ) -> None:
        self.model = model
        self._settings = settings or TrainingSettings()
        self._rate_since = 0.0  # the epoch at which the settings' learning rate was set
        self.solver = solver or _new_solver(self.settings, model.flat)
        self.recoveries: tuple[Recovery, ...] = ()
        self.update: Update | None = None
        self.clipped: float | None = None
        self._watches_update = False
        self.learnt, aside = split(sentences, self.settings.validation_fraction)
        self.held_out = HeldOut(model, aside) if aside else None
        self._letters, self._starts = pack_sentences(model.vocabulary, self.learnt)
        self._rows = np.diff(self._starts)  # (sentences,): predictions of each
        self._gradient = np.zeros_like(model.flat)  # (parameters,)
        self._batches = Batches(
            self._rows, self.settings.batch_size, self.settings.shuffle, self.settings.seed
        )
        self._safeguard: Safeguard | None = None
        if self.settings.recover:
            self._safeguard = Safeguard(model.layout.inputs, model.flat, self.solver)
        self._sentences_seen = 0
        self._steps_per_second = 0.0
        self._totals = Progress(0, 0.0, 0, 0.0, 0.0, 0)

    @classmethod
    def from_json(
        cls,
        saved: str | bytes | Mapping[str, Any],
        sentences: Sequence[str],
        settings: TrainingSettings | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> Trainer:
        """Go on with a saved model and its solver's memory, on these sentences.

        Where they are those of the saved training, it goes on exactly: in float64 with the same
        parameters, bit for bit, as if it had never stopped.

        Raises:
            FormatError: the JSON is damaged or no such model.
            TextError: the sentences hold characters that the model does not know.
        """
        from model.formats.recurrentjs_json import read_model

        read = read_model(saved, dtype)
        settings = settings or TrainingSettings()
        fits = read.solver is not None and read.solver.name == settings.solver
        trainer = cls(read.model, sentences, settings, read.solver if fits else None)
        trainer.go_on(read.order)
        return trainer

    def to_json(self) -> dict[str, Any]:
        """The model, its solver's memory and the order of the sentences to come.

        In the structure of the original's JSON, which takes no notice of what it does not know.

        Raises:
            FormatError: the network has run off to infinity.
        """
        return self.saved().to_json()

    def saved(self) -> SavedModel:
        """A copy of all that is needed to go on exactly from here."""
        from model.formats.recurrentjs_json import SavedModel

        return SavedModel(self.model.copy(), self.solver.copy(), self._batches.state())

    def go_on(
        self,
        order: Mapping[str, Any] | None,
        totals: Progress | None = None,
        rate_since: float = 0.0,
    ) -> None:
        """Take the sentences in the order of a saved training, if it was of as many sentences.

        With the `totals` and the `rate_since` of that training, they count on from there.

        Raises:
            FormatError: the order is damaged.
        """
        if totals is not None:
            self._totals, self._rate_since = totals, rate_since
            self._sentences_seen = round(totals.epoch * self.sentence_count)
        if order is None:
            return
        try:
            self._batches.restore(dict(order))
        except (ValueError, KeyError, TypeError, OverflowError):
            raise FormatError("order_damaged") from None

    @property
    def settings(self) -> TrainingSettings:
        """The options of the training; another learning rate or schedule holds from now on."""
        return self._settings

    @settings.setter
    def settings(self, settings: TrainingSettings) -> None:
        if _rate_of(settings) != _rate_of(self._settings):
            self._rate_since = self._totals.epoch
        self._settings = settings

    @property
    def learning_rate(self) -> float:
        """What the next step is taken with; setting it, the schedule goes on from there."""
        return float(self._rates(np.array([self._totals.epoch]))[0])

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        self._settings = replace(self._settings, learning_rate=learning_rate)
        self._rate_since = self._totals.epoch

    @property
    def rate_since(self) -> float:
        """The epoch at which the settings' learning rate was set."""
        return self._rate_since

    @property
    def sentence_count(self) -> int:
        """How many sentences make an epoch: those that are learnt."""
        return len(self._rows)

    @property
    def held_out_count(self) -> int:
        """How many sentences are kept aside."""
        return len(self.held_out) if self.held_out is not None else 0

    @property
    def totals(self) -> Progress:
        """Everything since the trainer was made."""
        return self._totals

    def train(self, steps: int) -> Progress:
        """Take so many steps."""
        began = time.perf_counter()
        order, batch_starts = self._batches.take(steps)
        taken = self._take_steps(order, batch_starts)
        seconds = time.perf_counter() - began
        progress = self._account(order, taken.costs, seconds)
        if progress.steps:
            self.clipped = float(taken.clipped_shares.mean())
        self._look_after(progress)
        return progress

    def watch_update(self) -> None:
        """Have the last step of the next stretch seen: it will be in `update`."""
        self._watches_update = True

    def train_for(self, seconds: float) -> Progress:
        """Take steps for about so long: at least one, and as few as one if sentences are long."""
        began, left = time.perf_counter(), seconds
        stretch = Progress(0, self._totals.epoch, 0, 0.0, 0.0, 0)
        while stretch.steps == 0 or left > NOT_WORTH_A_CALL * seconds:
            guess = int(left * self._steps_per_second) if self._steps_per_second else FIRST_STEPS
            if stretch.steps and guess < 1:
                break
            stretch = _together(stretch, self.train(max(guess, 1)))
            left = seconds - (time.perf_counter() - began)
        return stretch

    def train_in_order(self, sentence_numbers: Sequence[int]) -> Steps:
        """Take one step for each of these sentences, in this order, and report on every step."""
        began = time.perf_counter()
        numbers = np.asarray(sentence_numbers, dtype=np.int64)
        order = np.arange(self.sentence_count)[numbers]  # (steps,), none of them out of range
        steps = self._step_through(order, np.arange(len(order) + 1))
        self._account(order, steps.costs, time.perf_counter() - began)
        return steps

    def _take_steps(
        self, order: npt.NDArray[np.int64], batch_starts: npt.NDArray[np.int64]
    ) -> Steps:
        """Take the steps of a stretch; the last of them apart from the others, if it is watched."""
        if not self._watches_update or len(batch_starts) < 2:
            return self._step_through(order, batch_starts)
        first = self._step_through(order, batch_starts[:-1])
        before = self.model.flat.copy()
        last = self._step_through(order, batch_starts[-2:])
        with np.errstate(divide="ignore", invalid="ignore"):
            sizes = np.abs(self.model.flat - before) / np.abs(before)
        self.update = Update(self._totals.steps + len(batch_starts) - 1, sizes)
        self._watches_update = False
        return first.followed_by(last)

    @property
    def clips_norm(self) -> bool:
        """Whether the norm of all gradients together is clipped, not each of them."""
        by_kind = self.model.kind in CLIPPED_BY_NORM
        return by_kind if self.settings.clip_norm is None else self.settings.clip_norm

    def _step_through(
        self, order: npt.NDArray[np.int64], batch_starts: npt.NDArray[np.int64]
    ) -> Steps:
        model, settings = self.model, self.settings
        steps = Steps(*np.zeros((3, len(batch_starts) - 1)))
        if not len(steps.costs):
            return steps
        order = order[: batch_starts[-1]]
        rows = int(np.add.reduceat(self._rows[order], batch_starts[:-1]).max())
        batch = int(np.diff(batch_starts).max())
        epochs = (self._sentences_seen + batch_starts[:-1]) / self.sentence_count  # (steps,)
        entry.train(
            CELLS[model.kind],
            self.solver.for_kernels(),
            Rule(float(settings.l2), float(settings.clip), self.clips_norm),
            self._rates(epochs),
            model.layout.sizes,
            model.flat,
            self._gradient,
            self._letters,
            self._starts,
            order,
            batch_starts,
            workspace.for_rows(model.layout, rows, model.flat.dtype, batch),
            workspace.for_batch_rows(rows),
            steps.costs,
            steps.gradient_norms,
            steps.clipped_shares,
        )
        self.solver.count(len(steps.costs))
        return steps

    def _rates(self, epochs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        settings = self._settings
        return scheduled_rates(
            settings.schedule,
            float(settings.schedule_epochs),
            epochs,
            float(settings.learning_rate),
            self._rate_since,
        )

    def _account(
        self, order: npt.NDArray[np.int64], costs: npt.NDArray[np.float64], seconds: float
    ) -> Progress:
        predictions = int(self._rows[order].sum())
        self._sentences_seen += len(order)
        epoch = self._sentences_seen / self.sentence_count
        characters = predictions - len(order)
        progress = Progress(len(costs), epoch, characters, seconds, float(costs.sum()), predictions)
        self._totals = _together(self._totals, progress)
        if seconds > 0:
            self._steps_per_second = len(costs) / seconds
        return progress

    def _look_after(self, progress: Progress) -> None:
        """Keep a good state from time to time; bring the training back to it if it has run off."""
        if self._safeguard is None or not progress.predictions:
            return
        if not self._safeguard.has_run_off(progress.cost / progress.predictions):
            self._safeguard.look(self.model.flat, self.solver, self._totals.seconds)
            return
        self.solver = self._safeguard.bring_back(self.model.flat)
        self._gradient[:] = 0  # it may hold what the network ran off with
        self.learning_rate /= 2
        recovery = Recovery(self._totals.steps, self.learning_rate)
        self.recoveries = (*self.recoveries, recovery)


def _rate_of(settings: TrainingSettings) -> tuple[object, ...]:
    return settings.learning_rate, settings.schedule, settings.schedule_epochs


def _new_solver(settings: TrainingSettings, parameters: FloatArray) -> Solver:
    if settings.solver == "adam":
        return Adam.new(parameters)
    return RMSProp.new(parameters, settings.bias_correction)


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
