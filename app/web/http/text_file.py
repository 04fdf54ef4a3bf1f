"""Reads a text file for the page: the one reader of texts is on the server."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from app.errors import PayloadTooLarge, UserError
from app.protocol import TextFile
from app.web.extension import Extension, extension
from app.web.http.receive import receive
from app.web.http.responses import error_response
from app.web.http.text import send_text
from app.web.http.transfer_slots import TransferSlots
from app.web.http.transfer_timeout import watch_transfer
from app.web.texts import MAX_FILES, UploadedText

MAX_NAME = 200
"""Characters of a file name that messages repeat."""

blueprint = Blueprint("text_file", __name__)


def text_file_slots() -> TransferSlots:
    """The slots for the text files of one application that are being received."""
    return TransferSlots(MAX_FILES, "text_files_full", "text")


@blueprint.put("/api/text-file")
def read() -> AnyResponse:
    """The text of the file in the request body."""
    here = extension()
    try:
        session_id = here.known_session()
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    path: Path | None = None
    try:
        path = here.model_io.new_file()
        return send_text(here, _read(here, session_id, path))
    except UserError as error:
        return error_response(error)
    finally:
        if path is not None:
            here.model_io.remove(path)


def _read(here: Extension, session_id: str, path: Path) -> TextFile:
    most = here.config.limits.of_text.bytes
    transfer, address = watch_transfer(here), request.remote_addr or ""
    too_large = PayloadTooLarge("text_file_too_large", "text", limit=most)
    if (request.content_length or 0) > most:
        raise too_large
    slot = here.text_slots.take(transfer, address, session_id)
    try:
        receive(path, transfer, too_large, most)
    finally:
        here.text_slots.release(slot)
    upload = UploadedText(
        path,
        request.args.get("name", "")[:MAX_NAME] or "The file",
        request.args.get("encoding", ""),
        bool(request.args.get("whole")),
        address,
    )
    return here.service.read_file(session_id, upload)
