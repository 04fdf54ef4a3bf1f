"""Compatibility with a database of an earlier version."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from app.engines.persistence import RetentionPolicy
from app.protocol.requests import Resume, Save
from app.sessions.commands import SetWatched
from app.storage import Store, default_url
from model.formats.checkpoint import ModelCheckpoint
from tests.support.engines import HOUR, local_engine
from tests.support.waiting import PATIENCE, wait_for

WRITTEN = Path(__file__).parents[2] / "data" / "sessions_before_layout.sqlite"
SESSION = "41PcIIkjafeNYCVaRhs6YgTu"
SHARE = "FAP2RQjx3wSrh9XyqVnR7A"
TEXT, STEPS = "abc\nbca", 1587


def test_sessions_and_copies_of_an_earlier_version_open(tmp_path: Path) -> None:
    shutil.copy(WRITTEN, tmp_path / "sessions.sqlite")
    store = Store.open(default_url(tmp_path))
    engine = local_engine(store, threads=1, policy=RetentionPolicy(10, HOUR, 1000 * 24 * HOUR))
    try:
        engine.open_session(SESSION).result(PATIENCE)
        engine.submit(SESSION, SetWatched(watched=True)).result(PATIENCE)
        wait_for(lambda: (now := engine.snapshot(SESSION)) is not None and now.status == "paused")
        before = engine.snapshot(SESSION)
        assert before is not None
        assert (before.description.text.beginning, before.steps) == (TEXT, STEPS)
        assert before.temperature == 0.5
        saved = engine.submit(SESSION, Save()).result(PATIENCE)
        assert isinstance(saved, ModelCheckpoint)
        copy = store.shares.fetch(SHARE, time.time())
        assert copy is not None
        assert (copy.saved.model.params == saved.model.params).all()
        engine.submit(SESSION, Resume()).result(PATIENCE)
        wait_for(lambda: (now := engine.snapshot(SESSION)) is not None and now.steps > STEPS)
    finally:
        engine.close()
