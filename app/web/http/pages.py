"""The main page, and the pages of shared networks."""

from __future__ import annotations

import math
from functools import lru_cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Literal, cast

from flask import Blueprint, Response, render_template, request
from werkzeug.http import generate_etag

from app.catalog import pretrained, texts
from app.catalog.presets import PRESETS, START_TEMPERATURE
from app.catalog.python_texts import python_texts
from app.errors import UserError
from app.protocol.fields import as_entered
from app.protocol.hyperparameters import HYPERPARAMETERS, SizeName
from app.protocol.ids import is_share_id
from app.protocol.limits import MAX_BOX_TEXT, Limits
from app.web.extension import extension

Offer = Literal["none", "new", "returning"]
"""Whether the page offers a shared copy, and whether its visitor had a session before."""
MAX_VARIANTS = 16
"""Variants of the page in memory; a server has three."""

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
    return _unlisted(_page("returning"))


def _page(offer: Offer = "none") -> Response:
    """The page, which is the same for every visitor of a variant, with the visitor's cookie."""
    here = extension()
    session_id = here.session_cookie.session_id(request)
    if session_id is not None and not here.service.is_known(session_id):
        session_id = None
    if offer == "returning" and session_id is None:
        offer = "new"
    html, etag = _rendered(here.config.limits, here.config.size, offer, request.root_path)
    response = Response(html)
    response.headers["Cache-Control"] = "private, no-cache"  # it sets the session cookie
    response.set_etag(etag)
    here.session_cookie.set(request, response, session_id)
    return cast("Response", response.make_conditional(request))


@lru_cache(maxsize=MAX_VARIANTS)
def _rendered(
    limits: Limits,
    size: SizeName,
    offer: Offer,
    root_path: str,  # noqa: ARG001  (the URLs begin with it)
) -> tuple[bytes, str]:
    """The HTML of a variant of the page, and its ETag."""
    html = render_template(
        "index.html",
        version=version("charnn"),
        upload=limits.upload,
        cards=list(pretrained.cards().values()),
        hyperparameters=HYPERPARAMETERS,
        presets=PRESETS.values(),
        size=size,
        defaults={name: as_entered(value) for name, value in vars(PRESETS[size].options).items()},
        temperature=START_TEMPERATURE,
        learning_rate=PRESETS[size].options.learning_rate,
        log10=math.log10,
        texts=[texts.get(name) for name in texts.names()],
        python_texts=list(python_texts().values()),
        max_box_text=MAX_BOX_TEXT,
        most_bytes=limits.of_text.bytes,
        offer=offer,
    ).encode()
    return html, generate_etag(html)


def _no_copy(error: UserError) -> Response:
    """The error page of a shared network that cannot be opened."""
    return _unlisted(Response(render_template("no_copy.html", error=error)))


def _unlisted(response: Response) -> Response:
    """The response, excluded from search engines: a share link is private."""
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response
