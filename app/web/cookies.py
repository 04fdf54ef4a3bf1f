"""Signed cookies, which belong to one server."""

from __future__ import annotations

import re

from itsdangerous import BadSignature, Signer
from werkzeug.wrappers import Request, Response

COOKIE_SECONDS = 365 * 24 * 3600
_PORT = re.compile(r":(\d+)$")


class SignedCookie:
    """A cookie with a signed value.

    Browsers send a cookie to all ports of its host and to all paths below its own. So that several
    servers on one host do not overwrite each other's cookies, the name contains the port, unless it
    is the default, and the root path. A cookie without them, as older versions set it, is read too.
    """

    def __init__(self, name: str, signer: Signer, *, embedded: bool) -> None:
        """The cookie; `embedded` is whether pages of other sites may embed the server's pages."""
        self._name = name
        self._signer = signer
        self._embedded = embedded

    def read(self, request: Request) -> str | None:
        """The value; None if the cookie is missing or forged."""
        for name in (self._name_for(request), self._name):
            try:
                return self._signer.unsign(request.cookies.get(name, "")).decode()
            except (BadSignature, UnicodeError):
                pass
        return None

    def set(self, request: Request, response: Response, value: str) -> None:
        """Set the cookie in the response to a request."""
        # A browser sends a cookie from an embedded page only if it is marked for that, over HTTPS.
        embedded = self._embedded and request.is_secure
        response.set_cookie(
            self._name_for(request),
            self._signer.sign(value).decode(),
            max_age=COOKIE_SECONDS,
            path=request.script_root or "/",
            httponly=True,
            samesite="None" if embedded else "Lax",
            secure=request.is_secure,
            partitioned=embedded,
        )

    def _name_for(self, request: Request) -> str:
        port = _PORT.search(request.host)
        parts = [self._name, port[1] if port else "", *request.script_root.split("/")]
        return "_".join(filter(None, parts))
