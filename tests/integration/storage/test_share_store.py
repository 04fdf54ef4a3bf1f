"""The share store, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.protocol.ids import new_share_id
from app.storage import DamagedCheckpoint, ShareInfo, Store, StoreError
from app.storage.expiry import GRACE_SECONDS
from app.storage.schema import contents, shares
from app.storage.share_store import TOUCH_SECONDS
from app.training.checkpoint import Checkpoint
from tests.support.checkpoints import assert_same, checkpoint


def about(at: float = 1.0) -> ShareInfo:
    return ShareInfo(new_share_id(), created_at=at, steps=7, sentences=2, perplexity=4.5)


def keep(store: Store, owner: str, given: Checkpoint, at: float = 1.0, most: int = 20) -> str:
    share_id = store.shares.save(owner, given, about(at), most)
    assert share_id is not None
    return share_id


def changed(seed: int) -> Checkpoint:
    return checkpoint(seed=seed)


def test_a_copy_round_trips_exactly_without_its_owner(store: Store) -> None:
    given = checkpoint("ann", text="a\0b \ud83d")
    share_id = keep(store, "ann", given)
    fetched = store.shares.fetch(share_id, at=2)
    assert fetched is not None
    assert_same(fetched, replace(given, session_id=""))
    assert store.shares.has(share_id)


def test_equal_copies_of_one_owner_share_an_id(store: Store) -> None:
    first = keep(store, "ann", changed(1))
    assert keep(store, "ann", changed(1), at=9) == first
    others = {keep(store, "ann", changed(2)), keep(store, "bob", changed(1))}
    assert first not in others
    assert [copy.created_at for copy in store.shares.of("ann")] == [1.0, 1.0]


def test_copies_are_listed_newest_first(store: Store) -> None:
    ids = [keep(store, "ann", changed(seed), at=seed) for seed in (1, 2, 3)]
    keep(store, "bob", changed(4))
    assert [copy.share_id for copy in store.shares.of("ann")] == ids[::-1]
    assert store.shares.of("ann")[0] == replace(about(at=3), share_id=ids[2])
    assert store.shares.of("carl") == []


def test_copies_per_owner_limit(store: Store) -> None:
    first = keep(store, "ann", changed(1), most=2)
    keep(store, "ann", changed(2), most=2)
    assert store.shares.save("ann", changed(3), about(), 2) is None
    assert keep(store, "ann", changed(1), most=2) == first  # it is there already
    keep(store, "bob", changed(3), most=2)
    assert store.shares.withdraw("ann", first)
    keep(store, "ann", changed(3), most=2)


def test_the_copies_limit_holds_under_concurrency(store: Store, url: str) -> None:
    other = Store.open(url)
    with ThreadPoolExecutor(8) as threads:
        made = list(
            threads.map(
                lambda seed: (store, other)[seed % 2].shares.save("ann", changed(seed), about(), 3),
                range(16),
            )
        )
    other.close()
    assert len([share_id for share_id in made if share_id]) == 3
    assert len(store.shares.of("ann")) == 3


def test_only_the_owner_can_withdraw_a_copy(store: Store) -> None:
    one, other = keep(store, "ann", changed(1)), keep(store, "ann", changed(2))
    assert not store.shares.withdraw("bob", one)
    assert store.shares.has(one)
    assert store.shares.withdraw("ann", one)
    assert not store.shares.withdraw("ann", one)
    assert not store.shares.has(one)
    assert store.shares.fetch(one, at=2) is None
    assert store.shares.fetch(other, at=2) is not None


def test_a_copy_stays_while_its_owner_is_stored_or_it_is_opened(store: Store) -> None:
    store.save([checkpoint("ann")], at=1)
    withdrawable = keep(store, "ann", changed(1))
    opened, forgotten = keep(store, "gone", changed(1)), keep(store, "gone", changed(2))
    store.shares.fetch(opened, at=10 + TOUCH_SECONDS)
    assert store.shares.remove_expired(unused_since=10, now=100).marked == 1
    assert store.shares.remove_expired(unused_since=10, now=100 + GRACE_SECONDS).removed == 1
    there = [store.shares.has(each) for each in (withdrawable, opened, forgotten)]
    assert there == [True, True, False]


def test_a_damaged_copy_is_not_opened(store: Store) -> None:
    whole = keep(store, "ann", changed(9))
    for seed, part in enumerate(("state", "arrays", "text")):
        spoilt = keep(store, "ann", checkpoint(seed=seed, text=f"text {seed}"))
        with store._engine.begin() as connection:
            copy = shares.c.share_id == spoilt
            if part == "text":
                its_text = sa.select(shares.c.text_digest).where(copy).scalar_subquery()
                change = sa.update(contents).where(contents.c.digest == its_text)
            else:
                change = sa.update(shares).where(copy)
            connection.execute(change.values({part: b"spoilt"}))
        with pytest.raises(DamagedCheckpoint):
            store.shares.fetch(spoilt, at=2)
    assert store.shares.fetch(whole, at=2) is not None


def test_database_errors_are_storage_errors(store: Store) -> None:
    share_id = keep(store, "ann", changed(1))
    with store._engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE copies"))
    operations: list[Callable[[], object]] = [
        lambda: keep(store, "ann", changed(2)),
        lambda: store.shares.fetch(share_id, at=2),
        lambda: store.shares.has(share_id),
        lambda: store.shares.of("ann"),
        lambda: store.shares.withdraw("ann", share_id),
        lambda: store.shares.remove_expired(unused_since=2, now=9),
    ]
    for operation in operations:
        with pytest.raises(StoreError):
            operation()
