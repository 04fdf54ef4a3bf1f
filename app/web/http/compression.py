"""What the page is made of goes out compressed, to the browsers that take that."""

from __future__ import annotations

import gzip
from functools import lru_cache
from http import HTTPStatus

from flask import Response, request

TEXTS = frozenset(
    {
        "application/javascript",
        "application/json",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
    }
)
SMALL = 1_000
"""Bytes that fit into one packet as they are."""
KEPT = 256
"""Compressed texts that are kept: every file of the page, and the page as its visitors get it."""


def compress(response: Response) -> Response:
    """A response as it goes out; to be called after each request."""
    if response.mimetype not in TEXTS or _is_download(response):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") <= 0 or response.status_code != HTTPStatus.OK:
        return response
    response.direct_passthrough = False  # a file's content is needed here
    plain = response.get_data()
    if len(plain) <= SMALL:
        return response
    response.set_data(_compressed(plain))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    _name_apart(response)
    return response


def _is_download(response: Response) -> bool:
    """A model may be large, and compressing it would hold up everybody else."""
    return response.headers.get("Content-Disposition", "").startswith("attachment")


def _name_apart(response: Response) -> None:
    """Give a file a tag of its own, for compressed it is other bytes; a browser may have those."""
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(f"{tag}-gzip")
        response.make_conditional(request)


@lru_cache(maxsize=KEPT)
def _compressed(plain: bytes) -> bytes:
    """By content: a file that was changed is another."""
    return gzip.compress(plain, mtime=0)
