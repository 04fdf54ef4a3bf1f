"""Streamed downloads and uploads of model files."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, cast

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from app.errors import BusyError, PayloadTooLarge, UserError
from app.training.export_formats import EXPORT_FORMATS, ExportFormat
from app.web.extension import Extension, extension
from app.web.http.responses import as_attachment, error_response
from app.web.http.transfer_timeout import TransferTimeout, watch_transfer

PIECE = 65_536
MAX_UPLOADS = 4
"""Concurrent uploads: each is a file on disk, and then a place in the queue of `ModelIO`."""
MAX_DOWNLOADS = 16

blueprint = Blueprint("models", __name__)


class Slots:
    """The semaphores that limit concurrent transfers of one application."""

    def __init__(self) -> None:
        self.uploads = threading.BoundedSemaphore(MAX_UPLOADS)
        self.downloads = threading.BoundedSemaphore(MAX_DOWNLOADS)


def download(export_format: ExportFormat) -> AnyResponse:
    """The session's model as a file of this format."""
    here, slots = extension(), _slots()
    try:
        session_id = here.known_session()
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    if not slots.downloads.acquire(blocking=False):
        return error_response(BusyError("downloads_full", limit=MAX_DOWNLOADS))
    try:
        path = here.service.save(session_id, export_format)
    except BaseException as error:
        slots.downloads.release()
        if isinstance(error, UserError):
            return error_response(error, HTTPStatus.SERVICE_UNAVAILABLE)
        raise
    return _streamed(here, path, export_format, slots)


for _format in EXPORT_FORMATS:
    blueprint.add_url_rule(
        f"/api/model{_format.suffix}",
        f"download{_format.suffix.replace('.', '_')}",
        partial(download, _format),
    )


@blueprint.put("/api/model.json")
def upload() -> AnyResponse:
    """Continue with the model in the request body."""
    here, slots = extension(), _slots()
    transfer = watch_transfer(here)
    try:
        session_id = here.known_session()
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    if not slots.uploads.acquire(blocking=False):
        return error_response(BusyError("uploads_full", limit=MAX_UPLOADS))
    path: Path | None = None
    try:
        _check_size(request.content_length or 0, here)
        path = here.model_io.new_file()
        _receive(here, path, transfer)
        here.service.load(session_id, path)
    except UserError as error:
        return error_response(error)
    finally:
        slots.uploads.release()
        if path is not None:
            here.model_io.remove(path)
    return jsonify({"ok": True})


def _slots() -> Slots:
    slots: Slots = current_app.extensions.setdefault("charnn_transfers", Slots())
    return slots


def _check_size(size: int, here: Extension) -> None:
    if size > here.config.limits.upload:
        raise PayloadTooLarge("upload_too_large", "json", limit=here.config.limits.upload)


def _receive(here: Extension, path: Path, transfer: TransferTimeout) -> None:
    """Write the body to a file.

    Raises:
        UserError: the body is too large, or incomplete.
    """
    try:
        with path.open("wb") as file:
            for piece in _body(request.environ):
                transfer.bytes_moved += len(piece)
                _check_size(transfer.bytes_moved, here)
                _write(file, piece)
    except UserError:
        raise
    except (OSError, ValueError):  # the connection has ended, or its chunks are malformed
        raise UserError("upload_incomplete", "json") from None
    expected = request.content_length
    if expected is not None and transfer.bytes_moved < expected:
        raise UserError("upload_incomplete", "json")
    transfer.end()


def _streamed(
    here: Extension, path: Path, export_format: ExportFormat, slots: Slots
) -> AnyResponse:
    """A streamed file; it is unlinked at once, and its content is freed after the response."""
    file = path.open("rb")
    size = path.stat().st_size
    here.model_io.remove(path)
    transfer = watch_transfer(here)

    def pieces() -> Iterator[bytes]:
        while piece := file.read(PIECE):
            yield piece
            transfer.bytes_moved += len(piece)

    def close() -> None:
        file.close()
        slots.downloads.release()

    response = Response(pieces(), mimetype=export_format.mimetype)
    response.content_length = size
    response.call_on_close(close)
    return as_attachment(response, export_format.name)


def _body(environ: Mapping[str, Any]) -> Iterator[bytes]:
    """The body of a request in pieces, with a Content-Length or chunked."""
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
        raise BusyError("disk_full") from None
