"""A session: one visitor's training run and settings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, get_args

from app.catalog.presets import START_TEMPERATURE
from app.errors import Notice, UserError
from app.protocol.base import PauseReason, Payload, Replacement, Status
from app.protocol.hyperparameters import Hyperparameters
from app.protocol.ids import short_id
from app.protocol.inspection import GradientCheckRequest, InspectionResult
from app.protocol.requests import (
    Complete,
    Pause,
    Resume,
    Save,
    SetParameters,
    Undo,
)
from app.protocol.results import CompleteResult
from app.protocol.sharing import Sample
from app.sessions.commands import (
    Answer,
    Command,
    CreateCheckpoint,
    Install,
    MarkSaved,
    Notify,
    Prepared,
    ReadText,
    Replacing,
    SetWatched,
    TrainingText,
)
from app.sessions.memory_budget import MemoryBudget
from app.sessions.preparation import Current, Preparation
from app.sessions.snapshot import Description, SessionNotice, Snapshot, TextSummary
from app.sessions.undo import UndoSlot
from app.training import completion, inspection
from app.training.checkpoint import NO_CHANGES, Checkpoint, Revision
from app.training.gradient_check import GradientCheckJob, make_job
from app.training.run import TrainingRun
from model import KernelKey, beam_search_compiled, inference_compiled, training_compiled
from model.formats.checkpoint import ModelCheckpoint
from model.training.footprint import Footprint

log = logging.getLogger(__name__)

MAX_NOTICES = 5


class Session:
    """A training run and the visitor's settings; used by one thread at a time."""

    def __init__(self, session_id: str, memory: MemoryBudget) -> None:
        self.session_id = session_id
        self._memory = memory
        self.learning = True
        self.watched = False
        self.temperature = START_TEMPERATURE
        self._run: TrainingRun | None = None
        self._undo_slot: UndoSlot | None = None
        self._description = Description(0, TextSummary.of(""), Hyperparameters(), (), 0)
        self._generation = time.time_ns()
        self._revision = NO_CHANGES
        self._saved_at: float | None = None
        self._saving = True
        self._pause_reason: PauseReason | None = None
        self._notices: tuple[SessionNotice, ...] = ()

    @property
    def short_id(self) -> str:
        """A short id for logs and pages that does not reveal the session id."""
        return short_id(self.session_id)

    @property
    def _log_fields(self) -> dict[str, str | int]:
        """The description of the network for the log, without the text."""
        description = self._description
        return {
            "session": self.short_id,
            "kind": description.options.kind,
            "hidden_sizes": "x".join(map(str, description.options.hidden_sizes)),
            "weights": description.weights,
            "characters": description.text.characters,
        }

    @property
    def kernels(self) -> KernelKey | None:
        """The kernels that the network needs; None without a network."""
        if self._run is None:
            return None
        return KernelKey.of(self._run.options.kind, self._run.trainer.config)

    @property
    def status(self) -> Status:
        """The status: compiling, learning or paused."""
        if self.kernels is not None and not training_compiled(*self.kernels):
            return "compiling"
        return "learning" if self.learning else "paused"

    @property
    def undoable(self) -> Replacement | None:
        """How the network replaced the one that undo restores; None if there is none."""
        slot = self._undo_slot
        if slot is None or slot.run is None or time.monotonic() >= slot.until:
            return None
        return slot.replacement

    def carry_out(self, command: Command) -> Answer:
        """Execute a command; returns its answer.

        Raises:
            UserError: the command was refused, and nothing has changed.
        """
        try:
            return self._HANDLERS[type(command)](self, command)
        except Exception:
            if isinstance(command, Replacing | Install | Undo):  # memory was reserved for it
                self._memory.commit(self, self._run.footprint if self._run else None)
            raise

    def discard(self) -> None:
        """Release the memory of the session."""
        self._memory.commit(self, None)
        self._memory.release(self)

    def refresh_samples(self) -> None:
        """Refresh the samples if they are due and a page watches.

        The first samples are made before any training, so that a loaded network is shown as loaded.
        """
        run = self._run
        if run is not None and (self.watched or run.feed.greedy is None):
            run.feed.refresh(run.model, self.temperature, time.monotonic())

    def train(self, seconds: float) -> None:
        """Train for about this many seconds."""
        run = self._existing_run()
        run.train(seconds, validate=inference_compiled(run.options.kind))
        self._touch()
        if run.trainer.is_hopeless:
            self._pause_because("diverged", Notify("error", Notice("training_hopeless")))
        elif next_notice := run.rollbacks.next_notice(run.trainer.rollbacks, time.monotonic()):
            self._notify(Notify("warning", next_notice))

    def fail(self, code: str) -> None:
        """Pause after a server error, and notify the visitor."""
        self._pause_because("failed", Notify("error", Notice(code)))

    def snapshot(self, last: Snapshot | None = None) -> Snapshot:
        """A snapshot of the session, which follows the last one."""
        run = self._existing_run()
        totals = run.trainer.totals
        snapshot = Snapshot(
            session_id=self.session_id,
            generation=self._generation,
            seq=last.seq + 1 if last else 1,
            revision=self._revision,
            description=self._description,
            status=self.status,
            steps=totals.steps,
            epoch=totals.epoch,
            **run.stats.rates._asdict(),
            learning_rate=run.learning_rate,
            temperature=self.temperature,
            samples=run.feed.samples,
            greedy=run.feed.greedy,
            curve_version=run.curve.version,
            points=run.curve.points,
            validation_perplexity=run.validation.perplexity,
            best=run.best,
            overfitting_since=run.overfitting.since,
            notices=self._notices,
            saved_at=self._saved_at,
            saving=self._saving,
            rollbacks=len(run.trainer.rollbacks),
            undoable=self.undoable,
            pause_reason=self._pause_reason,
        )
        return snapshot.after(last)

    def preparation(self, command: Replacing) -> Preparation:
        """The preparation of the network that a command asks for; it may run on any thread."""
        current = None
        if self._run is not None:
            current = Current(
                self._run.text,
                self._description.text.checksum,
                self._current_options(),
                self._run.curve.version + 1,
            )
        return Preparation(command, current, self._reserve, self._reserve_existing)

    def _prepare_and_install(self, command: Replacing) -> None:
        self._install(self.preparation(command)())

    def _install_prepared(self, command: Install) -> None:
        self._install(command.prepared.result())

    def _install(self, prepared: Prepared) -> None:
        if prepared.version is not None:
            self._description = replace(self._description, version=prepared.version - 1)
        self._replace(prepared.run, prepared.replacement)
        if prepared.replacement is not None:
            log.info("a new network", extra=self._log_fields)
        if prepared.learning is not None:
            self.learning = prepared.learning
        if prepared.temperature is not None:
            self.temperature = prepared.temperature
        if prepared.notice is not None:
            self._notify(Notify("warning", prepared.notice))
        try:
            self._check_limits(prepared.run)
        except UserError:  # it was restored, and the limits were higher when it was created
            layout = prepared.run.model.layout
            values = {"weights": layout.num_parameters, "layers": len(layout.hidden_sizes)}
            notice = Notify("warning", Notice("network_over_limit", values))
            self._pause_because("over_limit", notice)

    def _reserve(self, needed: Footprint, field: str | None) -> None:
        self._memory.check_size(needed.weights, field)
        self._memory.reserve(self, needed, field)

    def _reserve_existing(self, needed: Footprint) -> None:
        self._memory.reserve(self, needed, None, exists=True)

    def _check_limits(self, run: TrainingRun) -> None:
        """Check the limits of a network that trains.

        Raises:
            UserError: it exceeds one of them.
        """
        self._memory.check_size(run.model.num_parameters)
        run.check_trainable()

    def _undo(self, _command: Undo) -> None:
        slot = self._undo_slot
        run = slot.run if slot is not None and self.undoable else None
        if run is None:
            raise UserError("nothing_to_undo")
        self._memory.release(self)  # its memory is reserved as that of the network
        self._memory.reserve(self, run.footprint, None)
        self._replace(run, "undo")
        run.feed.resample_soon()  # the temperature may have changed
        run.feed.hold()

    def _replace(self, run: TrainingRun, replacement: Replacement | None = None) -> None:
        """Replace the run; if `replacement` is given, undo can restore the old one."""
        if replacement is not None:
            # The starting network is not the visitor's work, so it is not saved at once.
            self._touch(major=self._run is not None)
            if self._run is not None:
                self._retain_for_undo(self._run, replacement)
        self._run = run
        self._pause_reason = None
        self._description = Description(
            version=self._description.version + 1,
            text=TextSummary.of(run.text),
            options=run.options,
            vocabulary=run.model.vocabulary.chars,
            weights=run.model.num_parameters,
            sentences=run.trainer.sentence_count,
            validation_sentences=run.trainer.validation_count,
            seed=run.seed,
        )

    def _retain_for_undo(self, run: TrainingRun, replacement: Replacement) -> None:
        run.stats.reset()
        self._undo_slot = UndoSlot(run, replacement, run.footprint)
        self._memory.retain(self, self._undo_slot)

    def _pause(self, _command: Pause) -> None:
        self._set_learning(False)
        if self._run is not None:
            self._run.stats.reset()
            self._run.feed.refresh_soon()  # the page shows the paused network's output

    def _pause_because(self, reason: PauseReason, notice: Notify) -> None:
        self._pause(Pause())
        self._pause_reason = reason
        self._notify(notice)

    def _resume(self, _command: Resume) -> None:
        self._check_limits(self._existing_run())
        self._set_learning(True)

    def _set_learning(self, learning: bool) -> None:
        self._pause_reason = None
        if learning != self.learning:
            self.learning = learning
            self._touch(major=True)

    def _touch(self, *, major: bool = False) -> None:
        """Record that a new checkpoint would differ; a major change is saved at once."""
        revision = self._revision
        self._revision = Revision(revision.major + major, revision.minor + 1)

    def _set_parameters(self, command: SetParameters) -> None:
        run = self._existing_run()
        if command.learning_rate is not None:
            run.learning_rate = command.learning_rate
        if command.temperature is not None:
            self.temperature = command.temperature
            run.feed.resample_soon()
        self._touch()

    def _read_text(self, _command: ReadText) -> TrainingText:
        return TrainingText(self._description.text.checksum, self._existing_run().text)

    def _save(self, command: Save) -> ModelCheckpoint:
        run = self._existing_run()
        if command.weights == "latest":
            run.feed.hold()  # show samples of the saved network for a moment
            return run.trainer.checkpoint()
        model = run.model_with(command.weights)
        return run.trainer.checkpoint()._replace(model=model)

    def _complete(self, command: Complete) -> CompleteResult:
        run = self._existing_run()
        is_compiled = beam_search_compiled if command.method == "beam" else inference_compiled
        if not is_compiled(run.options.kind):
            raise UserError("compiling", "method")
        model = run.model_with(command.weights)
        return {"ok": True, "completions": completion.complete(model, command)}

    def _inspect(self, command: Payload) -> InspectionResult:
        run = self._existing_run()
        if not inference_compiled(run.options.kind):
            raise UserError("compiling")
        return inspection.inspect(run, command)

    def _prepare_gradient_check(self, _command: GradientCheckRequest) -> GradientCheckJob:
        return make_job(self._existing_run())

    def _set_watched(self, command: SetWatched) -> None:
        self.watched = command.watched

    def _checkpoint(self, _command: CreateCheckpoint) -> Checkpoint:
        run = self._existing_run()
        return Checkpoint(
            session_id=self.session_id,
            version=self._description.version,
            text=run.text,
            options=run.options,
            learning=self.learning,
            learning_rate=run.learning_rate,
            set_rate=run.trainer.config.learning_rate,
            rate_since=run.trainer.lr_set_at_epoch,
            temperature=self.temperature,
            saved=run.trainer.checkpoint(),
            totals=run.trainer.totals,
            curve_version=run.curve.version,
            curve_interval=run.curve.interval,
            points=run.curve.points,
            seed=run.seed,
            text_checksum=self._description.text.checksum,
            revision=self._revision,
        )

    def _mark_saved(self, command: MarkSaved) -> None:
        self._saving = command.at is not None
        if command.at is not None:
            self._saved_at = command.at

    def _existing_run(self) -> TrainingRun:
        if self._run is None:
            raise UserError("no_network")
        return self._run

    def _current_options(self) -> Hyperparameters:
        run = self._existing_run()
        return replace(run.options, learning_rate=run.learning_rate)

    def _notify(self, command: Notify) -> None:
        number = self._notices[-1].number + 1 if self._notices else 1
        code, message = command.notice.code, command.notice.message
        notice = SessionNotice(number, command.level, code, message)
        self._notices = (*self._notices, notice)[-MAX_NOTICES:]

    _HANDLERS: ClassVar[Mapping[type, Callable[[Any, Any], Answer]]] = {
        **dict.fromkeys(get_args(Replacing), _prepare_and_install),
        Install: _install_prepared,
        Undo: _undo,
        Pause: _pause,
        Resume: _resume,
        SetParameters: _set_parameters,
        SetWatched: _set_watched,
        MarkSaved: _mark_saved,
        Notify: _notify,
        ReadText: _read_text,
        Save: _save,
        CreateCheckpoint: _checkpoint,
        Complete: _complete,
        Sample: _complete,
        GradientCheckRequest: _prepare_gradient_check,
        **dict.fromkeys(inspection.HANDLERS, _inspect),
    }
    """The handler of each command."""
