"""Carries out the events of a page on its session."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from app import protocol
from app.engines.base import Engine
from app.errors import BusyError, UserError
from app.protocol import inspection as questions
from app.protocol import sharing as shares
from app.protocol.base import Payload
from app.protocol.ids import path_of
from app.protocol.limits import Limits
from app.runtime.backends import ServerBackend
from app.sessions import commands
from app.storage import ShareInfo
from app.storage.sharing import Sharing
from app.training import inspection
from app.training.checkpoint import Checkpoint
from app.training.completion import Completion
from app.training.export_formats import ExportFormat
from app.training.gradient_check import GradientCheckJob
from app.training.gradient_check_queue import GradientCheckQueue
from app.training.model_io import SMALL_FILE, ModelIO, discard, is_small
from model.formats.checkpoint import ModelCheckpoint

T = TypeVar("T")


class SessionService:
    """Turns events into commands of the engine, and their results into answers."""

    def __init__(
        self,
        engine: Engine,
        hub: ServerBackend,
        model_io: ModelIO,
        checker: GradientCheckQueue,
        sharing: Sharing,
        limits: Limits,
    ) -> None:
        self.model_io = model_io
        self._checker = checker
        self._sharing = sharing
        self._engine = engine
        self._hub = hub
        self._limits = limits

    def answer(
        self, session_id: str, event: object, arguments: tuple[object, ...]
    ) -> Mapping[str, Any]:
        """Carry out an event on a session; returns its answer."""
        try:
            return self._do(session_id, protocol.read_event(event, arguments, self._limits))
        except UserError as error:
            return error.answer

    def has_copy(self, copy_id: str) -> bool:
        """Whether there is such a shared copy.

        Raises:
            UserError: the store is unreachable.
        """
        return self._await_result(self._sharing.is_there(copy_id))

    def open_session(self, session_id: str) -> None:
        """Open the session: restore it from the store, or start a new one.

        Raises:
            UserError: the server is full, or the session cannot be restored.
        """
        self._await_result(self._engine.open_session(session_id))

    def save(self, session_id: str, form: ExportFormat) -> Path:
        """A file with the session's model, which the caller must remove.

        Raises:
            UserError: there is no network, or saving takes too long.
        """
        writing = self.model_io.write(self._saved(session_id), form.content)
        try:
            return self._await_result(writing)
        except BaseException:
            discard(writing)
            raise

    def load(self, session_id: str, path: Path) -> None:
        """Continue the session with the model in a file.

        Raises:
            UserError: the file has no valid model, or it is too large.
        """
        saved = self._await_result(self.model_io.read(path))
        self._submit(session_id, commands.Load(saved))

    def _do(self, session_id: str, payload: Payload) -> Mapping[str, Any]:
        match payload:
            case protocol.Save():
                return {"ok": True, "json": self._small_json(session_id)}
            case questions.GradientCheck():
                return self._check_gradients(session_id)
            case shares.Share():
                return self._share(session_id)
            case shares.Shares():
                copies = self._await_result(self._sharing.of(session_id))
                return {"ok": True, "copies": [_copy_as_sent(each) for each in copies]}
            case shares.Withdraw():
                self._await_result(self._sharing.withdraw(session_id, payload.id))
                return {"ok": True}
            case _:
                return _sent(self._submit(session_id, self._command_for(payload)))

    def _share(self, session_id: str) -> shares.Shared:
        captured = self._submit(session_id, commands.CreateCheckpoint())
        if not isinstance(captured, Checkpoint):
            raise TypeError("the engine answered a CreateCheckpoint with no checkpoint")
        seen = self._perplexity(session_id, captured.version)
        copy_id = self._await_result(self._sharing.share(session_id, captured, seen))
        return {"ok": True, "id": copy_id, "path": path_of(copy_id)}

    def _perplexity(self, session_id: str, version: int) -> float | None:
        """The network's perplexity on the page; None if unknown, or the network was replaced."""
        snapshot = self._engine.snapshot(session_id)
        if snapshot is None or snapshot.description.version != version:
            return None
        return snapshot.perplexity

    def _small_json(self, session_id: str) -> str:
        saved = self._saved(session_id)
        if not is_small(saved):
            raise UserError("too_large_to_save", "json")
        return self._await_result(self.model_io.write_text(saved))

    def _check_gradients(self, session_id: str) -> questions.GradientChecked:
        network = self._submit(session_id, commands.PrepareGradientCheck())
        if not isinstance(network, GradientCheckJob):
            raise TypeError("the engine answered a PrepareGradientCheck with no network")
        check = self._checker.check(session_id, network)
        try:
            matrices = self._await_result(check)
        finally:
            check.cancel()  # if it has not begun, its result is not needed
        return {
            "ok": True,
            "steps": network.steps,
            "took": network.took,
            "sentence": network.sentence,
            "matrices": matrices,
        }

    def _saved(self, session_id: str) -> ModelCheckpoint:
        saved = self._submit(session_id, commands.Save())
        if not isinstance(saved, ModelCheckpoint):
            raise TypeError("the engine answered a Save with no model")
        return saved

    def _submit(self, session_id: str, command: commands.Command) -> commands.Answer:
        return self._await_result(self._engine.submit(session_id, command))

    def _await_result(self, future: Future[T]) -> T:
        try:
            return self._hub.wait(future, self._limits.answer_seconds)
        except TimeoutError:
            raise BusyError("answer_timeout", seconds=self._limits.answer_seconds) from None

    def _command_for(self, payload: Payload) -> commands.Command:
        match payload:
            case shares.OpenShared():
                return commands.OpenCopy(self._await_result(self._sharing.fetch(payload.id)))
            case protocol.Load():
                if len(payload.json_text) > SMALL_FILE:
                    raise UserError("too_large_to_load", "json", limit=SMALL_FILE)
                return commands.Load(self._await_result(self.model_io.read_text(payload.json_text)))
            case _:
                return command_for(payload)


def command_for(payload: Payload) -> commands.Command:
    """The command of a payload, except for those that load a model."""
    command: commands.Command
    match payload:
        case protocol.Learn():
            command = commands.Learn(payload.text, payload.options)
        case protocol.Pause():
            command = commands.Pause()
        case protocol.Resume():
            command = commands.Resume()
        case protocol.Change():
            command = commands.SetParameters(payload.learning_rate, payload.temperature)
        case protocol.LoadPretrained():
            command = commands.LoadPretrained(payload.name)
        case protocol.Undo():
            command = commands.Undo()
        case protocol.Complete():
            command = commands.Complete(**dict(payload))
        case _ if type(payload) in inspection.HANDLERS:
            command = commands.Inspect(payload)
        case _:
            raise TypeError(f"no command for {type(payload).__name__}")
    return command


def _sent(answer: commands.Answer) -> Mapping[str, Any]:
    if isinstance(answer, dict):
        return answer
    if isinstance(answer, list):
        return {"ok": True, "completions": [_as_sent(each) for each in answer]}
    return {"ok": True}


def _copy_as_sent(copy: ShareInfo) -> shares.OwnCopy:
    return {
        "id": copy.share_id,
        "path": path_of(copy.share_id),
        "created": copy.created_at,
        "steps": copy.steps,
        "sentences": copy.sentences,
        "perplexity": copy.perplexity,
    }


def _as_sent(completion: Completion) -> protocol.Completion:
    return {
        "text": completion.text,
        "log_probability": completion.log_probability,
        "cut": completion.cut,
    }
