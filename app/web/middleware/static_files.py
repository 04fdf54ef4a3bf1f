"""Serves the files of the bundled page from memory."""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.wrappers import Request, Response

from app.web.http.compression import COMPRESSIBLE, accepts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/static/"
NAMES = "names.json"
"""The file with the names of the bundle's files, by their names without a hash."""
CACHE_SECONDS = 365 * 24 * 3600
ETAG_LENGTH = 16
_HASH = re.compile(r"-[^-]*(?=\.\w+$)")


class BundleMissingError(Exception):
    """The page has not been bundled."""


@dataclass(frozen=True)
class _File:
    content: bytes
    brotli: bytes | None
    mimetype: str

    @cached_property
    def gzip(self) -> bytes:
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def etag(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:ETAG_LENGTH]

    def encoded(self, request: Request) -> tuple[bytes, str | None]:
        """The content in the best encoding that a request accepts, and that encoding, if any."""
        if self.brotli is not None and accepts(request, "br"):
            return self.brotli, "br"
        if self.mimetype in COMPRESSIBLE and accepts(request, "gzip"):
            return self.gzip, "gzip"
        return self.content, None


class StaticFiles:
    """WSGI middleware that serves the files of a bundle, read once.

    The name of a file contains a hash of its content, so that browsers cache it without asking
    again. A name with another hash, or without one, gets the current file, which is then not
    cached.

    Raises:
        BundleMissingError: there is no bundle in the folder.
    """

    def __init__(self, app: WSGIApplication, folder: Path) -> None:
        self._app = app
        self._names, self._files = read_bundle(folder)

    def add_urls(self, web: Flask) -> None:
        """Let `url_for("static", filename="main.js")` return the URL with the hash."""
        web.add_url_rule(f"{PREFIX}<path:filename>", endpoint="static", build_only=True)

        @web.url_defaults
        def _add_hash(endpoint: str, values: dict[str, Any]) -> None:
            if endpoint == "static":
                values["filename"] = self._names[values["filename"]]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        answer: WSGIApplication | None = None
        if path.startswith(PREFIX) and environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            answer = self._answer(path.removeprefix(PREFIX), Request(environ))
        return (answer or self._app)(environ, start_response)

    def _answer(self, name: str, request: Request) -> Response | None:
        current = self._names.get(_HASH.sub("", name), name)
        file = self._files.get(current)
        if file is None:
            return None
        content, encoding = file.encoded(request)
        response = Response(content, mimetype=file.mimetype)
        if encoding:
            response.content_encoding = encoding
        response.vary.add("Accept-Encoding")
        response.set_etag(f"{file.etag}-{encoding}" if encoding else file.etag)
        if name == current and name in self._names.values():
            response.cache_control.max_age = CACHE_SECONDS
            response.cache_control.public = True
            response.cache_control.immutable = True
        else:
            response.cache_control.no_cache = True
        return response.make_conditional(request)


@lru_cache(maxsize=1)
def read_bundle(folder: Path) -> tuple[Mapping[str, str], Mapping[str, _File]]:
    """The names of the hashed files by their names without a hash, and all files by their names.

    Raises:
        BundleMissingError: there is no bundle in the folder.
    """
    try:
        names = json.loads((folder / NAMES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleMissingError from None
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    files = {
        name: _File(content, contents.get(f"{name}.br"), _mimetype(name))
        for name, content in contents.items()
        if not name.endswith(".br")
    }
    return names, files


def _mimetype(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
