"""Whatever a page sends as an event is read, or refused with a code."""

from __future__ import annotations

from app import errors
from app.errors import UserError
from app.protocol import read_event
from app.protocol.limits import Limits
from bench.harness.fuzz import cases
from model.errors import MESSAGES


def test_every_event_is_read_or_refused_with_a_code_that_can_be_sent() -> None:
    refusals: list[UserError] = []
    for case in cases(1400):
        if case.kind == "event":
            try:
                read_event(case.name, tuple(case.value), Limits())
            except UserError as refusal:
                refusals.append(refusal)
    codes = {refusal.code for refusal in refusals}
    assert len(codes) > 10
    assert codes <= errors.MESSAGES.keys() | MESSAGES.keys()
    assert all(refusal.message.encode() for refusal in refusals)
