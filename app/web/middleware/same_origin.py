"""Rejects cross-site requests, and adds the security headers to every response.

This wraps both Flask and Socket.IO, which answers before Flask sees a request.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from app.errors import UserError
from app.web.http.responses import error_response
from app.web.middleware.security_headers import add_security_headers, security_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SOCKETS = "/socket.io"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": 80, "https": 443}


class SameOriginMiddleware:
    """Rejects requests from the pages of other sites.

    Attributes:
        local_only: whether to accept only the host names of this machine, because the server
            listens on loopback. This prevents DNS rebinding.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        local_only: bool,
        allowed_hosts: Sequence[str] = (),
        frame_ancestors: str = "",
    ) -> None:
        """Wrap an application; `allowed_hosts`, if any, are the only names besides localhost."""
        self._app = app
        self._allowed_hosts = frozenset(map(str.lower, allowed_hosts))
        self.local_only = local_only
        self._headers = security_headers(frame_ancestors)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        secure = environ["wsgi.url_scheme"] == "https"

        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Any:  # the type is WSGI's
            added = add_security_headers(headers, self._headers, secure=secure)
            return start_response(status, added, *error)

        refused = self._refusal(environ)
        return (refused or self._app)(environ, start)

    def _refusal(self, environ: WSGIEnvironment) -> Response | None:
        if not self._is_allowed(environ.get("HTTP_HOST", "")):
            return error_response(UserError("other_host"), HTTPStatus.FORBIDDEN)
        if _needs_check(environ) and not _is_same_origin(environ):
            return error_response(UserError("other_site"), HTTPStatus.FORBIDDEN)
        return None

    def _is_allowed(self, host: str) -> bool:
        if is_local_name(host):
            return True
        if self._allowed_hosts:
            name = _host_name(host)  # an address, as health checks use, has no name to rebind
            return name in self._allowed_hosts or _is_address(name)
        return not self.local_only


def is_loopback(host: str) -> bool:
    """Whether an address is on the loopback interface."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _needs_check(environ: WSGIEnvironment) -> bool:
    """Whether a request can change data, or read it over a socket."""
    return (
        environ["REQUEST_METHOD"] not in SAFE_METHODS
        or "HTTP_UPGRADE" in environ
        or environ.get("PATH_INFO", "").startswith(SOCKETS)
    )


def _is_same_origin(environ: WSGIEnvironment) -> bool:
    """Whether a request comes from charnn's own page, or from a program, which sends no origin."""
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in {"same-origin", "none"}:
        return False
    if "HTTP_ORIGIN" not in environ:
        return True
    here = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    origin = _origin(environ["HTTP_ORIGIN"])
    return origin is not None and origin == _origin(here)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of a URL; None if it is invalid."""
    try:
        parts = urlsplit(url)
        if not parts.hostname:
            return None
        return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None


def is_local_name(host: str) -> bool:
    """Whether a host name or Host header is localhost or a loopback address."""
    if is_loopback(host):  # an IPv6 address without its brackets
        return True
    name = _host_name(host)
    return name == "localhost" or is_loopback(name)


def _host_name(host: str) -> str:
    """The name in a Host header, in lower case and without the port; empty if it is invalid."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
