"""Access control by a token."""

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
from app.protocol.ids import is_share_path
from app.web.http.responses import error_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COOKIE = "charnn_access"
COOKIE_SECONDS = 365 * 24 * 3600
PAGE = "/"
TOKEN_FORM = "/token"  # noqa: S105  (a path)
PUBLIC_PATH = "/healthz"
PUBLIC_FOLDER = "/static/"
MAX_FORM_BYTES = 4096
"""Size of the form with the token."""


class _FormRequest(Request):
    max_content_length = MAX_FORM_BYTES
    max_form_memory_size = MAX_FORM_BYTES


class AccessTokenMiddleware:
    """Passes requests with the access token, and shows others a form to enter it.

    A visitor who gave the token gets a signed cookie. The token is part of the signing key, so that
    changing it invalidates the cookies of the old one.
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
        """The response in place of the application's; None if the request may pass."""
        submitted = _submitted_token(request)
        if submitted is not None:
            known = self._is_token(_bytes(submitted))
            return self._grant(request) if known else self._ask(request, UserError("token_wrong"))
        if request.path == PUBLIC_PATH or request.path.startswith(PUBLIC_FOLDER):
            return None
        if self._is_known(request):
            return None
        if request.path == TOKEN_FORM or _is_page(request.path):
            return self._ask(request)
        response = error_response(UserError("token_needed"), HTTPStatus.UNAUTHORIZED)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def _is_known(self, request: Request) -> bool:
        scheme, _, value = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":  # parsed here, since a token may contain "="
            return self._is_token(value.strip().encode("latin-1"))
        try:
            self._signer.unsign(request.cookies.get(COOKIE, ""))
        except (BadSignature, UnicodeError):
            return False
        return True

    def _is_token(self, submitted: bytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(submitted, self._token)

    def _grant(self, request: Request) -> Response:
        """Redirect to the page without the token in its URL, and set the cookie."""
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
    """Whether this is the path of the main page or of a shared network."""
    return path == PAGE or is_share_path(path)


def _wanted_page(request: Request) -> str:
    """The path of the page to show after the token; never one of another site."""
    wanted = request.path
    if request.path == TOKEN_FORM:
        try:
            wanted = request.form.get("wanted", "")
        except HTTPException:  # too long, or no form at all
            wanted = PAGE
    return wanted if _is_page(wanted) else PAGE


def _submitted_token(request: Request) -> str | None:
    """The token in the URL of a page or in the form; None if there is none."""
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
