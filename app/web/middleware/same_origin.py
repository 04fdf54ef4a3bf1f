"""The outermost layer: what no request gets past, and what every answer carries.

Socket.IO answers before Flask sees a request, so that this stands before both.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from app.errors import UserError
from app.web.http.responses import error_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SOCKETS = "/socket.io"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": 80, "https": 443}

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer: nothing from elsewhere runs in the page, and nothing elsewhere frames it."""
ONLY_HTTPS = ("Strict-Transport-Security", "max-age=31536000")


class Guard:
    """Refuses what another site has a browser send, and what a forged header would pass off.

    Attributes:
        local_only: whether the server listens to this machine alone. A site whose name leads here
            all of a sudden (DNS rebinding) would be its own page's origin: the name gives it away.
    """

    def __init__(self, app: WSGIApplication, *, trust_proxy: bool, local_only: bool) -> None:
        self._app = app
        self.local_only = local_only and not trust_proxy
        # One proxy is believed: what it adds is the last entry of each header.
        self._entrance = ProxyFix(self._check, x_for=1, x_proto=1, x_host=1)
        self._trust_proxy = trust_proxy

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        entrance: WSGIApplication = self._entrance if self._trust_proxy else self._check
        return entrance(environ, start_response)

    def _check(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _drop_forwarded(environ)
        secure = environ["wsgi.url_scheme"] == "https"

        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Any:  # as WSGI has it: whatever starts the response
            return start_response(status, _with_ours(headers, secure=secure), *error)

        refused = self._refusal(environ)
        return (refused or self._app)(environ, start)

    def _refusal(self, environ: WSGIEnvironment) -> Response | None:
        if self.local_only and not is_local_name(environ.get("HTTP_HOST", "")):
            return error_response(UserError("other_host"), HTTPStatus.FORBIDDEN)
        if _matters(environ) and not _is_from_here(environ):
            return error_response(UserError("other_site"), HTTPStatus.FORBIDDEN)
        return None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _drop_forwarded(environ: WSGIEnvironment) -> None:
    """What a proxy says has been taken in by now; from anybody else it is made up."""
    for name in [name for name in environ if name.startswith("HTTP_X_FORWARDED_")]:
        del environ[name]
    environ.pop("HTTP_FORWARDED", None)


def _with_ours(headers: list[tuple[str, str]], *, secure: bool) -> list[tuple[str, str]]:
    ours = Headers(headers)
    for name, value in HEADERS.items():
        ours.setdefault(name, value)
    if secure:
        ours.setdefault(*ONLY_HTTPS)
    return ours.to_wsgi_list()


def _matters(environ: WSGIEnvironment) -> bool:
    """Whether a request could change or read anything in a visitor's name."""
    return (
        environ["REQUEST_METHOD"] not in READING
        or "HTTP_UPGRADE" in environ
        or environ.get("PATH_INFO", "").startswith(SOCKETS)
    )


def _is_from_here(environ: WSGIEnvironment) -> bool:
    """Whether charnn's own page sent a request, or a program: those name no origin."""
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in {"same-origin", "none"}:
        return False
    if "HTTP_ORIGIN" not in environ:
        return True
    here = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    origin = _origin(environ["HTTP_ORIGIN"])
    return origin is not None and origin == _origin(here)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None where there are none."""
    try:
        parts = urlsplit(url)
        if not parts.hostname:
            return None
        return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None


def is_local_name(host: str) -> bool:
    """Whether a host, or a Host header, is this machine's own; an address cannot be rebound."""
    if is_loopback(host):  # an IPv6 address without its brackets
        return True
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)
