"""The training text of a session: sent once by HTTP, as states carry only its beginning."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus

from flask import Blueprint, Response, current_app, request
from werkzeug.wrappers import Response as AnyResponse

from app.errors import BusyError, UserError
from app.protocol import SessionText, TextFile
from app.runtime.peers import network_of
from app.web.extension import Extension, extension
from app.web.http.responses import error_response, json_with_text
from app.web.http.transfer_timeout import watch_transfer

MAX_SENDING, MAX_SENDING_TO_ADDRESS = 128_000_000, 32_000_000
"""Bytes of the texts that are being sent, to all addresses and to one: a text that was replaced
meanwhile stays in memory for its transfer."""

blueprint = Blueprint("text", __name__)


class TextTransfers:
    """Counts the bytes of the texts that are being sent, by network; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sending: Counter[str] = Counter()

    def begin(self, network: str, size: int) -> bool:
        """Count a transfer; returns whether it may begin. A single one always may."""
        with self._lock:
            own = self._sending[network]
            if own and own + size > MAX_SENDING_TO_ADDRESS:
                return False
            total = self._sending.total()
            if total and total + size > MAX_SENDING:
                return False
            self._sending[network] += size
            return True

    def end(self, network: str, size: int) -> None:
        """The transfer has ended."""
        with self._lock:
            self._sending[network] -= size
            if not self._sending[network]:
                del self._sending[network]


@blueprint.get("/api/text")
def text() -> AnyResponse:
    """The session's training text as JSON; 304 if the browser has it."""
    here = extension()
    try:
        session_id = here.known_session()
        snapshot = here.engine.snapshot(session_id)
        checksum = snapshot.description.text.checksum if snapshot else ""
        if request.if_none_match.contains(checksum):
            return _private(Response(status=HTTPStatus.NOT_MODIFIED), checksum)
        found = here.service.read_text(session_id)
        response = send_text(here, {"ok": True, "checksum": found.checksum, "text": found.text})
    except BusyError as error:
        return error_response(error)
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    return _private(response, found.checksum)


def send_text(here: Extension, answer: SessionText | TextFile) -> Response:
    """A response of JSON, whose text counts as in transfer until it has been sent.

    Raises:
        BusyError: too many texts are being sent already.
    """
    transfers, network = _transfers(), network_of(request.remote_addr or "")
    size = sys.getsizeof(answer["text"])
    if not transfers.begin(network, size):
        raise BusyError("texts_full")
    transfer = watch_transfer(here)

    def pieces() -> Iterator[bytes]:
        for piece in json_with_text(**answer):
            yield piece
            transfer.bytes_moved += len(piece)

    response = Response(pieces(), mimetype="application/json")
    response.call_on_close(lambda: transfers.end(network, size))
    return response


def _transfers() -> TextTransfers:
    transfers: TextTransfers = current_app.extensions.setdefault("charnn_texts", TextTransfers())
    return transfers


def _private(response: Response, checksum: str) -> Response:
    """The response, cached by this browser only, which asks whether it is current."""
    response.set_etag(checksum)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
