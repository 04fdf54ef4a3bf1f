"""The access token: what a visitor must know where not everybody may come."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, render_template
from itsdangerous import BadSignature, Signer
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from app.errors import UserError
from app.protocol.ids import is_path
from app.web.http.responses import error_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COOKIE = "charnn_access"
COOKIE_SECONDS = 365 * 24 * 3600
PAGE = "/"
TOKEN_FORM = "/token"  # noqa: S105  (a path)
OPEN_PATH = "/healthz"
OPEN_FOLDER = "/static/"
LONGEST_FORM = 4096
"""Bytes that the form with the token may have."""


class _FormRequest(Request):
    max_content_length = LONGEST_FORM
    max_form_memory_size = LONGEST_FORM


class Access:
    """Lets through who knows the token; the others get a page that asks for it.

    Whoever has shown it once carries a cookie that only this server can sign. Another token makes
    another signature: it ends the cookies that were given for the old one.
    """

    def __init__(self, app: WSGIApplication, web: Flask, token: str, secret: bytes) -> None:
        self._app = app
        self._web = web
        self._token = _bytes(token)
        salt = b"charnn access " + hashlib.sha256(self._token).digest()
        self._signer = Signer(secret, salt=salt, digest_method=hashlib.sha256)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = _FormRequest(environ)
        answer: WSGIApplication = self._answer(request) or self._app
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response | None:
        """What to answer in place of the application; None if it may answer."""
        offered = _offered(request)
        if offered is not None:
            known = self._is_token(_bytes(offered))
            return self._let_in(request) if known else self._ask(request, UserError("token_wrong"))
        if request.path == OPEN_PATH or request.path.startswith(OPEN_FOLDER):
            return None
        if self._is_known(request):
            return None
        if request.path == TOKEN_FORM or _is_page(request.path):
            return self._ask(request)
        response = error_response(UserError("token_needed"), HTTPStatus.UNAUTHORIZED)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def _is_known(self, request: Request) -> bool:
        scheme, _, given = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":  # by hand: a token may hold what would be a parameter's "="
            return self._is_token(given.strip().encode("latin-1"))
        try:
            self._signer.unsign(request.cookies.get(COOKIE, ""))
        except (BadSignature, UnicodeError):
            return False
        return True

    def _is_token(self, offered: bytes) -> bool:
        """Compare in a time that tells nothing of the token."""
        return hmac.compare_digest(offered, self._token)

    def _let_in(self, request: Request) -> Response:
        """Go on to the page by an address without the token, which others may get to see."""
        response = Response(
            status=HTTPStatus.SEE_OTHER, headers={"Location": _wanted_page(request)}
        )
        response.headers["Cache-Control"] = "no-store"
        response.set_cookie(
            COOKIE,
            self._signer.sign("known").decode(),
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
        return response

    def _ask(self, request: Request, error: UserError | None = None) -> Response:
        with self._web.request_context(request.environ):
            page = render_template("token.html", error=error, wanted=_wanted_page(request))
        response = Response(page, status=HTTPStatus.UNAUTHORIZED, mimetype="text/html")
        response.headers["Cache-Control"] = "no-store"
        return response


def _is_page(path: str) -> bool:
    """Whether people open this address: the page's, or that of a shared network."""
    return path == PAGE or is_path(path)


def _wanted_page(request: Request) -> str:
    """Which page a visitor wanted who was asked for the token; never one that is elsewhere."""
    wanted = request.path
    if request.path == TOKEN_FORM:
        try:
            wanted = request.form.get("wanted", "")
        except HTTPException:  # too long, or no form at all
            wanted = PAGE
    return wanted if _is_page(wanted) else PAGE


def _offered(request: Request) -> str | None:
    """The token in the address of a page, or in its form; None where there is neither."""
    if _is_page(request.path) and request.method in {"GET", "HEAD"}:
        return request.args.get("token")
    if request.path == TOKEN_FORM and request.method == "POST":
        try:
            return request.form.get("token", "").strip()
        except HTTPException:  # too long, or no form at all
            return ""
    return None


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
