"""What a session leaves in memory when it is discarded."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import UserError
from app.protocol.requests import Pause
from tests.support.engines import local_engine
from tests.support.sessions import STARTING
from tests.support.waiting import PATIENCE, wait_for


@pytest.fixture
def _without_collector() -> Iterator[None]:
    """The compiler freezes all objects, so that cycles of that time are never collected."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_without_collector")
def test_discarded_sessions_are_freed_without_the_garbage_collector(tmp_path: Path) -> None:
    engine = local_engine(tmp_path, STARTING)
    try:
        runs = []
        for name in ("ann", "bob"):
            engine.open_session(name).result(PATIENCE)
            engine.submit(name, Pause()).result(PATIENCE)
            slot = engine.pool.get(name)
            assert slot is not None
            runs.append(weakref.ref(slot.session._run))
            engine.pool.discard(slot, UserError("session_gone"))
            del slot
        wait_for(lambda: [run() for run in runs] == [None, None])
    finally:
        engine.close()
