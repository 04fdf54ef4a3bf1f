"""How a line of the log is written."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from app.runtime.config import ServerConfig
from app.runtime.logging import configure_logging
from app.server import _loggable


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the process's logging as it was found."""
    root, app, engine = map(logging.getLogger, (None, "app", "engineio.server"))
    handlers, levels, filters = root.handlers[:], (root.level, app.level), engine.filters[:]
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    app.setLevel(levels[1])
    engine.filters[:] = filters


def test_pages_that_close_are_left_out_and_other_errors_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("text")
    logger = logging.getLogger("engineio.server")
    logger.error("'Session is disconnected' abc (further occurrences …)")
    logger.error("Invalid session abc")
    logger.error("something else")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("ERROR something else")


def test_for_people_fields_stand_at_the_end_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("text")
    logging.getLogger("app.x").info("a new network", extra={"session": "1a2b", "weights": 12})
    assert "INFO a new network session=1a2b weights=12\n" in capsys.readouterr().err


def test_for_programs_a_line_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    logging.getLogger("app.x").warning("it %s", "failed", extra={"session": "1a2b"})
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"], line["session"]) == ("WARNING", "it failed", "1a2b")


def test_a_server_logs_neither_its_token_nor_its_secret_nor_a_databases_password() -> None:
    config = ServerConfig(
        token="hidden", secret="hidden" * 9, database_url="postgresql://user:hidden@host/name"
    )
    logged = _loggable(config)
    assert logged["store"] == "postgresql"
    assert "hidden" not in str(logged)
