"""Texts are stored once, whoever refers to them, and removed when nothing does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.errors import BusyError
from app.protocol.ids import new_share_id
from app.storage import ShareInfo, Store, capacity, text_store
from app.storage.expiry import GRACE_SECONDS
from app.storage.schema import contents, shares
from app.training.checkpoint import checksum_of
from tests.support.checkpoints import assert_same, checkpoint

TEXT = "one\ntext"


def count(store: Store) -> int:
    with store._engine.begin() as connection:
        number: int = connection.execute(
            sa.select(sa.func.count()).select_from(contents)
        ).scalar_one()
    return number


def share(store: Store, text: str) -> str:
    info = ShareInfo(new_share_id(), created_at=1, steps=7, sentences=2, perplexity=4.5)
    share_id = store.shares.save("ann", checkpoint(text=text), info, 20)
    assert share_id is not None
    return share_id


@pytest.mark.parametrize("text", [TEXT, "a\0b", "\ud83d alone", "🙂 日本\r\n", " \n"])
def test_a_text_round_trips_under_its_checksum(store: Store, text: str) -> None:
    checksum = store.texts.put(text, at=1)
    assert checksum == checksum_of(text)
    assert store.texts.get(checksum) == text
    assert store.texts.get(checksum_of("another")) is None


def test_a_text_is_stored_once_for_all_that_have_it(store: Store) -> None:
    store.texts.put(TEXT, at=1)
    store.save([checkpoint("ann", text=TEXT), checkpoint("bob", text=TEXT)], at=2)
    share_id = share(store, TEXT)
    assert count(store) == 1
    stored, copy = store.load("bob"), store.shares.fetch(share_id, at=3)
    assert stored is not None
    assert copy is not None
    assert (stored.checkpoint.text, copy.text) == (TEXT, TEXT)


def test_a_text_is_removed_a_day_after_its_last_reference(store: Store) -> None:
    store.save([checkpoint("ann", text="of a session")], at=1)
    share_id = share(store, "of a copy")
    store.texts.put("of nobody", at=1)
    assert store.texts.remove_unused(now=100) == (1, 0)
    store.save([checkpoint("ann", text="its next one")], at=2)
    store.shares.withdraw("ann", share_id)
    late = 100 + GRACE_SECONDS
    assert store.texts.remove_unused(now=late) == (2, 1)
    assert store.texts.get(checksum_of("of nobody")) is None
    assert store.texts.remove_unused(now=late + GRACE_SECONDS) == (0, 2)
    assert count(store) == 1


def test_a_text_that_is_used_again_is_not_removed(store: Store) -> None:
    store.texts.put(TEXT, at=1)
    assert store.texts.remove_unused(now=100).marked == 1
    store.save([checkpoint(text=TEXT)], at=2)
    assert store.texts.remove_unused(now=100 + GRACE_SECONDS) == (0, 0)


def test_a_text_that_was_removed_meanwhile_is_stored_again(store: Store) -> None:
    given = checkpoint(text=TEXT)
    store.save([given], at=1)
    with store._engine.begin() as connection:
        connection.execute(sa.delete(contents))
    store.save([given], at=2)
    stored = store.load("ann")
    assert stored is not None
    assert_same(stored.checkpoint, given)


def test_uploaded_texts_have_a_share_of_the_store_and_the_oldest_go_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_store, "MAX_UNUSED_SHARE", 3e-7)
    store.capacity.limit = 1_000_000_000  # 300 bytes of them
    texts = [letter * 120 for letter in "abc"]
    store.save([checkpoint(text="in use" * 100)], at=1)
    for at, text in enumerate(texts):
        store.texts.put(text, at=at)
    assert [store.texts.get(checksum_of(text)) is None for text in texts] == [True, False, False]
    assert store.load("ann") is not None


def test_a_full_store_takes_no_uploaded_text(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "MEASURE_SECONDS", 0)
    store.capacity.limit = 1
    with pytest.raises(BusyError) as caught:
        store.texts.put(TEXT, at=1)
    assert caught.value.code == "store_full"


def test_a_copy_that_was_shared_before_has_its_text_beside_it(store: Store) -> None:
    share_id = share(store, TEXT)
    with store._engine.begin() as connection:
        connection.execute(sa.update(shares).values(text=TEXT.encode(), text_digest=None))
        connection.execute(sa.delete(contents))
    copy = store.shares.fetch(share_id, at=2)
    assert copy is not None
    assert copy.text == TEXT
