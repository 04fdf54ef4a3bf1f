"""The model as a file: down and up in pieces, so that its size is nobody's trouble."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, cast

from flask import Blueprint, Response, jsonify, request

from app.clerk import NO_ROOM, Busy
from app.engine import Engine
from app.events import Answering, refused
from app.http_answers import NO_SESSION, as_attachment, known_session, refuse
from app.hub import Hub
from app.identity import Identity
from app.limits import Limits
from app.model_forms import FORMS, Form
from app.refusal import Refusal
from app.slow_peers import Transfer

PIECE = 65_536
MOST_UPLOADS = 4
"""At once: each is a file on the disk, and then a place in the clerk's queue."""
MOST_DOWNLOADS = 16

MANY_UPLOADS = f"{MOST_UPLOADS} models are being uploaded already. Please try again soon."
MANY_DOWNLOADS = f"{MOST_DOWNLOADS} models are being downloaded already. Please try again soon."
BROKEN_OFF = "The upload broke off before the whole file was here, and nothing was changed."


class TooLarge(Refusal):
    """A body has more bytes than are taken."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"This file is too large to be a model that can be trained here: {most:,} bytes are "
            "the most.",
            "json",
        )


class Models:
    """Downloads and uploads of the models."""

    def __init__(
        self, limits: Limits, identity: Identity, engine: Engine, answering: Answering, hub: Hub
    ) -> None:
        self._limits = limits
        self._identity = identity
        self._engine = engine
        self._answering = answering
        self._clerk = answering.clerk
        self._hub = hub
        self._uploads = threading.BoundedSemaphore(MOST_UPLOADS)
        self._downloads = threading.BoundedSemaphore(MOST_DOWNLOADS)

    def blueprint(self) -> Blueprint:
        """The addresses, to be registered with the application."""
        models = Blueprint("models", __name__)
        for form in FORMS:
            address, name = f"/api/model{form.suffix}", f"download{form.suffix.replace('.', '_')}"
            models.add_url_rule(address, name, partial(self.download, form))
        models.put("/api/model.json")(self.upload)
        return models

    def download(self, form: Form) -> tuple[Response, int] | Response:
        """Answer with the session's model as such a file."""
        session_id = known_session(self._identity, self._engine)
        if session_id is None:
            return refuse(NO_SESSION, HTTPStatus.NOT_FOUND)
        if not self._downloads.acquire(blocking=False):
            return refuse(refused(Busy(MANY_DOWNLOADS)), HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            path = self._answering.save(session_id, form)
        except BaseException as error:
            self._downloads.release()
            if isinstance(error, Refusal):
                return refuse(refused(error), HTTPStatus.SERVICE_UNAVAILABLE)
            raise
        return self._streamed(path, form)

    def upload(self) -> tuple[Response, int] | Response:
        """Go on with the model in the body."""
        transfer = self._transfer()
        session_id = known_session(self._identity, self._engine)
        if session_id is None:
            return refuse(NO_SESSION, HTTPStatus.NOT_FOUND)
        if not self._uploads.acquire(blocking=False):
            return refuse(refused(Busy(MANY_UPLOADS)), HTTPStatus.SERVICE_UNAVAILABLE)
        path: Path | None = None
        try:
            if (request.content_length or 0) > self._limits.upload:
                raise TooLarge(self._limits.upload)
            path = self._clerk.new_file()
            self._receive(path, transfer)
            self._answering.load(session_id, path)
        except Refusal as refusal:
            return refuse(refused(refusal), _status_of(refusal))
        finally:
            self._uploads.release()
            if path is not None:
                self._clerk.remove(path)
        return jsonify({"ok": True})

    def _transfer(self) -> Transfer:
        """This request's coming or going, looked after until it is over."""
        connection = self._hub.connection(request.environ)
        transfer = Transfer(connection, self._limits.answer_seconds, self._hub.sleep)
        self._hub.after_request(request.environ, transfer.end)
        self._hub.spawn(transfer.watch)
        return transfer

    def _receive(self, path: Path, transfer: Transfer) -> None:
        """Put the body into a file.

        Raises:
            Refusal: it is too large, or does not come.
        """
        try:
            with path.open("wb") as file:
                for piece in _body(request.environ):
                    transfer.moved += len(piece)
                    if transfer.moved > self._limits.upload:
                        raise TooLarge(self._limits.upload)
                    _write(file, piece)
        except Refusal:
            raise
        except (OSError, ValueError):  # it has gone, was cut off, or its chunks are none
            raise Refusal(BROKEN_OFF, "json") from None
        announced = request.content_length
        if announced is not None and transfer.moved < announced:
            raise Refusal(BROKEN_OFF, "json")
        transfer.end()

    def _streamed(self, path: Path, form: Form) -> Response:
        """A file in pieces. It loses its name, and is gone when nobody reads it."""
        file = path.open("rb")
        size = path.stat().st_size
        self._clerk.remove(path)
        transfer = self._transfer()

        def pieces() -> Iterator[bytes]:
            while piece := file.read(PIECE):
                yield piece
                transfer.moved += len(piece)

        def over() -> None:
            file.close()
            self._downloads.release()

        response = Response(pieces(), mimetype=form.mimetype)
        response.content_length = size
        response.call_on_close(over)
        return as_attachment(response, form.name)


def _body(environ: Mapping[str, Any]) -> Iterator[bytes]:
    """The body of a request in pieces, whether its length was announced or not."""
    stream = cast("IO[bytes]", environ["wsgi.input"])
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        while piece := stream.read(PIECE):
            yield piece
        return
    left = request.content_length or 0
    while left > 0 and (piece := stream.read(min(left, PIECE))):
        left -= len(piece)
        yield piece


def _write(file: IO[bytes], piece: bytes) -> None:
    try:
        file.write(piece)
    except OSError:
        raise Busy(NO_ROOM) from None


def _status_of(refusal: Refusal) -> HTTPStatus:
    if isinstance(refusal, TooLarge):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return HTTPStatus.SERVICE_UNAVAILABLE if isinstance(refusal, Busy) else HTTPStatus.BAD_REQUEST
