"""Reads a text file for the page: the one reader of texts is on the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Response as AnyResponse

from app.errors import BusyError, PayloadTooLarge, UserError, from_model
from app.protocol import TextFile
from app.runtime.executors import BoundedExecutor
from app.runtime.peers import network_of
from app.web.extension import Extension, extension
from app.web.http.responses import error_response
from app.web.http.transfer_slots import TransferSlots
from app.web.http.transfer_timeout import TransferTimeout, watch_transfer
from model import ModelError, TextLimits, decode_text, sentences_from_text
from model.text.reader import encoding_remark

PIECE = 65_536
MAX_FILES = 8
"""Text files that are received or read at a time: each is in memory."""
MAX_NAME = 200
"""Characters of a file name that messages repeat."""

blueprint = Blueprint("text_file", __name__)


class TextFiles:
    """The text files of one application that are being received and read."""

    def __init__(self) -> None:
        self.slots = TransferSlots(MAX_FILES, "text_files_full", "text")
        self.reader = BoundedExecutor(
            "text-files",
            1,
            MAX_FILES,
            "text_files_full",
            "server_stopping",
            "text",
            per_owner=MAX_FILES // 2,
        )

    def close(self) -> None:
        """Refuse further files; one that is being read is finished."""
        self.reader.close()


@blueprint.put("/api/text-file")
def read() -> AnyResponse:
    """The text of the file in the request body."""
    here = extension()
    try:
        session_id = here.known_session()
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    try:
        answer = _read(here, session_id)
    except UserError as error:
        return error_response(error)
    return Response(_pieces(answer), mimetype="application/json")


def _read(here: Extension, session_id: str) -> bytes:
    files = here.text_files
    limits, seconds = here.config.limits.of_text, here.config.limits.answer_seconds
    transfer, address = watch_transfer(here), request.remote_addr or ""
    slot = files.slots.take(transfer, address, session_id)
    try:
        content = _receive(transfer, limits.bytes)
    finally:
        files.slots.release(slot)
    name = request.args.get("name", "")[:MAX_NAME] or "The file"
    answer = files.reader.submit(
        _answer,
        content,
        name,
        request.args.get("encoding"),
        limits,
        owner=network_of(address),
        cost=len(content),
    )
    try:
        return here.backend.wait(answer, seconds)
    except TimeoutError:
        answer.cancel()
        raise BusyError("answer_timeout", seconds=seconds) from None


def _receive(transfer: TransferTimeout, most: int) -> bytes:
    """The body of the request.

    Raises:
        UserError: it is too large, or incomplete.
    """
    length = request.content_length or 0
    if request.headers.get("Transfer-Encoding"):
        raise UserError("text_file_incomplete", "text")
    if length > most:
        raise PayloadTooLarge("text_file_too_large", "text", limit=most)
    content = bytearray()
    try:
        while not transfer.displaced and (piece := request.stream.read(PIECE)):
            content += piece
            transfer.bytes_moved += len(piece)
    except (OSError, ValueError, ClientDisconnected):  # the connection has ended
        raise _incomplete(transfer) from None
    if len(content) < length:
        raise _incomplete(transfer)
    transfer.end()
    return bytes(content)


def _incomplete(transfer: TransferTimeout) -> UserError:
    if transfer.displaced:
        return BusyError("upload_displaced", "text")
    return UserError("text_file_incomplete", "text")


def _answer(content: bytes, name: str, encoding: str | None, limits: TextLimits) -> bytes:
    """The answer as JSON; takes a moment for a large file.

    Raises:
        UserError: the file is no text, or too large.
    """
    try:
        text, found = decode_text(content, name, encoding or None, limits.bytes)
        limits.check(sentences_from_text(text))
    except ModelError as error:
        raise from_model(error, "text") from None
    remark = None if encoding else encoding_remark(name, found)
    answer: TextFile = {
        "ok": True,
        "text": text,
        "encoding": found,
        "remarks": [] if remark is None else [remark],
    }
    return json.dumps(answer).encode()


def _pieces(answer: bytes) -> Iterator[bytes]:
    """The answer in pieces, so that it is not compressed: a large one would block the server."""
    view: Any = memoryview(answer)
    for start in range(0, len(answer), PIECE):
        yield bytes(view[start : start + PIECE])
