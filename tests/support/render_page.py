"""Writes the page as Flask renders it to `build/panels`, where the tests of the panels read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from flask import Flask

from app.identity import Identity
from app.limits import Limits
from app.metrics import Metrics
from app.model_http import Models
from app.settings import ServerSettings
from app.web import make_web

FOLDER = Path("build/panels")
COPY = "/s/" + "A" * 22
"""A link to a shared copy."""


def application() -> Flask:
    """The application with nothing behind it: it renders the page and can do nothing else."""
    nothing = cast(Any, None)
    settings = ServerSettings()
    identity = Identity(b"a secret that signs nothing of value")
    answering = cast(Any, type("NoAnswering", (), {"clerk": None}))
    models = Models(Limits(), identity, nothing, answering, nothing)
    return make_web(
        settings,
        identity,
        nothing,
        models,
        Metrics(),
        is_stopping=lambda: False,
        has_copy=bool,  # there is a copy of every name
    )


def main() -> None:
    """Write every variant of the page."""
    web = application()
    visitor = web.test_client()  # it keeps its cookie, so that the server knows it afterwards
    pages = {
        "index": visitor.get("/"),
        "shared": visitor.get(COPY),
        "shared_first_visit": web.test_client().get(COPY),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, response in pages.items():
        (FOLDER / f"{name}.html").write_text(response.get_data(as_text=True), encoding="utf-8")


if __name__ == "__main__":
    main()
