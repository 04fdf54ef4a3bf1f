"""The blueprints of the pages and the API."""

from __future__ import annotations

from app.web.http import api, models, openapi, ops, pages, text, text_file

BLUEPRINTS = tuple(each.blueprint for each in (pages, api, models, openapi, ops, text, text_file))

__all__ = ["BLUEPRINTS"]
