"""The log holds what somebody should look at, and nothing else."""

from __future__ import annotations

import logging

import pytest

from app.logs import leave_out_peers_who_left


def test_pages_that_close_are_left_out_and_other_errors_are_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    leave_out_peers_who_left()
    logger = logging.getLogger("engineio.server")
    logger.error("'Session is disconnected' abc (further occurrences …)")
    logger.error("Invalid session abc")
    logger.error("something else")
    assert caplog.messages == ["something else"]
