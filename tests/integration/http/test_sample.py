"""Samples over HTTP, and the description of the API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from app.protocol.limits import Limits
from app.web.http.openapi import ENDPOINTS
from tests.support.app_server import AppServer, Client, running_app

PLAIN = {"prime": "a", "method": "sample"}


def post(client: Client, body: Any, **options: Any) -> tuple[int, dict[str, Any]]:
    response = client.http.post("/api/sample", json=body, **options)
    return response.status_code, response.get_json()


def test_a_session_s_network_and_a_shared_copy_are_sampled(
    app_server: AppServer, client: Client
) -> None:
    """A program gets as many texts, as long as it asked for; a copy needs no session."""
    tab = client.open_tab()
    assert tab.ask("learn", {"text": "a cab\na bac\n"}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("steps"))  # it is compiled
    asked = {**PLAIN, "count": 7, "length": "2", "temperature": 20}
    status, answer = post(client, asked)
    assert (status, answer["ok"], len(answer["completions"])) == (200, True, 7)
    assert all(len(each["text"]) <= 2 for each in answer["completions"])
    copy = tab.ask("share")["id"]
    stranger = app_server.new_client()
    status, answer = post(stranger, {**asked, "copy": copy})
    assert (status, len(answer["completions"])) == (200, 7)
    assert set("".join(each["text"] for each in answer["completions"])) <= set("abc ")
    assert post(stranger, {**asked, "copy": copy, "prime": "z"})[1]["code"] == "unknown_characters"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ([], 400, "malformed_event"),
        ({}, 400, "missing_field"),
        ({**PLAIN, "count": 21}, 400, "too_large"),
        ({**PLAIN, "length": 0}, 400, "too_small"),
        ({**PLAIN, "copy": "?"}, 404, "no_such_copy"),
        ({**PLAIN, "copy": "A" * 22}, 404, "no_such_copy"),
        ({**PLAIN, "prime": "a" * 20_000}, 413, "packet_too_large"),
        (PLAIN, 404, "no_session"),
    ],
)
def test_what_cannot_be_sampled_is_refused_with_a_code(
    app_server: AppServer, body: Any, status: int, code: str
) -> None:
    """Invalid requests get the errors of the event `complete`."""
    client = app_server.new_client()  # has no session before it opens a page
    address = {"REMOTE_ADDR": f"192.0.2.{status % 100}"}  # a rate of its own
    found, answer = post(client, body, environ_overrides=address)
    assert (found, answer["code"]) == (status, code)


def test_requests_of_one_address_are_limited(tmp_path: Path) -> None:
    """One address cannot take the time of the others, whatever cookies it sends."""
    with running_app(tmp_path, limits=Limits(samples_per_second=0.5)) as app_server:
        client = app_server.new_client()
        here, elsewhere = ({"REMOTE_ADDR": each} for each in ("192.0.2.1", "192.0.2.2"))
        assert post(client, PLAIN, environ_overrides=here)[0] == 404
        status, answer = post(client, PLAIN, environ_overrides=here)
        assert (status, answer["code"]) == (429, "samples_per_second")
        assert post(client, PLAIN, environ_overrides=elsewhere)[0] == 404


def test_the_description_declares_every_request_and_every_type(app_server: AppServer) -> None:
    """A request that is added must be declared, and a client generator finds every type."""
    document = app_server.app.test_client().get("/api/openapi.json").get_json()
    declared = {
        (method.upper(), re.sub(r"{(\w+)}", r"<\1>", path))
        for path, operations in document["paths"].items()
        for method in operations
    }
    rules = {
        (method, rule.rule)
        for rule in app_server.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static" and not rule.endpoint.startswith("pages.")
    }
    assert declared == rules
    assert len(ENDPOINTS) == len(rules)
    used = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert used >= {"Sample", "CompleteResult", "Completion", "ErrorResult"}
    assert used <= document["components"]["schemas"].keys()
    properties = document["components"]["schemas"]["Sample"]["properties"]
    assert properties.keys() >= {"copy", "prime", "count", "length"}
    assert "from 1 to 20" in properties["count"]["description"]
