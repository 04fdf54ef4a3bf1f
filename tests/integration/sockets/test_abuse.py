"""What those send who mean harm is answered in words, and changes nothing for anybody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.limits import Limits
from app.protocol import read_event
from app.errors import UserError
from bench.chaos import ABUSED_SESSIONS, bystander_during
from bench.live.abuse import cases
from bench.live.server import LiveServer


def test_every_event_is_read_or_refused_in_words() -> None:
    refusals = []
    for case in cases(1500):
        if case.kind == "event":
            try:
                read_event(case.name, tuple(case.value), Limits())
            except UserError as refusal:
                refusals.append(refusal.message)
    assert len(refusals) > 500
    assert all(len(message.encode()) > 10 for message in refusals)  # it can be sent


@pytest.mark.parametrize("async_mode", ["eventlet", "threading"])
def test_a_server_under_abuse_keeps_its_temper_and_everybody_else(
    tmp_path: Path, async_mode: str
) -> None:
    with LiveServer(tmp_path, "--async-mode", async_mode, *ABUSED_SESSIONS) as server:
        told = asyncio.run(bystander_during(server, cases(300)))
        assert told.as_before
        assert told.complaints == []
        assert [status for status in told.statuses if status >= 500 and status != 503] == []
