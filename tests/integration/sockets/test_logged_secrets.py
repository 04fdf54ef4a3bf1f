"""User text and secrets are not logged."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from app.web.session_cookie import COOKIE
from tests.support.app_server import running_app

SECRET = "zwetschgenkuchen mit sahne"


def test_user_text_and_secrets_are_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, "app")
    with running_app(tmp_path, token="a slice of plum cake") as app_server:
        client = app_server.new_client()
        client.get("/?token=a slice of plum cake")
        client.get("/")
        tab = client.open_tab()
        tab.ask("learn", {"text": f"{SECRET}\nand more", "options": {"hidden_sizes": "6"}})
        tab.ask("learn", {"text": SECRET, "options": {"hidden_sizes": SECRET}})
        tab.ask(SECRET, {SECRET: SECRET})
        tab.ask("load", {"json": SECRET})
        tab.ask("complete", {"prime": SECRET, "method": "sample"})
        client.put("/api/model.json", SECRET.encode())
        tab.wait_for_steps()
        cookie = client.http.get_cookie(COOKIE)
        session = tab.state["session"]
    logged = str([vars(record) for record in caplog.records])
    assert session in logged
    assert cookie is not None
    for never in ("zwetschgen", "sahne", "plum", cookie.value, cookie.value.split(".")[0]):
        assert never not in logged
