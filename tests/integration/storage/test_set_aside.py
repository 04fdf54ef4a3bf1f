"""A checkpoint that cannot be read is never overwritten, and comes back when it can be read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.engines import persistence
from app.engines.local import LocalEngine
from app.protocol.requests import Learn, Undo
from app.sessions.commands import SetWatched
from app.storage import NewerCheckpoint, Store, checkpoint_codec
from app.storage.checkpoint_codec import digest_of
from app.storage.schema import sessions, set_aside
from tests.support.checkpoints import assert_same, checkpoint
from tests.support.engines import local_engine
from tests.support.sessions import SMALL, STARTING, SessionClient
from tests.support.waiting import PATIENCE, wait_for

NEWER_FORMAT = checkpoint_codec.FORMAT + 1


@pytest.fixture(autouse=True)
def saved(store: Store) -> None:
    store.save([checkpoint(text="abba\ncaba")], at=time.time())


@pytest.fixture
def engine(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    monkeypatch.setattr(persistence, "CHECKPOINT_SECONDS", 0.1)
    monkeypatch.setattr(persistence, "TICK_SECONDS", 0.02)
    engine = local_engine(store)
    yield engine
    engine.close()


def make_newer(store: Store) -> None:
    """Give the stored checkpoint the format of the next version."""
    with store._engine.begin() as connection:
        state = json.loads(connection.execute(sa.select(sessions.c.state)).scalar_one())
        changed = json.dumps({**state, "format": NEWER_FORMAT}).encode()
        connection.execute(
            sa.update(sessions).values(state=changed, state_digest=digest_of(changed))
        )


def make_damaged(store: Store) -> None:
    with store._engine.begin() as connection:
        connection.execute(sa.update(sessions).values(arrays=b"damaged"))


def rows(store: Store) -> list[sa.Row[tuple[object, ...]]]:
    with store._engine.begin() as connection:
        return list(connection.execute(sa.select(set_aside)))


@pytest.mark.parametrize(
    ("spoil", "code"), [(make_newer, "checkpoint_newer"), (make_damaged, "checkpoint_damaged")]
)
def test_an_unreadable_checkpoint_is_set_aside_and_a_new_network_starts(
    store: Store, engine: LocalEngine, spoil: object, code: str
) -> None:
    assert callable(spoil)
    spoil(store)
    client = SessionClient(engine)
    [notice] = client.wait_for(lambda now: now.notices).notices
    assert (notice.level, notice.code) == ("error", code)
    assert client.now.description.text.beginning == STARTING.text
    wait_for(lambda: store.load("ann"))  # the new network is saved beside it
    [kept] = rows(store)
    assert store.texts.get(kept.text_digest.hex()) == "abba\ncaba"
    assert kept.session_id == "ann"


def test_a_newer_checkpoint_comes_back_with_the_newer_version(
    url: str, store: Store, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = checkpoint(text="abba\ncaba")
    make_newer(store)
    client = SessionClient(engine)
    client.ask(Learn(text="the later\ntext", options=SMALL))
    assert engine.save_all().result(PATIENCE)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_codec, "FORMAT", NEWER_FORMAT)
        recovered = local_engine(Store.open(url))
        try:
            client = SessionClient(recovered)
            client.wait_for(lambda now: [each.code for each in now.notices] != [])
            assert [each.code for each in client.now.notices] == ["checkpoint_recovered"]
            assert client.now.description.text.beginning == expected.text
            client.ask(SetWatched(watched=True))
            client.ask(Undo())
            assert client.now.description.text.beginning == "the later\ntext"
        finally:
            recovered.close()
    texts = {store.texts.get(row.text_digest.hex()) for row in rows(store)}
    assert texts == {"abba\ncaba", "the later\ntext"}


def test_a_recovered_checkpoint_is_saved_though_its_session_has_no_other(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paused one does not change: it would be lost again with the process."""
    store.save([replace(checkpoint(text="abba\ncaba"), learning=False)], at=time.time())
    make_newer(store)
    store.set_aside.move("ann", "newer", at=time.time())
    monkeypatch.setattr(checkpoint_codec, "FORMAT", NEWER_FORMAT)
    engine = local_engine(Store.open(url))
    try:
        SessionClient(engine)
        assert engine.save_all().result(PATIENCE)
    finally:
        engine.close()
    stored = store.load("ann")
    assert stored is not None
    assert stored.checkpoint.text == "abba\ncaba"


def test_a_checkpoint_is_recovered_once_and_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_newer(store)
    with pytest.raises(NewerCheckpoint) as caught:
        store.load("ann")
    store.set_aside.move("ann", caught.value.reason, at=5)
    assert store.load("ann") is None
    assert store.set_aside.recover("ann", at=6) is None  # this version cannot read it
    monkeypatch.setattr(checkpoint_codec, "FORMAT", NEWER_FORMAT)
    back = store.set_aside.recover("ann", at=7)
    assert back is not None
    assert_same(back, checkpoint(text="abba\ncaba"))
    assert store.set_aside.recover("ann", at=8) is None
    assert store.set_aside.remove_before(5) == 0
    assert store.set_aside.remove_before(6) == 1
