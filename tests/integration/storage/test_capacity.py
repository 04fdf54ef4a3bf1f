"""The size of the store: what is refused when it is full, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import pytest

from app.engines.session_loader import load_session
from app.errors import BusyError
from app.runtime.metrics import Metrics
from app.storage import Store, StoreError, capacity
from app.storage.sharing import Sharing
from tests.support.checkpoints import checkpoint
from tests.support.waiting import PATIENCE


@pytest.fixture(autouse=True)
def _measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "MEASURE_SECONDS", 0)


def size_of(store: Store) -> int:
    """The bytes that the store uses now; leaves it without a limit."""
    store.capacity.limit = None
    store.capacity.check_new()
    return store.capacity.used


def fill(store: Store, share: float) -> None:
    """Set the limit so that the store uses this share of it."""
    store.capacity.limit = int(size_of(store) / share)


def code_of(refused: Callable[[], object]) -> str:
    with pytest.raises(BusyError) as caught:
        refused()
    return caught.value.code


def test_a_store_grows_with_what_it_holds(store: Store) -> None:
    before = size_of(store)
    text = "".join(map(chr, range(0x4E00, 0x5E00))) * 20
    store.save([checkpoint(text=text)], 1.0)
    assert size_of(store) > before + len(text)


def test_a_full_store_takes_no_new_session_and_no_copy_but_saves_those_it_has(
    store: Store,
) -> None:
    ann, sharing = checkpoint("ann"), Sharing(store, Metrics())
    try:
        store.save([ann], 1.0)
        fill(store, 1.01)
        future: Future[str] = sharing.share("ann", ann)
        assert code_of(lambda: future.result(PATIENCE)) == "store_full"
        assert code_of(lambda: load_session(store, Metrics(), "new", None)) == "store_full"
        stored = load_session(store, Metrics(), "ann", None)
        assert stored.restore is not None
        assert store.save([replace(ann, temperature=0.5)], 2.0) == frozenset()
        fill(store, 1.2)
        with pytest.raises(StoreError):
            store.save([replace(ann, temperature=0.6)], 3.0)
        found = store.load("ann")
        assert found is not None
        assert found.checkpoint.temperature == 0.5
    finally:
        sharing.close()


def test_a_nearly_full_store_warns_once(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    fill(store, 0.95)
    for _ in range(3):
        store.capacity.check_new()
    assert len([each for each in caplog.records if "--max-store" in each.getMessage()]) == 1
