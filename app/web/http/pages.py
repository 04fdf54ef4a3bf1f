"""The main page, and the pages of shared networks."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version

from flask import Blueprint, Response, render_template, request

from app.catalog import pretrained, texts
from app.errors import UserError
from app.protocol.fields import as_entered
from app.protocol.hyperparameters import HYPERPARAMETERS, Hyperparameters
from app.protocol.ids import is_share_id
from app.web.extension import extension

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def index() -> Response:
    """The main page, with the session cookie."""
    return _page()


@blueprint.get("/s/<path:share_id>")  # any path, so that invalid links get the same error page
def shared(share_id: str) -> tuple[Response, int] | Response:
    """The main page, which offers to open a shared copy."""
    # The visitor must confirm: otherwise links on other sites could replace their network.
    try:
        if not (is_share_id(share_id) and extension().service.has_share(share_id)):
            return _no_copy(UserError("no_such_copy")), HTTPStatus.NOT_FOUND
    except UserError as error:
        return _no_copy(error), HTTPStatus.SERVICE_UNAVAILABLE
    return _unlisted(_page(share_id))


def _page(share_id: str = "") -> Response:
    here = extension()
    session_id = here.session_cookie.session_id(request.cookies)
    response = Response(
        render_template(
            "index.html",
            version=version("charnn"),
            upload=here.config.limits.upload,
            cards=list(pretrained.cards().values()),
            hyperparameters=HYPERPARAMETERS,
            defaults={name: as_entered(value) for name, value in vars(Hyperparameters()).items()},
            texts=[texts.get(name) for name in texts.names()],
            most_bytes=here.config.limits.of_text.bytes,
            share_id=share_id,
            is_new=session_id is None,
        )
    )
    response.headers["Cache-Control"] = "no-store"  # it sets the session cookie
    here.session_cookie.set(response, session_id, request.is_secure)
    return response


def _no_copy(error: UserError) -> Response:
    """The error page of a shared network that cannot be opened."""
    return _unlisted(Response(render_template("no_copy.html", error=error)))


def _unlisted(response: Response) -> Response:
    """The response, excluded from search engines: a share link is private."""
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response
