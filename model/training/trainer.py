"""Training of a model on sentences or running text, in stretches of any length."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from model.char_model import CharModel
from model.errors import FormatError, SettingsError, check_range, is_integer
from model.formats.checkpoint import ModelCheckpoint, load_model
from model.kernels import entry_points
from model.kernels.optimizers import StepConfig
from model.kernels.types import FloatArray
from model.network import Network, is_size
from model.training.config import TrainingConfig
from model.training.data_parallel import MIN_WORK, DataParallel
from model.training.divergence import DivergenceGuard, Rollback, halved
from model.training.dropout import DropoutState
from model.training.optimizers import Optimizer, check_fits, new_optimizer
from model.training.schedules import learning_rates, warmup_shares
from model.training.state import TrainingState
from model.training.stats import ParameterUpdate, StepLog, TrainingStats
from model.training.training_data import training_data
from model.training.validation import BestWeights, ValidationSet

STEP_COST = 5  # of a step besides its predictions, in predictions: the optimizer
MAX_SECONDS = 366 * 24 * 60 * 60.0
MIN_TIME_SHARE = 0.1  # of the time of `train_for`: with less left, it returns


class Trainer:
    """Trains a model: each step on a batch of sentences, each epoch on every sentence once.

    In the mode "text" of the config, a text takes the place of the sentences, and its windows of
    `sequence_length` characters that of each sentence.

    The parameters of the model change in place, and its mode becomes that of the config. `config`
    may be replaced between calls, but its options for batches, order, optimizer and validation only
    take effect at creation. Each pass of `validation` keeps the best weights. A trainer may be used
    by any thread, but only by one at a time; training releases the GIL. With `threads`
    above 1, that many share the sentences of each batch, unless it is too small.

    Attributes:
        model: the network.
        optimizer: its optimizer.
        rollbacks: those of this training, oldest first.
        last_update: the last step recorded for `record_next_update`; None before the first.
        clip_fraction: fraction of the gradients that were clipped in the last stretch, or of the
            steps if the norm is clipped; None before the first.

    Raises:
        TextError: there is no sentence, one is empty, or has an unknown character; or the text is
            shorter than a window.
        SettingsError: the optimizer is of another network, or `threads` is below 1.
    """

    def __init__(
        self,
        model: CharModel,
        sentences: Sequence[str] | str,
        config: TrainingConfig | None = None,
        optimizer: Optimizer | None = None,
        threads: int = 1,
    ) -> None:
        self.model = model
        self._config = config or TrainingConfig()
        model.mode = self._config.mode
        self._lr_set_at_epoch = self._schedule_start = 0.0
        self.optimizer = optimizer or new_optimizer(self.config, model.params)
        check_fits(self.optimizer, model.params)
        self.rollbacks: tuple[Rollback, ...] = ()
        self.last_update: ParameterUpdate | None = None
        self.clip_fraction: float | None = None
        self._records_update = False
        self._data = training_data(model, sentences, self.config)
        self._gradient = np.zeros_like(model.params)  # (parameters,)
        work = self.config.batch_size * self._data.lengths.mean() * model.num_parameters
        if not is_size(threads):
            raise SettingsError("invalid_threads", "threads", value=threads)
        threads = min(threads, self.config.batch_size, int(work / MIN_WORK))
        self._parallel: DataParallel | None = None
        if threads > 1:
            self._parallel = DataParallel(model, self._data.tokens, self._data.offsets, threads)
        self._dropout = DropoutState.initial(self.config.dropout, self.config.seed)
        self._guard: DivergenceGuard | None = None
        if self.config.rollback_on_divergence:
            self._guard = DivergenceGuard(model.layout.inputs, model.params, self.optimizer)
        self._sentences_seen = 0
        self._cost_per_second = 0.0
        self._totals = TrainingStats(0, 0.0, 0, 0.0, 0.0, 0)

    @classmethod
    def from_json(
        cls,
        saved: str | bytes | Mapping[str, Any],
        sentences: Sequence[str] | str,
        config: TrainingConfig | None = None,
        dtype: npt.DTypeLike = np.float32,
        threads: int = 1,
    ) -> Trainer:
        """A trainer that resumes a saved training on these sentences.

        On the sentences of the saved training it resumes exactly: the parameters equal those of an
        uninterrupted training bit for bit. A `config` replaces the saved options; another schedule
        starts anew, and with another seed the order of the sentences does.

        Raises:
            FormatError: the JSON is not a saved model.
            TextError: the sentences have unknown characters.
        """
        return cls.from_checkpoint(load_model(saved, dtype), sentences, config, threads)

    @classmethod
    def from_checkpoint(
        cls,
        saved: ModelCheckpoint,
        sentences: Sequence[str] | str,
        config: TrainingConfig | None = None,
        threads: int = 1,
    ) -> Trainer:
        """A trainer that resumes a checkpoint, as `from_json` does. It changes its arrays.

        Raises:
            FormatError: the order of its sentences is invalid.
            TextError: the sentences have unknown characters.
        """
        config = config or saved.config
        fits = saved.optimizer is not None and saved.optimizer.name == config.optimizer
        trainer = cls(saved.model, sentences, config, saved.optimizer if fits else None, threads)
        if config.seed in (None, saved.config.seed):
            trainer.resume(saved.sampler_state)
        if saved.training is not None:
            trainer._resume_progress(saved.training)
        trainer.resume_best(saved.best)
        return trainer

    def to_json(self) -> dict[str, Any]:
        """The checkpoint in the structure of the original's JSON, which ignores unknown entries.

        Raises:
            FormatError: the network has diverged.
        """
        return self.checkpoint().to_json()

    def checkpoint(self) -> ModelCheckpoint:
        """A copy of the state, from which training resumes exactly."""
        sampler_state = self._data.sampler.state_dict()
        if self._dropout.rate:
            sampler_state["dropout"] = self._dropout.state_dict()
        totals = self._totals
        training = TrainingState(
            self._config, totals.steps, totals.epoch, self._lr_set_at_epoch, self._schedule_start
        )
        return ModelCheckpoint(
            self.model.copy(), self.optimizer.copy(), sampler_state, training, self.best
        )

    def resume(
        self,
        sampler_state: Mapping[str, Any] | None,
        totals: TrainingStats | None = None,
        lr_set_at_epoch: float = 0.0,
    ) -> None:
        """Continue the order of a saved training, if it had as many sentences or windows.

        With its `totals` and `lr_set_at_epoch`, its counts and its schedule continue as well.

        Raises:
            FormatError: the order is invalid.
        """
        if totals is not None:
            self._totals, self._lr_set_at_epoch = totals, lr_set_at_epoch
            self._sentences_seen = round(totals.epoch * self.sentence_count)
        if sampler_state is None or not self._data.sampler.accepts(sampler_state):
            return
        try:
            if "dropout" in sampler_state:
                self._dropout = self._dropout.with_state(sampler_state["dropout"])
            self._data.sampler.load_state_dict(dict(sampler_state))
        except (ValueError, KeyError, TypeError, OverflowError):
            raise FormatError("order_damaged") from None

    def resume_best(self, best: BestWeights | None) -> None:
        """Take over the best weights of a saved training, if it had the same validation set."""
        validation = self.validation
        if validation is not None and best is not None and best.checksum == validation.checksum:
            validation.best = best

    def _resume_progress(self, state: TrainingState) -> None:
        """Continue the counts and, unless the options for it have changed, the schedule."""
        self._sentences_seen = round(state.epoch * self.sentence_count)
        epoch = self._sentences_seen / self.sentence_count
        self._totals = TrainingStats(state.steps, epoch, 0, 0.0, 0.0, 0)
        same_rate = _rate_of(state.config) == _rate_of(self._config)
        same_schedule = _schedule_of(state.config) == _schedule_of(self._config)
        self._lr_set_at_epoch = min(state.lr_set_at_epoch, epoch) if same_rate else epoch
        start = state.schedule_start if same_schedule else epoch
        self._schedule_start = min(start, self._lr_set_at_epoch)

    @property
    def config(self) -> TrainingConfig:
        """The options; a new learning rate or schedule takes effect with the next step."""
        return self._config

    @config.setter
    def config(self, config: TrainingConfig) -> None:
        if _rate_of(config) != _rate_of(self._config):
            self._lr_set_at_epoch = self._totals.epoch
        self._config = config

    @property
    def learning_rate(self) -> float:
        """The rate of the next step. Setting it restarts the schedule and ends the warm-up."""
        return float(self._rates(np.array([self._totals.epoch]))[0])

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        self._config = replace(self._config, learning_rate=learning_rate)
        self._lr_set_at_epoch = self._totals.epoch

    @property
    def lr_set_at_epoch(self) -> float:
        """The epoch at which the config's learning rate was set."""
        return self._lr_set_at_epoch

    @property
    def train_sentences(self) -> Sequence[str]:
        """The training sentences; empty for running text."""
        return self._data.sentences

    def beginning(self, characters: int) -> str:
        """The beginning of a running text."""
        return self.model.vocabulary.decode(self._data.tokens[1 : characters + 1])

    @property
    def validation(self) -> ValidationSet | None:
        """Evaluates the validation sentences or text; None if there is none."""
        return self._data.validation

    @property
    def sentence_count(self) -> int:
        """The number of training sentences, or of windows of running text."""
        return len(self._data.lengths)

    @property
    def is_hopeless(self) -> bool:
        """Whether training diverges whatever the learning rate; it is then best paused.

        If `train_for` is called all the same, it tries again.
        """
        return self._guard is not None and self._guard.is_hopeless

    @property
    def longest_sentence(self) -> int:
        """Characters of the longest training sentence."""
        return int(self._data.lengths.max()) - 1

    @property
    def best(self) -> BestWeights | None:
        """The weights with the lowest validation loss so far; None before the first evaluation."""
        return self.validation.best if self.validation is not None else None

    def best_model(self) -> CharModel | None:
        """A copy of the model with its best weights; None if there are none."""
        best = self.best
        return None if best is None else replace(self.model, params=best.params.copy())

    @property
    def validation_count(self) -> int:
        """The number of validation sentences, or of characters of running text."""
        return len(self.validation) if self.validation is not None else 0

    @property
    def totals(self) -> TrainingStats:
        """The statistics since the trainer was created; steps and epochs since training began."""
        return self._totals

    def train(self, steps: int) -> TrainingStats:
        """Take this many steps; returns their statistics.

        Raises:
            SettingsError: it is not an integer of at least 0.
        """
        if not (is_integer(steps) and steps >= 0):
            raise SettingsError("invalid_steps", "steps", value=steps)
        stats = self._train(*self._data.sampler.next_batches(steps))
        while stats.steps < steps:  # an epoch of running text has ended
            stats += self._train(*self._data.sampler.next_batches(steps - stats.steps))
        return stats

    def _train(
        self, order: npt.NDArray[np.int64], batch_offsets: npt.NDArray[np.int64]
    ) -> TrainingStats:
        began = time.perf_counter()
        taken = self._take_steps(order, batch_offsets)
        seconds = time.perf_counter() - began
        stats = self._record(order, taken.losses, seconds)
        if stats.steps:
            self.clip_fraction = float(taken.clipped_shares.mean())
        self._guard_against_divergence(stats, order)
        self._follow_plateau()
        return stats

    def record_next_update(self) -> None:
        """Record the last step of the next stretch in `last_update`."""
        self._records_update = True

    def train_for(self, seconds: float) -> TrainingStats:
        """Take steps for about this time, at least one; returns their statistics.

        The next steps are chosen by their length, so that none of a few long sentences among many
        short ones is taken for a short one.

        Raises:
            SettingsError: it is not a number from 0 to a year.
        """
        check_range("seconds", "seconds", seconds, above=None, to=MAX_SECONDS)
        began, left = time.perf_counter(), seconds
        stretch = TrainingStats(0, self._totals.epoch, 0, 0.0, 0.0, 0)
        if self._guard is not None and self._guard.is_hopeless:
            self._guard.try_again()
        while stretch.steps == 0 or left > MIN_TIME_SHARE * seconds:
            order, batch_offsets = self._data.sampler.next_batches_within(
                left * self._cost_per_second, STEP_COST, at_least=0 if stretch.steps else 1
            )
            if not len(order):
                break
            stretch += self._train(order, batch_offsets)
            if self.is_hopeless:
                break
            left = seconds - (time.perf_counter() - began)
        return stretch

    def train_on(self, indices: Sequence[int]) -> StepLog:
        """Take one step for each of these training sentences, in this order.

        Raises:
            IndexError: there is no such sentence.
        """
        began = time.perf_counter()
        numbers = np.asarray(indices, dtype=np.int64)
        order = np.arange(self.sentence_count)[numbers]  # (steps,); checks the range
        steps = self._step_through(order, np.arange(len(order) + 1))
        self._record(order, steps.losses, time.perf_counter() - began)
        return steps

    def _take_steps(
        self, order: npt.NDArray[np.int64], batch_offsets: npt.NDArray[np.int64]
    ) -> StepLog:
        """Take the steps; the last one separately, if its update is recorded."""
        if not self._records_update or len(batch_offsets) < 2:
            return self._step_through(order, batch_offsets)
        first = self._step_through(order, batch_offsets[:-1])
        before = self.model.params.copy()
        last = self._step_through(order, batch_offsets[-2:], taken=len(batch_offsets) - 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            relative_change = np.abs(self.model.params - before) / np.abs(before)
        step = self._totals.steps + len(batch_offsets) - 1
        self.last_update = ParameterUpdate(step, relative_change)
        self._records_update = False
        return first.concat(last)

    @property
    def clips_by_norm(self) -> bool:
        """Whether training clips the norm of the whole gradient, or each of its numbers."""
        by_cell = self.model.layout.spec.clips_by_norm
        return by_cell if self.config.clip_norm is None else self.config.clip_norm

    def _step_through(
        self, order: npt.NDArray[np.int64], batch_offsets: npt.NDArray[np.int64], taken: int = 0
    ) -> StepLog:
        """Take the steps; `taken` is the number of those that are not in the totals yet."""
        model, config = self.model, self.config
        steps = StepLog(*np.zeros((3, len(batch_offsets) - 1)))
        if not len(steps.losses):
            return steps
        order = order[: batch_offsets[-1]]
        epochs = (self._sentences_seen + batch_offsets[:-1]) / self.sentence_count  # (steps,)
        rates = self._rates(epochs, taken)
        clip = float(config.clip * self._data.clip_scale)
        step_config = StepConfig(float(config.weight_decay), clip, self.clips_by_norm)
        data, dropout = self._data, self._dropout
        self._dropout = dropout.after(len(steps.losses))
        if self._parallel is not None:
            for k, (begin, end) in enumerate(pairwise(batch_offsets)):
                steps.losses[k], steps.gradient_norms[k], steps.clipped_shares[k] = (
                    self._parallel.step(
                        self.optimizer,
                        step_config,
                        rates[k],
                        order[begin:end],
                        dropout.after(k).kernel_state(),
                        data.state,
                    )
                )
            return steps
        rows = int(np.add.reduceat(data.lengths[order], batch_offsets[:-1]).max())
        largest = int(np.diff(batch_offsets).max())
        entry_points.train(
            model.layout.spec.kernel,
            dropout.kernel_state(),
            self.optimizer.kernel_state(),
            step_config,
            rates,
            model.layout.sizes,
            model.params,
            self._gradient,
            data.tokens,
            data.offsets,
            order,
            batch_offsets,
            data.state,
            model.work_space(rows, largest),
            model.batch_space(rows),
            steps.losses,
            steps.gradient_norms,
            steps.clipped_shares,
        )
        self.optimizer.advance(len(steps.losses))
        return steps

    def _rates(self, epochs: npt.NDArray[np.float64], taken: int = 0) -> npt.NDArray[np.float64]:
        """The learning rates of the next steps, which begin at these epochs."""
        config = self._config
        rates = learning_rates(
            config.schedule,
            float(config.schedule_epochs),
            epochs,
            float(config.learning_rate),
            self._lr_set_at_epoch,
            self._schedule_start,
        )
        if self._lr_set_at_epoch:
            return rates
        steps = self._totals.steps + taken + np.arange(len(epochs), dtype=np.float64)
        return rates * warmup_shares(config.warmup_steps, steps)

    def _record(
        self, order: npt.NDArray[np.int64], losses: npt.NDArray[np.float64], seconds: float
    ) -> TrainingStats:
        predictions = int(self._data.lengths[order].sum())
        self._sentences_seen += len(order)
        epoch = self._sentences_seen / self.sentence_count
        characters = predictions - self._data.ends * len(order)
        stats = TrainingStats(
            len(losses), epoch, characters, seconds, float(losses.sum()), predictions
        )
        self._totals += stats
        if self.validation is not None:
            self.validation.step, self.validation.epoch = self._totals.steps, epoch
        if seconds > 0:
            self._cost_per_second = (predictions + STEP_COST * len(losses)) / seconds
        return stats

    def _guard_against_divergence(self, stats: TrainingStats, order: npt.NDArray[np.int64]) -> None:
        """Take a snapshot if one is due; roll back to the last one if training has diverged.

        Args:
            stats: of the last stretch.
            order: the sentences that it was trained on.
        """
        if self._guard is None or not stats.predictions:
            return

        def loss_of(params: FloatArray) -> float:
            network = Network(self.model.vocabulary, self.model.layout, params)
            return self._data.mean_loss(network, order)

        mean_loss = stats.cost / stats.predictions
        if not self._guard.has_diverged(mean_loss, loss_of):
            self._guard.maybe_snapshot(
                self.model.params, self.optimizer, self._totals.seconds, mean_loss
            )
            return
        self.optimizer = self._guard.restore(self.model.params)
        self._data.reset_state()
        self.learning_rate = halved(self.learning_rate)
        rollback = Rollback(self._totals.steps, self.learning_rate)
        self.rollbacks = (*self.rollbacks, rollback)

    def _follow_plateau(self) -> None:
        """Halve the rate of the schedule "plateau" if the validation loss has not improved."""
        validation, config = self.validation, self._config
        if config.schedule != "plateau" or validation is None or validation.best is None:
            return
        since = max(validation.best.epoch, self._lr_set_at_epoch)
        if (validation.evaluated_at or 0.0) - since >= config.schedule_epochs:
            self.learning_rate = halved(config.learning_rate)


def _rate_of(config: TrainingConfig) -> tuple[object, ...]:
    return config.learning_rate, *_schedule_of(config)


def _schedule_of(config: TrainingConfig) -> tuple[object, ...]:
    return config.schedule, config.schedule_epochs
