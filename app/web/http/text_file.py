"""Reads a text file for the page: the one reader of texts is on the server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Response as AnyResponse

from app.errors import BusyError, PayloadTooLarge, UserError, from_model
from app.protocol import TextFile
from app.runtime.executors import BoundedExecutor
from app.web.extension import Extension, extension
from app.web.http.responses import error_response
from app.web.http.transfer_timeout import watch_transfer
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
        self.slots = threading.BoundedSemaphore(MAX_FILES)
        self.reader = BoundedExecutor(
            "text-files", 1, MAX_FILES, "text_files_full", "server_stopping", "text"
        )


@blueprint.put("/api/text-file")
def read() -> AnyResponse:
    """The text of the file in the request body."""
    here, files = extension(), _text_files()
    try:
        here.known_session()
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    if not files.slots.acquire(blocking=False):
        return error_response(BusyError("text_files_full", "text", limit=MAX_FILES))
    try:
        answer = _read(here, files.reader)
    except UserError as error:
        return error_response(error)
    finally:
        files.slots.release()
    return Response(_pieces(answer), mimetype="application/json")


def _text_files() -> TextFiles:
    files: TextFiles = current_app.extensions.setdefault("charnn_text_files", TextFiles())
    return files


def _read(here: Extension, reader: BoundedExecutor) -> bytes:
    limits, seconds = here.config.limits.of_text, here.config.limits.answer_seconds
    content = _receive(here, limits.bytes)
    name = request.args.get("name", "")[:MAX_NAME] or "The file"
    answer = reader.submit(_answer, content, name, request.args.get("encoding"), limits)
    try:
        return here.backend.wait(answer, seconds)
    except TimeoutError:
        answer.cancel()
        raise BusyError("answer_timeout", seconds=seconds) from None


def _receive(here: Extension, most: int) -> bytes:
    """The body of the request.

    Raises:
        UserError: it is too large, or incomplete.
    """
    length = request.content_length or 0
    if request.headers.get("Transfer-Encoding"):
        raise UserError("text_file_incomplete", "text")
    if length > most:
        raise PayloadTooLarge("text_file_too_large", "text", limit=most)
    transfer, content = watch_transfer(here), bytearray()
    try:
        while piece := request.stream.read(PIECE):
            content += piece
            transfer.bytes_moved += len(piece)
    except (OSError, ValueError, ClientDisconnected):  # the connection has ended
        raise UserError("text_file_incomplete", "text") from None
    if len(content) < length:
        raise UserError("text_file_incomplete", "text")
    transfer.end()
    return bytes(content)


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
