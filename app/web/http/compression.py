"""Gzip compression of responses."""

from __future__ import annotations

import gzip
from functools import lru_cache
from http import HTTPStatus

from flask import Response, request

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
CACHE_SIZE = 256
"""Cached compressed bodies: all static files, and recent pages."""


def compress(response: Response) -> Response:
    """The response, compressed if possible; call this after each request."""
    if response.mimetype not in COMPRESSIBLE or _is_large(response):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") <= 0 or response.status_code != HTTPStatus.OK:
        return response
    response.direct_passthrough = False  # to read the content of a file
    plain = response.get_data()
    if len(plain) <= MIN_BYTES:
        return response
    response.set_data(_compressed(plain))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    _tag(response)
    return response


def _is_large(response: Response) -> bool:
    """Whether this may be large, so that compressing it would block the server.

    Downloads are, and what is made piece by piece; static files are not.
    """
    is_download = response.headers.get("Content-Disposition", "").startswith("attachment")
    return is_download or (response.is_streamed and not response.direct_passthrough)


def _tag(response: Response) -> None:
    """Give the compressed variant an ETag of its own, and answer conditional requests for it."""
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(f"{tag}-gzip")
        response.make_conditional(request)


@lru_cache(maxsize=CACHE_SIZE)
def _compressed(plain: bytes) -> bytes:
    """The compressed body, cached by content, so that changed files are compressed anew."""
    return gzip.compress(plain, mtime=0)
