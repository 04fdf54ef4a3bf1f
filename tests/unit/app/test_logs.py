"""The log holds what somebody should look at, and nothing that people wrote."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.logs import begin_to_log
from tests.support.client import Visitor
from tests.support.server import running_server


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the process's logging as it was found."""
    root, app = logging.getLogger(), logging.getLogger("app")
    handlers, levels = root.handlers[:], (root.level, app.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    app.setLevel(levels[1])


def test_pages_that_close_are_left_out_and_other_errors_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    begin_to_log("text")
    logger = logging.getLogger("engineio.server")
    logger.error("'Session is disconnected' abc (further occurrences …)")
    logger.error("Invalid session abc")
    logger.error("something else")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("ERROR something else")


def test_for_people_fields_stand_at_the_end_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    begin_to_log("text")
    logging.getLogger("app.x").info("a new network", extra={"session": "1a2b", "weights": 12})
    assert "INFO a new network session=1a2b weights=12\n" in capsys.readouterr().err


def test_for_programs_a_line_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    begin_to_log("json")
    logging.getLogger("app.x").warning("it %s", "failed", extra={"session": "1a2b"})
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"], line["session"]) == ("WARNING", "it failed", "1a2b")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_that_people_write_and_no_secret_name_gets_into_the_log(
    tmp_path: Path, log_format: str
) -> None:
    secret = "zwetschgenkuchen mit sahne"
    options = ("--log-format", log_format)
    with running_server(tmp_path, options=options) as server:
        visitor = Visitor(server.url)
        tab = visitor.open_tab()
        tab.ask("learn", {"text": f"{secret}\nand more", "options": {"hidden_sizes": "6"}})
        tab.ask("learn", {"text": secret, "options": {"hidden_sizes": secret}})
        tab.ask(secret, {secret: secret})
        tab.ask("load", {"json": secret})
        visitor.put("/api/model.json", secret.encode())
        tab.wait_for(lambda: tab.newest("steps") > 100)
        cookie = visitor.http.cookies.get_dict()["charnn_session"]
        assert server.stop() == 0
        assert "a new network" in server.log
        assert tab.state["session"] in server.log
        for never in ("zwetschgen", "sahne", cookie, cookie.split(".")[0]):
            assert never not in server.log
