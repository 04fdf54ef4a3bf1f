"""Sharing on its own threads, and its errors."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.errors import BusyError, UserError
from app.runtime.metrics import Metrics
from app.storage import Store, StoreError, default_url
from app.storage.schema import shares
from app.storage.sharing import MAX_PENDING, MAX_SHARES, Sharing
from app.training.checkpoint import Checkpoint
from tests.support.checkpoints import checkpoint
from tests.support.waiting import PATIENCE

UNKNOWN = "A" * 22


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(default_url(tmp_path))
    yield store
    store.close()


@pytest.fixture
def sharing(store: Store) -> Iterator[Sharing]:
    sharing = Sharing(store, Metrics())
    yield sharing
    sharing.close()


def refusal(future: Future[Any]) -> UserError:
    """The error code."""
    error = future.exception(PATIENCE)
    assert isinstance(error, UserError)
    assert error.field == "id"
    return error


def test_only_training_makes_another_copy(store: Store, sharing: Sharing) -> None:
    given = checkpoint("ann", version=3)
    first = sharing.share("ann", given).result(PATIENCE)
    same = replace(given, learning=False, version=4, curve_version=9)
    assert sharing.share("ann", same).result(PATIENCE) == first
    newer = replace(given, totals=replace(given.totals, steps=8))
    assert sharing.share("ann", newer).result(PATIENCE) != first
    fetched = sharing.fetch(first).result(PATIENCE)
    assert (fetched.version, fetched.learning, fetched.session_id) == (0, True, "")
    assert {copy.perplexity for copy in store.shares.of("ann")} == {None}  # the last is infinite
    known = replace(given, points=given.points[:1])
    sharing.share("ann", known).result(PATIENCE)
    perplexities = [copy.perplexity for copy in sharing.of("ann").result(PATIENCE)]
    assert perplexities[0] == pytest.approx(math.exp(50 / 25))


def test_sharing_at_the_limit_is_refused(sharing: Sharing) -> None:
    given = checkpoint("ann")
    counted = [
        replace(given, totals=replace(given.totals, steps=step)) for step in range(MAX_SHARES + 1)
    ]
    ids = [sharing.share("ann", each).result(PATIENCE) for each in counted[:-1]]
    assert refusal(sharing.share("ann", counted[-1])).code == "too_many_copies"
    sharing.withdraw("ann", ids[0]).result(PATIENCE)
    assert sharing.share("ann", counted[-1]).result(PATIENCE) not in ids


def test_unknown_and_foreign_copies_are_refused(sharing: Sharing) -> None:
    share_id = sharing.share("ann", checkpoint("ann")).result(PATIENCE)
    assert refusal(sharing.fetch(UNKNOWN)).code == "no_such_copy"
    assert refusal(sharing.fetch("no name")).code == "no_such_copy"
    assert refusal(sharing.withdraw("bob", share_id)).code == "not_your_copy"
    assert refusal(sharing.withdraw("ann", UNKNOWN)).code == "not_your_copy"


def test_opening_a_damaged_copy_is_an_error(store: Store, sharing: Sharing) -> None:
    share_id = sharing.share("ann", checkpoint("ann")).result(PATIENCE)
    with store._engine.begin() as connection:
        connection.execute(sa.update(shares).values(arrays=b"spoilt"))
    assert refusal(sharing.fetch(share_id)).code == "copy_damaged"


@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreError("It cannot be used."), "copies_unreachable"), (KeyError("a bug"), "unexpected")],
)
def test_a_failing_store_is_reported_and_recovers(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    sharing = Sharing(store, Metrics())
    with monkeypatch.context() as failing:
        for method in ("save", "fetch", "has", "of", "withdraw"):
            failing.setattr(store.shares, method, fails)
        requests: list[Callable[[], Future[Any]]] = [
            lambda: sharing.share("ann", checkpoint("ann")),
            lambda: sharing.fetch(UNKNOWN),
            lambda: sharing.is_there(UNKNOWN),
            lambda: sharing.of("ann"),
            lambda: sharing.withdraw("ann", UNKNOWN),
        ]
        assert {refusal(ask()).code for ask in requests} == {code}
    assert sharing.of("ann").result(PATIENCE) == []
    sharing.close()


def test_the_queue_is_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = threading.Event()
    fetch = store.shares.fetch

    def slow(share_id: str, at: float) -> Checkpoint | None:
        assert going_on.wait(PATIENCE)
        return fetch(share_id, at)

    sharing = Sharing(store, Metrics())
    share_id = sharing.share("ann", checkpoint("ann")).result(PATIENCE)
    monkeypatch.setattr(store.shares, "fetch", slow)
    waiting = [sharing.fetch(share_id) for _ in range(MAX_PENDING)]
    refused = refusal(sharing.fetch(share_id))
    assert (type(refused), refused.code) == (BusyError, "copies_full")
    assert sharing.is_there(share_id).result(PATIENCE)  # who only looks does not wait for them
    going_on.set()
    assert all(each.result(PATIENCE) for each in waiting)
    assert sharing.fetch(share_id).result(PATIENCE)
    sharing.close()
    assert refusal(sharing.fetch(share_id)).code == "copies_unreachable"
