"""Receives the body of a request in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from flask import request

from app.errors import BusyError, PayloadTooLarge, UserError
from app.web.http.transfer_timeout import TransferTimeout

PIECE = 65_536


def receive(path: Path, transfer: TransferTimeout, too_large: PayloadTooLarge, most: int) -> None:
    """Write the body to a file.

    Args:
        path: the file.
        transfer: ends with the last byte.
        too_large: the error if there are more bytes than `most`; its field is that of all errors.
        most: maximum bytes.

    Raises:
        UserError: the body is too large, or incomplete.
    """
    field = too_large.field
    try:
        with path.open("wb") as file:
            for piece in _body(request.environ):
                transfer.bytes_moved += len(piece)
                if transfer.bytes_moved > most:
                    raise too_large
                _check_displaced(transfer, field)
                _write(file, piece, field)
    except UserError:
        raise
    except (OSError, ValueError):  # the connection has ended, or its chunks are malformed
        _check_displaced(transfer, field)
        raise UserError("upload_incomplete", field) from None
    _check_displaced(transfer, field)
    expected = request.content_length
    if expected is not None and transfer.bytes_moved < expected:
        raise UserError("upload_incomplete", field)
    transfer.end()


def _check_displaced(transfer: TransferTimeout, field: str | None) -> None:
    if transfer.displaced:
        raise BusyError("upload_displaced", field)


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


def _write(file: IO[bytes], piece: bytes, field: str | None) -> None:
    try:
        file.write(piece)
    except OSError:
        raise BusyError("disk_full", field) from None
