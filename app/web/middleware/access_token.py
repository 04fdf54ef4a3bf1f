"""Access control by a token."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, render_template
from itsdangerous import Signer
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from app.errors import LimitExceeded, UserError
from app.protocol.ids import is_share_path
from app.web.cookies import SignedCookie
from app.web.http.responses import error_response, with_error
from app.web.middleware.failed_attempts import FailedAttempts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COOKIE = "charnn_access"
PAGE = "/"
TOKEN_FORM = "/token"  # noqa: S105  (a path)
PUBLIC_PATHS = frozenset({"/healthz", "/readyz"})
PUBLIC_FOLDER = "/static/"
MAX_FORM_BYTES = 4096
"""Size of the form with the token."""


class _FormRequest(Request):
    max_content_length = MAX_FORM_BYTES
    max_form_memory_size = MAX_FORM_BYTES


class AccessTokenMiddleware:
    """Passes requests with the access token, and shows others a form to enter it.

    A visitor who gave the token gets a signed cookie. The token is part of the signing key, so that
    changing it invalidates the cookies of the old one. An address that guesses must wait.
    """

    def __init__(
        self, app: WSGIApplication, web: Flask, token: str, secret: bytes, *, embedded: bool = False
    ) -> None:
        self._app = app
        self._web = web
        self._token = _bytes(token)
        salt = b"charnn access " + hashlib.sha256(self._token).digest()
        signer = Signer(secret, salt=salt, digest_method=hashlib.sha256)
        self._cookie = SignedCookie(COOKIE, signer, embedded=embedded)
        self._attempts = FailedAttempts()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = _FormRequest(environ)
        answer: WSGIApplication = self._answer(request) or self._app
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response | None:
        """The response in place of the application's; None if the request may pass."""
        submitted = _submitted_token(request)
        if submitted is not None:
            error = self._check(request, _bytes(submitted))
            return self._ask(request, error) if error else self._grant(request)
        if request.path in PUBLIC_PATHS or request.path.startswith(PUBLIC_FOLDER):
            return None
        bearer = _bearer_token(request)
        if bearer is None and self._is_known(request):
            return None
        if bearer is None and (request.path == TOKEN_FORM or _is_page(request.path)):
            return self._ask(request)
        error = UserError("token_needed") if bearer is None else self._check(request, bearer)
        return self._refuse(error) if error else None

    def _is_known(self, request: Request) -> bool:
        return self._cookie.read(request) is not None

    def _check(self, request: Request, submitted: bytes) -> UserError | None:
        """The error of a token that is wrong, or comes too soon after others; compares securely."""
        right = hmac.compare_digest(submitted, self._token)
        address = request.remote_addr or ""
        wait = self._attempts.attempt(address, time.monotonic(), succeeds=right)
        if wait:
            return LimitExceeded("token_wait", seconds=math.ceil(wait))
        return None if right else UserError("token_wrong")

    def _refuse(self, error: UserError) -> Response:
        response = error_response(error, _status(error))
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def _grant(self, request: Request) -> Response:
        """Redirect to the page without the token in its URL, and set the cookie."""
        page = request.script_root + _wanted_page(request)
        response = Response(status=HTTPStatus.SEE_OTHER, headers={"Location": page})
        response.headers["Cache-Control"] = "no-store"
        self._cookie.set(request, response, "known")
        return response

    def _ask(self, request: Request, error: UserError | None = None) -> Response:
        with self._web.request_context(request.environ):
            page = render_template("token.html", error=error, wanted=_wanted_page(request))
        status = _status(error or UserError("token_needed"))
        response = Response(page, status=status, mimetype="text/html")
        if error:
            return with_error(response, error)
        response.headers["Cache-Control"] = "no-store"
        return response


def _status(error: UserError) -> HTTPStatus:
    """The status of a request without the right token: 429 if it came too soon, else 401."""
    return error.status if isinstance(error, LimitExceeded) else HTTPStatus.UNAUTHORIZED


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


def _bearer_token(request: Request) -> bytes | None:
    """The token in the Authorization header; None if there is none."""
    # Parsed here, since a token may contain "=".
    scheme, _, value = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    token: bytes = value.strip().encode("latin-1")
    return token if scheme.lower() == "bearer" else None


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
