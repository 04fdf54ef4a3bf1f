"""Serves the files of the page from memory."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.wrappers import Request, Response

from app.web.http.compression import COMPRESSIBLE, accepts_gzip

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/static/"
CACHE_SECONDS = 365 * 24 * 3600
VERSION_LENGTH = 16
"""Hexadecimal digits of the digest of all files, which is part of their URLs."""


@dataclass(frozen=True)
class _File:
    content: bytes
    mimetype: str

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def etag(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:VERSION_LENGTH]


class StaticFiles:
    """WSGI middleware that serves the files of a folder, read once.

    URLs contain a digest of all files, so that browsers cache the files of one version of the page
    without asking again. A URL with another digest, or without one, gets the current file, which is
    then not cached.
    """

    def __init__(self, app: WSGIApplication, folder: Path) -> None:
        self._app = app
        self._files = _read_files(folder)
        self._version = _digest(self._files)

    def add_urls(self, web: Flask) -> None:
        """Let `url_for("static", filename=...)` return the URLs of the files."""
        rule = f"{PREFIX}{self._version}/<path:filename>"
        web.add_url_rule(rule, endpoint="static", build_only=True)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        answer: WSGIApplication | None = None
        if path.startswith(PREFIX) and environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            answer = self._answer(path.removeprefix(PREFIX), Request(environ))
        return (answer or self._app)(environ, start_response)

    def _answer(self, name: str, request: Request) -> Response | None:
        version, _, unversioned = name.partition("/")
        file = self._files.get(name) or self._files.get(unversioned)
        if file is None:
            return None
        compress = file.mimetype in COMPRESSIBLE and accepts_gzip(request)
        response = Response(file.compressed if compress else file.content, mimetype=file.mimetype)
        if compress:
            response.content_encoding = "gzip"
        response.vary.add("Accept-Encoding")
        response.set_etag(f"{file.etag}-gzip" if compress else file.etag)
        if version == self._version:
            response.cache_control.max_age = CACHE_SECONDS
            response.cache_control.public = True
            response.cache_control.immutable = True
        else:
            response.cache_control.no_cache = True
        return response.make_conditional(request)


@lru_cache(maxsize=1)
def _read_files(folder: Path) -> Mapping[str, _File]:
    """The files of a folder by their relative paths."""
    paths = sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder, followlinks=True)
        for name in names
    )
    return {
        path.relative_to(folder).as_posix(): _File(
            path.read_bytes(), mimetypes.guess_type(path)[0] or "application/octet-stream"
        )
        for path in paths
    }


def _digest(files: Mapping[str, _File]) -> str:
    names = "".join(f"{name}:{file.etag}\n" for name, file in files.items())
    return hashlib.sha256(names.encode()).hexdigest()[:VERSION_LENGTH]
