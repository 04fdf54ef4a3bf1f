"""Streamed downloads and uploads of model files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from app.errors import PayloadTooLarge, UserError
from app.protocol import read_payload
from app.protocol.requests import Save
from app.training.export_formats import EXPORT_FORMATS, ExportFormat
from app.web.extension import Extension, extension
from app.web.http.receive import PIECE, receive
from app.web.http.responses import as_attachment, error_response
from app.web.http.transfer_slots import TransferSlots
from app.web.http.transfer_timeout import watch_transfer

MAX_UPLOADS = 8
"""Concurrent uploads: each is a file on disk."""
MAX_DOWNLOADS = 16

blueprint = Blueprint("models", __name__)


class Slots:
    """The slots for transfers of one application."""

    def __init__(self) -> None:
        self.uploads = TransferSlots(MAX_UPLOADS, "uploads_full")
        self.downloads = TransferSlots(MAX_DOWNLOADS, "downloads_full")


def download(export_format: ExportFormat) -> AnyResponse:
    """The session's model as a file of this format."""
    here = extension()
    try:
        session_id = here.known_session()
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    try:
        chosen = {"weights": request.args["weights"]} if "weights" in request.args else {}
        asked = read_payload(Save, chosen)
    except UserError as error:
        return error_response(error)
    try:
        path = here.service.save(
            session_id, export_format, request.remote_addr or "", asked.weights
        )
    except UserError as error:
        is_invalid = error.field == "weights"
        return error_response(error, None if is_invalid else HTTPStatus.SERVICE_UNAVAILABLE)
    try:
        return _streamed(here, path, export_format, session_id)
    except UserError as error:
        return error_response(error)
    finally:
        here.model_io.remove(path)  # its content is freed after the response


for _format in EXPORT_FORMATS:
    blueprint.add_url_rule(
        f"/api/model{_format.suffix}",
        f"download{_format.suffix.replace('.', '_')}",
        partial(download, _format),
    )


@blueprint.put("/api/model.json")
def upload() -> AnyResponse:
    """Continue with the model in the request body."""
    here, address = extension(), request.remote_addr or ""
    transfer = watch_transfer(here)
    try:
        session_id = here.known_session()
    except UserError as error:
        return error_response(error, HTTPStatus.NOT_FOUND)
    path: Path | None = None
    try:
        most = here.config.limits.upload
        too_large = PayloadTooLarge("upload_too_large", "json", limit=most)
        if (request.content_length or 0) > most:
            raise too_large
        slot = _slots().uploads.take(transfer, address, session_id)
        try:
            path = here.model_io.new_file()
            receive(path, transfer, too_large, most)
        finally:
            _slots().uploads.release(slot)
        here.service.load(session_id, path, address)
    except UserError as error:
        return error_response(error)
    finally:
        if path is not None:
            here.model_io.remove(path)
    return jsonify({"ok": True})


def _slots() -> Slots:
    slots: Slots = current_app.extensions.setdefault("charnn_transfers", Slots())
    return slots


def _streamed(
    here: Extension, path: Path, export_format: ExportFormat, session_id: str
) -> AnyResponse:
    """A streamed file, which may be unlinked meanwhile.

    Raises:
        BusyError: too many files are being downloaded.
    """
    transfer, slots = watch_transfer(here), _slots().downloads
    slot = slots.take(transfer, request.remote_addr or "", session_id)
    file = path.open("rb")

    def pieces() -> Iterator[bytes]:
        while not transfer.displaced and (piece := file.read(PIECE)):
            yield piece
            transfer.bytes_moved += len(piece)

    def close() -> None:
        file.close()
        slots.release(slot)

    response = Response(pieces(), mimetype=export_format.mimetype)
    response.content_length = path.stat().st_size
    response.call_on_close(close)
    return as_attachment(response, export_format.name)
