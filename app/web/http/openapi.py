"""The HTTP API, declared once, and its description in the OpenAPI format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Literal

from flask import Blueprint, jsonify, request
from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypedDict
from werkzeug.wrappers import Response

from app.protocol import BuiltInText, SessionText, TextFile
from app.protocol.base import Payload
from app.protocol.results import CompleteResult, ErrorResult, OkResult
from app.protocol.sharing import Sample
from app.training import export_formats
from app.web.session_cookie import COOKIE

JSON = "application/json"
REFERENCE = "#/components/schemas/{model}"

blueprint = Blueprint("openapi", __name__)


class Health(TypedDict):
    """The server is alive, or ready."""

    ok: Literal[True]


@dataclass(frozen=True)
class Endpoint:
    """A request of the HTTP API.

    Attributes:
        method: the HTTP method.
        path: the path, with parameters in braces.
        summary: what it does.
        result: the type of the JSON answer, or the media type of another.
        body: the type of the JSON body, or the media type of another; None for no body.
        errors: the statuses of refusals; their JSON is an `ErrorResult`.
        query: the parameters in the query, which may be left out.
    """

    method: Literal["get", "post", "put"]
    path: str
    summary: str
    result: type | str
    body: type[Payload] | str | None = None
    errors: tuple[HTTPStatus, ...] = ()
    query: tuple[str, ...] = ()


_NO_SESSION = HTTPStatus.NOT_FOUND
_BUSY = HTTPStatus.SERVICE_UNAVAILABLE
_INVALID = HTTPStatus.BAD_REQUEST
_TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

_CONTENTS = {
    export_formats.JSON: "the session's model",
    export_formats.SAFETENSORS: "its weights for PyTorch",
    export_formats.PYTHON: "a program that samples from it",
}

ENDPOINTS = (
    *(
        Endpoint(
            "get",
            f"/api/model{each.suffix}",
            f"Downloads {_CONTENTS[each]}, `{each.name}`.",
            each.mimetype,
            errors=(_INVALID, _NO_SESSION, _BUSY),
            query=("weights",),
        )
        for each in export_formats.EXPORT_FORMATS
    ),
    Endpoint(
        "put",
        "/api/model.json",
        "Loads the model in the body, up to the size limits.",
        OkResult,
        JSON,
        (_INVALID, _NO_SESSION, _TOO_LARGE, _BUSY),
    ),
    Endpoint(
        "put",
        "/api/text-file",
        "The text of the file in the body; changes nothing.",
        TextFile,
        "application/octet-stream",
        (_INVALID, _NO_SESSION, _TOO_LARGE, _BUSY),
        query=("name", "encoding"),
    ),
    Endpoint(
        "post",
        "/api/sample",
        "Completes a prompt with the session's network, or with a shared copy.",
        CompleteResult,
        Sample,
        (_INVALID, _NO_SESSION, _TOO_LARGE, HTTPStatus.TOO_MANY_REQUESTS, _BUSY),
    ),
    Endpoint(
        "get",
        "/api/text",
        "The session's training text; its `ETag` is the checksum.",
        SessionText,
        errors=(_NO_SESSION, _BUSY),
    ),
    Endpoint(
        "get",
        "/api/texts/{name}",
        "A built-in text, to be sent with `learn`.",
        BuiltInText,
        errors=(HTTPStatus.NOT_FOUND,),
    ),
    Endpoint(
        "get",
        "/api/history.csv",
        "The curve as a table, `charnn-history.csv`.",
        "text/csv",
        errors=(_NO_SESSION,),
    ),
    Endpoint("get", "/api/openapi.json", "This API in the OpenAPI format.", JSON),
    Endpoint(
        "get",
        "/healthz",
        "Whether the server is alive: 200, or 503 with `problems`.",
        Health,
    ),
    Endpoint(
        "get",
        "/readyz",
        "Whether the server can train and save: 200, or 503 with `problems`.",
        Health,
    ),
    Endpoint("get", "/metrics", "The metrics, in the Prometheus text format.", "text/plain"),
)
"""Every request besides those of the pages and their files."""


@blueprint.get("/api/openapi.json")
def openapi() -> Response:
    """The description of the API."""
    return jsonify({**_document(), "servers": [{"url": request.script_root or "/"}]})


@cache
def _document() -> Mapping[str, Any]:
    types = dict.fromkeys([ErrorResult, *_types()])
    schemas, shared = TypeAdapter.json_schemas(
        [(each, "validation", TypeAdapter(each)) for each in types], ref_template=REFERENCE
    )
    named = {each.__name__: schemas[each, "validation"] for each in types}
    definitions = {**named, **shared.get("$defs", {})}
    for each in types:
        if issubclass(each, BaseModel):
            _add_rules(each, definitions[each.__name__])
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "charnn", "version": version("charnn")},
        "paths": paths,
        "security": [{"session": []}, {"session": [], "token": []}],
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "`GET /` sets it; its name may end with the port and path.",
                },
                "token": {"type": "http", "scheme": "bearer", "description": "The access token."},
            },
        },
    }


def _types() -> Iterator[type]:
    """The types of all JSON bodies and answers."""
    for endpoint in ENDPOINTS:
        for each in (endpoint.body, endpoint.result):
            if isinstance(each, type):
                yield each


def _add_rules(payload: type[BaseModel], schema: dict[str, Any]) -> None:
    """Describe the accepted values of the fields that parse what people type."""
    for name, field in payload.model_fields.items():
        for note in field.metadata:
            rule = getattr(getattr(note, "func", None), "rule", None)
            if rule is not None:
                schema["properties"][field.alias or name]["description"] += f" Takes {rule}."


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    responses = {"200": {"description": "Done.", "content": _content(endpoint.result)}}
    for status in endpoint.errors:
        responses[str(status.value)] = {
            "description": status.phrase,
            "content": _content(ErrorResult),
        }
    operation: dict[str, Any] = {"summary": endpoint.summary, "responses": responses}
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.body)}
    path = re.findall(r"{(\w+)}", endpoint.path)
    if path or endpoint.query:
        operation["parameters"] = [
            {"name": name, "in": where, "required": where == "path", "schema": {"type": "string"}}
            for where, names in (("path", path), ("query", endpoint.query))
            for name in names
        ]
    return operation


def _content(kind: type | str) -> dict[str, Any]:
    if isinstance(kind, str):
        return {kind: {}}
    return {JSON: {"schema": {"$ref": REFERENCE.format(model=kind.__name__)}}}
