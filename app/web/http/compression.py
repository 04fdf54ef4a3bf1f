"""Gzip compression of responses."""

from __future__ import annotations

import gzip
from functools import lru_cache
from http import HTTPStatus

from flask import Response, request
from werkzeug.wrappers import Request

COMPRESSIBLE = frozenset(
    {
        "application/javascript",
        "application/json",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
    }
)
MIN_BYTES = 1_000
"""Smaller responses fit into one packet uncompressed."""
CACHE_SIZE = 64
"""Cached compressed bodies: the variants of the page, and the built-in texts."""


def compress(response: Response) -> Response:
    """The response, compressed if possible; call this after each request."""
    if response.mimetype not in COMPRESSIBLE or _is_large(response):
        return response
    response.vary.add("Accept-Encoding")
    if not accepts(request, "gzip") or response.status_code != HTTPStatus.OK:
        return response
    plain = response.get_data()
    if len(plain) <= MIN_BYTES:
        return response
    response.set_data(_compressed(plain))
    response.headers["Content-Encoding"] = "gzip"
    _tag(response)
    return response


def accepts(request: Request, encoding: str) -> bool:
    """Whether a request accepts a response in this encoding, such as `gzip`."""
    return request.accept_encodings.quality(encoding) > 0


def _is_large(response: Response) -> bool:
    """Whether this may be large, so that compressing it would block the server.

    Downloads are, and what is made piece by piece.
    """
    is_download = response.headers.get("Content-Disposition", "").startswith("attachment")
    return is_download or response.is_streamed


def _tag(response: Response) -> None:
    """Give the compressed variant an ETag of its own, and answer conditional requests for it."""
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(f"{tag}-gzip")
        response.make_conditional(request)


@lru_cache(maxsize=CACHE_SIZE)
def _compressed(plain: bytes) -> bytes:
    """The compressed body, cached by content."""
    return gzip.compress(plain, mtime=0)
