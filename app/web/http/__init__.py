"""The blueprints of the pages and the API."""

from __future__ import annotations

from app.web.http import api, models, ops, pages, text, text_file

BLUEPRINTS = (
    pages.blueprint,
    api.blueprint,
    models.blueprint,
    ops.blueprint,
    text.blueprint,
    text_file.blueprint,
)

__all__ = ["BLUEPRINTS"]
