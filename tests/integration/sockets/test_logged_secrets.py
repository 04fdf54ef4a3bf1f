"""Nothing that people write, and no secret name, gets into the log."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from app.web.session_cookie import COOKIE
from tests.support.site import open_site

SECRET = "zwetschgenkuchen mit sahne"


def test_nothing_that_people_write_and_no_secret_name_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, "app")
    with open_site(tmp_path, token="plum cake") as site:
        visitor = site.visitor()
        visitor.get("/?token=plum cake")
        visitor.get("/")
        tab = visitor.open_tab()
        tab.ask("learn", {"text": f"{SECRET}\nand more", "options": {"hidden_sizes": "6"}})
        tab.ask("learn", {"text": SECRET, "options": {"hidden_sizes": SECRET}})
        tab.ask(SECRET, {SECRET: SECRET})
        tab.ask("load", {"json": SECRET})
        tab.ask("complete", {"prime": SECRET, "method": "sample"})
        visitor.put("/api/model.json", SECRET.encode())
        tab.wait_for_steps()
        cookie = visitor.http.get_cookie(COOKIE)
        session = tab.state["session"]
    logged = str([vars(record) for record in caplog.records])
    assert session in logged
    assert cookie is not None
    for never in ("zwetschgen", "sahne", "plum", cookie.value, cookie.value.split(".")[0]):
        assert never not in logged
