"""Local engines for tests."""

from __future__ import annotations

from pathlib import Path

from app.engines.local import LocalEngine
from app.engines.persistence import RetentionPolicy
from app.engines.training_pool import Slot
from app.errors import UserError
from app.protocol.limits import Limits
from app.protocol.requests import Learn
from app.runtime.metrics import Metrics
from app.storage import Store, default_url
from model import compile_kernels
from tests.support.sessions import STARTING

HOUR = 3600.0
RETENTION = RetentionPolicy(sessions=100, unwatched_seconds=HOUR, keep_seconds=24 * HOUR)


def local_engine(
    store: Path | Store,
    starting: Learn = STARTING,
    threads: int = 2,
    limits: Limits | None = None,
    policy: RetentionPolicy = RETENTION,
) -> LocalEngine:
    """An engine with this store, or with a new one in this folder; its kernels are compiled."""
    compile_kernels()
    if isinstance(store, Path):
        store = Store.open(default_url(store))
    return LocalEngine(starting, threads, limits or Limits(), store, policy, Metrics())


def slot_of(engine: LocalEngine, session_id: str) -> Slot:
    """The slot of a session in memory."""
    slot = engine.pool.get(session_id)
    assert slot is not None
    return slot


def drop(engine: LocalEngine, session_id: str) -> None:
    """Discard a session from memory."""
    engine.pool.discard(slot_of(engine, session_id), UserError("session_gone"))
