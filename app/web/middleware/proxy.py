"""Applies what trusted proxies say about a request, and the path below which the server is reached.

This wraps all other middleware, which reads the results from the WSGI environ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_HEADERS = {
    "x_for": "HTTP_X_FORWARDED_FOR",
    "x_proto": "HTTP_X_FORWARDED_PROTO",
    "x_host": "HTTP_X_FORWARDED_HOST",
    "x_prefix": "HTTP_X_FORWARDED_PREFIX",
}
"""The headers to trust, by the parameters of `ProxyFix`."""


def is_root_path(path: str) -> bool:
    """Whether this is empty, or a path such as /charnn, without a slash at its end."""
    return _ROOT_PATH.fullmatch(path) is not None


class ProxyMiddleware:
    """Sets the visitor's address, scheme, host and root path; drops forged forwarding headers.

    The root path may be part of a request's path, or removed from it by a proxy: both are accepted,
    so that a health check can ask the server itself.
    """

    def __init__(self, app: WSGIApplication, *, trusted_proxies: int, root_path: str) -> None:
        self._app = app
        self._proxies = trusted_proxies
        self._root_path = root_path

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return ProxyFix(self._answer, **self._trusted(environ))(environ, start_response)

    def _trusted(self, environ: WSGIEnvironment) -> dict[str, int]:
        """How many entries of each header to trust.

        Each proxy appends an entry or replaces the header: with two proxies, the entry of the first
        is the last but one, or the only one.
        """
        return {
            parameter: min(self._proxies, environ.get(header, "").count(",") + 1)
            for parameter, header in _HEADERS.items()
        }

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for name in [name for name in environ if name.startswith("HTTP_X_FORWARDED_")]:
            del environ[name]
        environ.pop("HTTP_FORWARDED", None)
        root = environ.get("SCRIPT_NAME", "").rstrip("/")
        root = root if root and is_root_path(root) else self._root_path
        environ["SCRIPT_NAME"] = root
        environ["REMOTE_ADDR"] = _without_port(environ.get("REMOTE_ADDR", ""))
        path = environ.get("PATH_INFO", "")
        if root and (path == root or path.startswith(f"{root}/")):
            environ["PATH_INFO"] = path.removeprefix(root) or "/"
        return self._app(environ, start_response)


def _without_port(address: str) -> str:
    """An address without the port that some proxies add, as in 192.0.2.1:80 or [2001:db8::1]:80."""
    bracketed, _, _ = address.removeprefix("[").partition("]")
    return bracketed.partition(":")[0] if bracketed.count(":") == 1 else bracketed
