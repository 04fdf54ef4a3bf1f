"""What a page's events do, and how they are answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from flask import request
from flask_socketio import ConnectionRefusedError as SocketRefused
from flask_socketio import SocketIO

from app import commands, looking, protocol, questions, shares
from app.admission import Admission, TooMany
from app.checker import Checker
from app.checking import NetworkToCheck
from app.checkpoint import Checkpoint
from app.clerk import SMALL_FILE, Busy, Clerk, discard
from app.completion import Completion
from app.copy_id import path_of
from app.engine import Engine
from app.hub import Hub
from app.identity import Identity
from app.limits import Limits
from app.metrics import Metrics
from app.model_forms import Form
from app.model_json import is_small
from app.options import Options
from app.payload import Payload
from app.publisher import Publisher
from app.refusal import Refusal
from app.sharing import Sharing
from app.store import Copied
from model.saved import SavedModel

UNKNOWN_PAGE = "This page is not known here any more: reload it."
LARGE_TO_LOAD = (
    f"A model of more than {SMALL_FILE:,} characters is too large for this event: "
    "send it by PUT /api/model.json."
)
LARGE_TO_SAVE = "This model is too large for this event: fetch it by GET /api/model.json."

T = TypeVar("T")


class Answering:
    """Turns events into commands, and what came of them into answers."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        clerk: Clerk,
        checker: Checker,
        sharing: Sharing,
        limits: Limits,
    ) -> None:
        self.clerk = clerk
        self._checker = checker
        self._sharing = sharing
        self._engine = engine
        self._hub = hub
        self._limits = limits

    def answer(
        self, session_id: str, event: object, arguments: tuple[object, ...]
    ) -> Mapping[str, Any]:
        """Do what an event asks of a session."""
        try:
            return self._do(session_id, protocol.read_event(event, arguments, self._limits))
        except Refusal as refusal:
            return refused(refusal)

    def has_copy(self, copy_id: str) -> bool:
        """Whether there is such a shared copy.

        Raises:
            Refusal: the store cannot be asked.
        """
        return self._wait(self._sharing.is_there(copy_id))

    def admit(self, session_id: str) -> None:
        """Have the session, wherever it is kept.

        Raises:
            Refusal: there is no place for it now, or it cannot be fetched.
        """
        self._wait(self._engine.create(session_id))

    def save(self, session_id: str, form: Form) -> Path:
        """The session's model in a file, which is the caller's to remove.

        Raises:
            Refusal: there is nothing to save, or it takes too long.
        """
        writing = self.clerk.write(self._saved(session_id), form.content)
        try:
            return self._wait(writing)
        except BaseException:
            discard(writing)
            raise

    def load(self, session_id: str, path: Path) -> None:
        """Have the session go on with the model in a file.

        Raises:
            Refusal: there is none in it, or it cannot be trained here.
        """
        saved = self._wait(self.clerk.read(path))
        self._carry_out(session_id, commands.Load(saved))

    def _do(self, session_id: str, payload: Payload) -> Mapping[str, Any]:
        match payload:
            case protocol.Save():
                return {"ok": True, "json": self._small_json(session_id)}
            case questions.GradientCheck():
                return self._check_gradients(session_id)
            case shares.Share():
                return self._share(session_id)
            case shares.Shares():
                copies = self._wait(self._sharing.of(session_id))
                return {"ok": True, "copies": [_copy_as_sent(each) for each in copies]}
            case shares.Withdraw():
                self._wait(self._sharing.withdraw(session_id, payload.id))
                return {"ok": True}
            case _:
                return _sent(self._carry_out(session_id, self._command_for(payload)))

    def _share(self, session_id: str) -> shares.Shared:
        captured = self._carry_out(session_id, commands.Capture())
        if not isinstance(captured, Checkpoint):
            raise TypeError("the engine answered a Capture with no checkpoint")
        seen = self._perplexity(session_id, captured.version)
        copy_id = self._wait(self._sharing.share(session_id, captured, seen))
        return {"ok": True, "id": copy_id, "path": path_of(copy_id)}

    def _perplexity(self, session_id: str, version: int) -> float | None:
        """What the page shows of this network; None where it shows none, or another by now."""
        snapshot = self._engine.snapshot(session_id)
        if snapshot is None or snapshot.description.version != version:
            return None
        return snapshot.perplexity

    def _small_json(self, session_id: str) -> str:
        saved = self._saved(session_id)
        if not is_small(saved):
            raise Refusal(LARGE_TO_SAVE, "json")
        return self._wait(self.clerk.write_text(saved))

    def _check_gradients(self, session_id: str) -> questions.GradientChecked:
        network = self._carry_out(session_id, commands.CopyToCheck())
        if not isinstance(network, NetworkToCheck):
            raise TypeError("the engine answered a CopyToCheck with no network")
        check = self._checker.check(session_id, network)
        try:
            matrices = self._wait(check)
        finally:
            check.cancel()  # where it has not begun, nobody waits for it any more
        return {
            "ok": True,
            "steps": network.steps,
            "took": network.took,
            "sentence": network.sentence,
            "matrices": matrices,
        }

    def _saved(self, session_id: str) -> SavedModel:
        saved = self._carry_out(session_id, commands.Save())
        if not isinstance(saved, SavedModel):
            raise TypeError("the engine answered a Save with no model")
        return saved

    def _carry_out(self, session_id: str, command: commands.Command) -> commands.Answer:
        return self._wait(self._engine.command(session_id, command))

    def _wait(self, future: Future[T]) -> T:
        try:
            return self._hub.wait(future, self._limits.answer_seconds)
        except TimeoutError:
            raise Busy(
                f"The server is too busy for this now: it has not been done within "
                f"{self._limits.answer_seconds:g} seconds. Please try again."
            ) from None

    def _command_for(self, payload: Payload) -> commands.Command:
        match payload:
            case shares.OpenShared():
                return commands.OpenCopy(self._wait(self._sharing.fetch(payload.id)))
            case protocol.Load():
                if len(payload.json_text) > SMALL_FILE:
                    raise Refusal(LARGE_TO_LOAD, "json")
                return commands.Load(self._wait(self.clerk.read_text(payload.json_text)))
            case _:
                return command_for(payload)


def command_for(payload: Payload) -> commands.Command:
    """The command that an event's payload stands for; what is loaded has to be read first."""
    command: commands.Command
    match payload:
        case protocol.Learn():
            command = commands.Learn(payload.text, Options(**dict(payload.options)))
        case protocol.Pause():
            command = commands.Pause()
        case protocol.Resume():
            command = commands.Resume()
        case protocol.Change():
            command = commands.Change(payload.learning_rate, payload.temperature)
        case protocol.LoadPretrained():
            command = commands.LoadPretrained(payload.name)
        case protocol.Complete():
            command = commands.Complete(**dict(payload))
        case _ if type(payload) in looking.ANSWERS:
            command = commands.Look(payload)
        case _:
            raise TypeError(f"no command for {type(payload).__name__}")
    return command


def _sent(answer: commands.Answer) -> Mapping[str, Any]:
    if isinstance(answer, dict):
        return answer
    if isinstance(answer, list):
        return {"ok": True, "completions": [_as_sent(each) for each in answer]}
    return {"ok": True}


def _copy_as_sent(copy: Copied) -> shares.OwnCopy:
    return {
        "id": copy.copy_id,
        "path": path_of(copy.copy_id),
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


def refused(refusal: Refusal) -> protocol.Refused:
    """A refusal as an answer."""
    return {"ok": False, "error": refusal.message, "field": refusal.field}


class SocketOutlet:
    """The way to the pages: their sockets."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio

    def is_open(self, watcher: str) -> bool:
        """Whether the socket has been told that it is connected; before, frames would be lost."""
        connected: bool = self._socketio.server.manager.is_connected(watcher, "/")
        return connected

    def send(
        self,
        watcher: str,
        event: str,
        payload: Mapping[str, Any],
        acknowledged: Callable[[], None] | None = None,
    ) -> None:
        """Send a page an event, and call `acknowledged` when it has taken it in."""
        callback = (lambda *_: acknowledged()) if acknowledged else None
        self._socketio.emit(event, payload, to=watcher, callback=callback)

    def tell_everybody(self, message: str) -> None:
        """Tell every page that its socket is about to be closed, and why."""
        closing: protocol.Closing = {"message": message}
        self._socketio.emit("closing", closing)

    def close_all(self) -> None:
        """Close every socket; the pages come back when they can."""
        server = self._socketio.server
        for watcher in [sid for sid, _ in server.manager.get_participants("/", None)]:
            server.disconnect(watcher)


class SocketEvents:
    """Handles the sockets' events: connecting, leaving, and whatever a page asks."""

    def __init__(
        self,
        identity: Identity,
        publisher: Publisher,
        answering: Answering,
        admission: Admission,
        metrics: Metrics,
    ) -> None:
        self._identity = identity
        self._publisher = publisher
        self._answering = answering
        self._admission = admission
        self._metrics = metrics

    def bind(self, socketio: SocketIO) -> None:
        """Have the events come here, those that no page should send included."""
        self._socketio = socketio
        socketio.on_event("connect", self.connect)
        socketio.on_event("disconnect", self.disconnect)
        socketio.on_event("*", self.ask)

    def _is_there_still(self, page: str) -> bool:
        server = self._socketio.server
        return server.manager.eio_sid_from_sid(page, "/") in server.eio.sockets

    def connect(self, _auth: object = None) -> None:
        """A page has come, or has come back."""
        session_id = self._identity.session_id(request.cookies)
        if session_id is None:
            raise SocketRefused(UNKNOWN_PAGE)
        page = _socket_name()
        try:
            self._admission.enter(page, session_id, request.remote_addr or "")
            self._answering.admit(session_id)
        except TooMany as refusal:
            raise SocketRefused(refusal.message, {"limit": refusal.limit}) from None
        except Refusal as refusal:
            self._admission.leave(page)
            raise SocketRefused(refusal.message, {}) from None  # the page shows it, and comes back
        except BaseException:
            self._admission.leave(page)
            raise
        if not self._is_there_still(page):  # nobody would ever tell that it has left
            self._admission.leave(page)
            raise SocketRefused(UNKNOWN_PAGE)
        self._publisher.join(page, session_id)

    def disconnect(self, _reason: object = None) -> None:
        """A page is gone."""
        self._admission.leave(_socket_name())
        self._publisher.leave(_socket_name())

    def ask(self, event: object, *arguments: object) -> Mapping[str, Any]:
        """A page asks for something."""
        began = time.monotonic()
        answer = self._answer(event, arguments)
        name = str(event) if event in protocol.CLIENT_EVENTS else "unknown"
        self._metrics.event_answered(name, bool(answer["ok"]), time.monotonic() - began)
        return answer

    def _answer(self, event: object, arguments: tuple[object, ...]) -> Mapping[str, Any]:
        session_id = self._identity.session_id(request.cookies)
        if session_id is None:
            return refused(Refusal(UNKNOWN_PAGE))
        try:
            self._admission.ask(_socket_name())
        except TooMany as refusal:
            return refused(refusal)
        return self._answering.answer(session_id, event, arguments)


def _socket_name() -> str:
    name: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO puts it there
    return name
