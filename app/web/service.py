"""Carries out the events of a page on its session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

from app.engines.base import Engine
from app.engines.mailbox import QUESTIONS
from app.errors import BusyError, UserError
from app.protocol import StoredText, TextFile, read_event
from app.protocol.base import Payload
from app.protocol.ids import session_created_at, share_path
from app.protocol.inspection import GradientCheckResult
from app.protocol.limits import Limits
from app.protocol.requests import Learn, Load, LoadBest, Save, Weights
from app.protocol.results import OkResult, SaveResult
from app.protocol.sharing import (
    ListShares,
    ListSharesResult,
    OpenShared,
    Sample,
    Share,
    SharedCopy,
    ShareResult,
    Withdraw,
)
from app.runtime.backends import ServerBackend
from app.runtime.peers import network_of
from app.runtime.worker_process import Charge
from app.sessions.commands import (
    Answer,
    ChargeTime,
    Command,
    CreateCheckpoint,
    LoadModel,
    LoadShared,
    ReadText,
    TrainingText,
)
from app.storage import ShareInfo
from app.storage.sharing import Sharing
from app.training.checkpoint import Checkpoint
from app.training.export_formats import ExportFormat
from app.training.gradient_check import GradientCheckJob
from app.training.gradient_check_queue import GradientCheckQueue
from app.training.model_io import SMALL_FILE, ModelIO, discard, is_small
from app.web.texts import TextLibrary, UploadedText
from model.formats.checkpoint import ModelCheckpoint

T = TypeVar("T")
Handler = Callable[[Any, str, Any], Mapping[str, Any]]


NEW_SECONDS = 600.0
"""Age up to which a session id may be unknown: its page connects soon after it is made."""


class SessionService:
    """Executes the events of a page as commands of the engine."""

    def __init__(
        self,
        engine: Engine,
        backend: ServerBackend,
        model_io: ModelIO,
        gradient_checks: GradientCheckQueue,
        sharing: Sharing,
        texts: TextLibrary,
        limits: Limits,
    ) -> None:
        self.model_io = model_io
        self._gradient_checks = gradient_checks
        self._sharing = sharing
        self._texts = texts
        self._engine = engine
        self._backend = backend
        self._limits = limits
        self._questions: set[tuple[str, Callable[[], object]]] = set()  # page, and how to cancel

    def answer(
        self, session_id: str, event: object, arguments: tuple[object, ...], page: str = ""
    ) -> Mapping[str, Any]:
        """Execute an event of a page on a session; returns its answer."""
        try:
            request = read_event(event, arguments, self._limits)
            if isinstance(request, QUESTIONS):
                return self._answer_question(session_id, request, page)
            handler: Handler = self._HANDLERS.get(type(request), SessionService._execute)
            return handler(self, session_id, request)
        except UserError as error:
            return error.answer

    def leave(self, page: str) -> None:
        """Cancel the questions of a page that has left."""
        for asked_by, cancel in list(self._questions):
            if asked_by == page:
                cancel()

    def has_share(self, share_id: str) -> bool:
        """Whether there is such a shared copy.

        Raises:
            UserError: the store is unreachable.
        """
        return self._await_result(self._sharing.is_there(share_id))

    def is_known(self, session_id: str) -> bool:
        """Whether this session can be opened: it is new, in memory or stored, or the store fails.

        An id that the store has lost is not used again: its page says that it is lost.
        """
        if time.time() - session_created_at(session_id) < NEW_SECONDS:
            return True
        if self._engine.has_session(session_id):
            return True
        try:
            return self._await_result(self._sharing.is_stored(session_id))
        except UserError:
            return True

    def open_session(self, session_id: str) -> None:
        """Open the session: restore it from the store, or start a new one.

        Raises:
            UserError: the server is full, or the session cannot be restored.
        """
        self._await_result(self._engine.open_session(session_id))

    def charge(self, session_id: str) -> Charge:
        """Charges the session's share of the training time."""
        return lambda seconds: self._engine.submit(session_id, ChargeTime(seconds))

    def read_text(self, session_id: str) -> TrainingText:
        """The whole training text of the session.

        Raises:
            UserError: there is no network, or reading takes too long.
        """
        return cast(TrainingText, self._submit(session_id, ReadText()))

    def read_file(self, session_id: str, upload: UploadedText) -> TextFile:
        """The text of a file; a large one is stored.

        Raises:
            UserError: the file is no text, or too large, or reading takes too long.
        """
        return self._await_result(self._texts.read(upload, self.charge(session_id)))

    def store_text(self, read: Callable[[], str]) -> tuple[str, StoredText]:
        """Store the text that a function reads, which may take a moment; returns its beginning too.

        Raises:
            UserError: the store is full or unreachable.
        """
        return self._await_result(self._texts.store(read))

    def save(
        self,
        session_id: str,
        export_format: ExportFormat,
        address: str,
        weights: Weights = "latest",
    ) -> Path:
        """A file with the session's model, which the caller must remove.

        Large models of one address leave room for those of others.

        Raises:
            UserError: there is no network, or saving takes too long.
        """
        saved = cast(ModelCheckpoint, self._submit(session_id, Save(weights=weights)))
        charge = self.charge(session_id)
        writing = self.model_io.write(saved, export_format.content, network_of(address), charge)
        try:
            return self._await_result(writing)
        except BaseException:
            discard(writing)
            raise

    def load(self, session_id: str, path: Path, address: str) -> None:
        """Continue the session with the model in a file that this address has uploaded.

        Raises:
            UserError: the file has no valid model, or it is too large.
        """
        reading = self.model_io.read(path, network_of(address), self.charge(session_id))
        try:
            saved = self._await_result(reading)
        finally:
            reading.cancel()  # after a timeout, a queued file need not be read
        self._submit(session_id, LoadModel(saved))

    def sample(self, session_id: str, request: Sample) -> Mapping[str, Any]:
        """Completions of a prompt by a session's network, or by the copy that the request names.

        Raises:
            UserError: there is no such network, or it cannot complete the prompt.
        """
        if request.copy_id is None:
            return self._execute(session_id, request)
        completions = self._sharing.sample(request.copy_id, request)
        return {"ok": True, "completions": self._await_result(completions)}

    def _execute(self, session_id: str, request: Payload) -> Mapping[str, Any]:
        return _as_mapping(self._submit(session_id, request))

    def _learn(self, session_id: str, request: Learn) -> OkResult:
        """Learn a text; one that is named by its checksum is that of the session, or stored."""
        checksum = request.checksum
        if checksum is not None and checksum != self._checksum(session_id):
            text = self._await_result(self._texts.find(checksum))
            request = request.model_copy(update={"text": text})
        self._submit(session_id, request)
        return {"ok": True}

    def _checksum(self, session_id: str) -> str | None:
        """The checksum of the session's text; None if it has none yet."""
        snapshot = self._engine.snapshot(session_id)
        return snapshot.description.text.checksum if snapshot else None

    def _load_json(self, session_id: str, request: Load) -> OkResult:
        if len(request.json_text) > SMALL_FILE:
            raise UserError("too_large_to_load", "json", limit=SMALL_FILE)
        reading = self.model_io.read_text(request.json_text, self.charge(session_id))
        saved = self._await_result(reading)
        self._submit(session_id, LoadModel(saved))
        return {"ok": True}

    def _load_best(self, session_id: str, _request: LoadBest) -> OkResult:
        saved = cast(ModelCheckpoint, self._submit(session_id, Save(weights="best")))
        self._submit(session_id, LoadModel(saved))
        return {"ok": True}

    def _save_json(self, session_id: str, request: Save) -> SaveResult:
        saved = cast(ModelCheckpoint, self._submit(session_id, request))
        if not is_small(saved):
            raise UserError("too_large_to_save", "json")
        writing = self.model_io.write_text(saved, self.charge(session_id))
        return {"ok": True, "json": self._await_result(writing)}

    def _share(self, session_id: str, _request: Share) -> ShareResult:
        checkpoint = cast(Checkpoint, self._submit(session_id, CreateCheckpoint()))
        perplexity = self._perplexity(session_id, checkpoint.version)
        share_id = self._await_result(self._sharing.share(session_id, checkpoint, perplexity))
        return {"ok": True, "id": share_id, "path": share_path(share_id)}

    def _list_shares(self, session_id: str, _request: ListShares) -> ListSharesResult:
        shares = self._await_result(self._sharing.of(session_id))
        return {"ok": True, "copies": [_serialize_share(each) for each in shares]}

    def _withdraw(self, session_id: str, request: Withdraw) -> OkResult:
        self._await_result(self._sharing.withdraw(session_id, request.id))
        return {"ok": True}

    def _open_shared(self, session_id: str, request: OpenShared) -> OkResult:
        checkpoint = self._await_result(self._sharing.fetch(request.id))
        self._submit(session_id, LoadShared(checkpoint))
        return {"ok": True}

    def _answer_question(self, session_id: str, request: Payload, page: str) -> Mapping[str, Any]:
        """The answer of a question, which is cancelled when the page leaves."""
        asking = self._engine.submit(session_id, request)
        with self._cancelled_with(page, asking.cancel):
            answer = self._await_result(asking)
        if isinstance(answer, GradientCheckJob):
            return self._check_gradients(session_id, answer, page)
        return _as_mapping(answer)

    def _check_gradients(
        self, session_id: str, job: GradientCheckJob, page: str
    ) -> GradientCheckResult:
        check = self._gradient_checks.check(session_id, job, self.charge(session_id))
        cancel = partial(self._gradient_checks.cancel, session_id, check)
        try:
            with self._cancelled_with(page, cancel):
                matrices = self._await_result(check)
        finally:
            check.cancel()  # after a timeout, a queued job is not needed
        return {
            "ok": True,
            "steps": job.steps,
            "took": job.took,
            "sentence": job.sentence,
            "matrices": matrices,
        }

    def _perplexity(self, session_id: str, version: int) -> float | None:
        """The network's perplexity on the page; None if unknown, or the network was replaced."""
        snapshot = self._engine.snapshot(session_id)
        if snapshot is None or snapshot.description.version != version:
            return None
        return snapshot.perplexity

    @contextmanager
    def _cancelled_with(self, page: str, cancel: Callable[[], object]) -> Iterator[None]:
        """Call `cancel` if the page leaves meanwhile."""
        question = (page, cancel)
        self._questions.add(question)
        try:
            yield
        finally:
            self._questions.discard(question)

    def _submit(self, session_id: str, command: Command) -> Answer:
        return self._await_result(self._engine.submit(session_id, command))

    def _await_result(self, future: Future[T]) -> T:
        try:
            return self._backend.wait(future, self._limits.answer_seconds)
        except TimeoutError:
            raise BusyError("answer_timeout", seconds=self._limits.answer_seconds) from None
        except CancelledError:
            raise UserError("unknown_page") from None

    _HANDLERS: ClassVar[Mapping[type[Payload], Handler]] = {
        Learn: _learn,
        Load: _load_json,
        LoadBest: _load_best,
        Save: _save_json,
        Share: _share,
        ListShares: _list_shares,
        Withdraw: _withdraw,
        OpenShared: _open_shared,
    }
    """The handlers of requests that need more than the session."""


def _as_mapping(answer: Answer) -> Mapping[str, Any]:
    return answer if isinstance(answer, dict) else {"ok": True}


def _serialize_share(share: ShareInfo) -> SharedCopy:
    return {
        "id": share.share_id,
        "path": share_path(share.share_id),
        "created": share.created_at,
        "steps": share.steps,
        "sentences": share.sentences,
        "perplexity": share.perplexity,
    }
