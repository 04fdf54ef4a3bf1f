"""The session store, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from app.storage import DamagedCheckpoint, Store, StoreError, default_url
from app.storage import database as connect
from app.storage.checkpoint_codec import encode
from app.storage.database import alembic_config, migrate
from app.storage.expiry import GRACE_SECONDS
from bench.harness.postgres import Postgres
from bench.harness.server import ROOT
from tests.support.checkpoints import assert_same, checkpoint
from tests.support.waiting import PATIENCE


def change(store: Store, statement: str, data: bytes = b"") -> None:
    """Execute a statement on the database directly."""
    with store._engine.begin() as connection:
        connection.execute(sa.text(statement), {"bytes": data} if ":bytes" in statement else {})


def ask(store: Store, statement: str) -> Any:
    with store._engine.begin() as connection:
        return connection.execute(sa.text(statement)).scalar_one()


def test_checkpoints_round_trip(store: Store) -> None:
    given = checkpoint(kind="gru", solver="adam", hidden_sizes=(4, 3))
    store.save([given], at=123.5)
    stored = store.load("ann")
    assert stored is not None
    assert stored.saved_at == 123.5
    assert_same(stored.checkpoint, given)


def test_an_unknown_session_is_none(store: Store) -> None:
    assert store.load("unknown") is None


def test_save_replaces_only_the_own_session(store: Store) -> None:
    store.save([checkpoint("ann"), checkpoint("bob")], at=1)
    newer = replace(checkpoint("ann", text="other\ntext", version=2, seed=2), learning=False)
    store.save([newer], at=2)
    for name, expected in (("ann", newer), ("bob", checkpoint("bob"))):
        stored = store.load(name)
        assert stored is not None
        assert_same(stored.checkpoint, expected)


def test_a_lost_lease_prevents_saving(url: str) -> None:
    """A machine that was unreachable must not overwrite newer checkpoints."""
    first, then = Store.open(url, lease_owner="first"), Store.open(url, lease_owner="then")
    assert not first.save([checkpoint("ann"), checkpoint("bob")], at=1)
    then.claim("ann")
    newer = checkpoint("ann", text="went on elsewhere", version=2)
    assert not then.save([newer], at=2)
    late = checkpoint("bob", text="bob's newest", version=2)
    assert first.save([checkpoint("ann", text="too late", version=3), late], at=3) == {"ann"}
    for name, expected in (("ann", newer), ("bob", late)):
        stored = first.load(name)
        assert stored is not None
        assert_same(stored.checkpoint, expected)
    anybody = Store.open(url)
    assert not anybody.save([checkpoint("ann", text="without a cluster", version=4)], at=4)
    assert not first.save([checkpoint("ann", text="and with one again", version=5)], at=5)
    for each in (first, then, anybody):
        each.close()


def test_save_is_atomic(store: Store) -> None:
    store.save([checkpoint("ann")], at=1)
    too_long = checkpoint("x" * 200) if store.kind == "postgresql" else checkpoint("bob")
    spoilt = replace(too_long, version=None) if store.kind == "sqlite" else too_long  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        store.save([checkpoint("ann", version=2, text="new"), spoilt], at=2)
    stored = store.load("ann")
    assert stored is not None
    assert (stored.checkpoint.text, stored.saved_at) == ("abba\ncaba", 1)


def test_texts_round_trip(store: Store) -> None:
    texts = ("a\0b", "\ud83d alone", "🙂 日本\r\n", " \n")
    store.save([checkpoint(str(number), text) for number, text in enumerate(texts)], at=1)
    for number, text in enumerate(texts):
        stored = store.load(str(number))
        assert stored is not None
        assert stored.checkpoint.text == text


def test_a_damaged_row_is_detected(store: Store) -> None:
    damages = (
        "UPDATE sessions SET state = :bytes",
        "UPDATE sessions SET arrays = :bytes",
        "UPDATE contents SET text = :bytes WHERE digest = (SELECT text_digest FROM sessions",
        "DELETE FROM contents WHERE digest = (SELECT text_digest FROM sessions",
    )
    names = [str(number) for number in range(len(damages))]
    store.save([checkpoint(name, text=name) for name in ("intact", *names)], at=1)
    for name, damage in zip(names, damages, strict=True):
        end = ")" if "(" in damage else ""
        change(store, f"{damage} WHERE session_id = '{name}'{end}", b'{"format": 1}')
        with pytest.raises(DamagedCheckpoint):
            store.load(name)
    assert store.load("intact") is not None


def test_a_replaced_damaged_session_has_its_own_text(store: Store) -> None:
    """Versions restart at 1, so that of the damaged text may recur."""
    store.save([checkpoint(text="the old one", version=2)], at=1)
    change(store, "UPDATE sessions SET state = :bytes", b"damaged")
    store.save([checkpoint(text="the new one", version=2)], at=2)
    stored = store.load("ann")
    assert stored is not None
    assert stored.checkpoint.text == "the new one"


def test_unused_sessions_are_removed_a_day_after_they_were_first_seen_to_be(store: Store) -> None:
    store.save([checkpoint("old"), checkpoint("used")], at=1)
    store.touch(["used"], at=50)
    assert store.remove_expired(unused_since=10, now=100) == (1, 0)
    assert store.remove_expired(unused_since=10, now=99 + GRACE_SECONDS) == (0, 0)
    assert store.load("old") is not None
    assert store.remove_expired(unused_since=10, now=100 + GRACE_SECONDS) == (0, 1)
    assert store.load("old") is None
    assert store.load("used") is not None


@pytest.mark.parametrize("use", ["touch", "save"])
def test_a_session_that_is_used_again_in_time_is_not_removed(store: Store, use: str) -> None:
    store.save([checkpoint()], at=1)
    assert store.remove_expired(unused_since=10, now=100).marked == 1
    if use == "touch":
        store.touch(["ann"], at=2)
    else:
        store.save([checkpoint()], at=2)
    assert store.remove_expired(unused_since=10, now=100 + GRACE_SECONDS) == (1, 0)


def test_a_clock_that_jumped_ahead_and_came_back_removes_nothing(store: Store) -> None:
    store.save([checkpoint()], at=1)
    assert store.remove_expired(unused_since=10, now=1e9).marked == 1
    assert store.remove_expired(unused_since=10, now=100) == (1, 0)  # the mark is set anew
    assert store.remove_expired(unused_since=10, now=200) == (0, 0)


def test_concurrent_save_and_load(store: Store) -> None:
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            for number in range(3):
                store.save([checkpoint(name, text=str(number), version=number)], at=number)
                stored = store.load(name)
                assert stored is not None
                assert stored.checkpoint.text == str(number)
        except Exception as error:  # noqa: BLE001  (reported below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


STARTING_AT_ONCE = """
import os, sys
from app.storage import Store

wait, go = os.pipe()
servers = []
for _ in range(4):
    servers.append(os.fork())
    if not servers[-1]:
        os.close(go)
        os.read(wait, 1)
        Store.open(sys.argv[1]).close()
        os._exit(0)
os.close(go)  # all begin now
sys.exit(any([os.waitpid(server, 0)[1] for server in servers]))
"""


def test_concurrent_migrations_run_once(url: str) -> None:
    """The processes are forked before any thread starts, and share the loaded libraries."""
    command = [sys.executable, "-c", STARTING_AT_ONCE, url]
    done = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (0, "")
    store = Store.open(url)
    store.save([checkpoint()], at=1)
    store.close()


def test_a_new_sqlite_file_can_be_opened_concurrently(tmp_path: Path) -> None:
    """SQLite fails without waiting if two connections enable WAL on a new file at once."""
    together = threading.Barrier(8)

    def turn_on(file: Path) -> None:
        together.wait()
        connect._write_ahead(file)

    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            list(threads.map(turn_on, [tmp_path / str(number)] * 8))


def test_an_older_database_is_migrated(url: str) -> None:
    engine = connect.make_engine(url)
    migrate(engine, "0001")
    parts, text = encode(checkpoint()), checkpoint().text.encode()
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO sessions VALUES ('ann', 1.5, 1.5, 1, :state, :arrays)"),
            {"state": parts.state, "arrays": parts.arrays},
        )
        connection.execute(sa.text("INSERT INTO texts VALUES ('ann', 1, :text)"), {"text": text})
    engine.dispose()
    store = Store.open(url)
    stored = store.load("ann")
    assert stored is not None
    assert stored.saved_at == 1.5
    assert_same(stored.checkpoint, checkpoint())
    store.save([checkpoint(text="new")], at=2)
    newer = store.load("ann")
    assert newer is not None
    assert newer.checkpoint.text == "new"
    assert ask(store, "SELECT count(*) FROM texts") == 0
    store.close()


def test_a_newer_database_is_refused(store: Store, url: str) -> None:
    store.save([checkpoint()], at=1)
    change(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError):
        Store.open(url)
    assert store.load("ann") is not None


def test_migrations_match_the_schema(store: Store) -> None:
    with store._engine.begin() as connection:
        command.check(alembic_config(connection))


def test_sessions_persist_after_reopening(url: str) -> None:
    with_store = Store.open(url)
    with_store.save([checkpoint()], at=1)
    with_store.close()
    again = Store.open(url)
    assert again.load("ann") is not None
    migrate(again._engine)
    assert again.load("ann") is not None
    again.close()


def test_the_sqlite_file_is_private(tmp_path: Path) -> None:
    Store.open(default_url(tmp_path / "new" / "folder")).close()
    (file,) = (tmp_path / "new" / "folder").glob("*.sqlite")
    assert file.stat().st_mode & 0o077 == 0


def test_sigkill_leaves_complete_checkpoints(tmp_path: Path) -> None:
    """The process is killed while it saves continuously."""
    saving = (
        "import itertools, sys\n"
        "from app.storage import Store\n"
        "from tests.support.checkpoints import checkpoint\n"
        "store = Store.open(sys.argv[1])\n"
        "for n in itertools.count(1):\n"
        "    store.save([checkpoint(name, str(n), n) for name in 'ab'], at=n)\n"
        "    print(n, flush=True)\n"
    )
    url = default_url(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", saving, url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    reported = 0
    for line in process.stdout:
        reported = int(line)
        if reported == 20:
            os.kill(process.pid, signal.SIGKILL)
    process.wait()
    store = Store.open(url)
    stored = [store.load(name) for name in "ab"]
    store.close()
    texts = {each.checkpoint.text for each in stored if each is not None}
    assert len(texts) == 1
    assert int(texts.pop()) >= reported


def test_a_full_disk_is_reported_and_nothing_is_lost(tmp_path: Path) -> None:
    store = Store.open(default_url(tmp_path))
    store.save([checkpoint()], at=1)
    limited: list[int] = [1]

    @sa.event.listens_for(store._engine, "checkout")
    def _limit(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={limited[0]}")

    with pytest.raises(StoreError):
        store.save([checkpoint("bob", text="x" * 1_000_000)], at=2)
    assert store.load("ann") is not None
    limited[0] = 100_000
    store.save([checkpoint("bob", text="x" * 1_000_000)], at=3)
    assert store.load("bob") is not None
    store.close()


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sessions.sqlite").write_bytes(b"not a database, and long enough to tell" * 100)
    with pytest.raises(StoreError):
        Store.open(default_url(tmp_path))


def test_a_database_outage_recovers(postgres: Postgres) -> None:
    store = Store.open(postgres.url)
    store.save([checkpoint()], at=1)
    postgres.stop()
    try:
        with pytest.raises(StoreError) as caught:
            store.save([checkpoint()], at=2)
        assert "abba" not in str(caught.value)
        with pytest.raises(StoreError):
            store.load("ann")
    finally:
        postgres.start()
    store.save([checkpoint()], at=3)
    postgres.stop()
    postgres.start()  # while no connection is in use
    store.save([checkpoint()], at=4)  # the first after it, and not only the second
    stored = store.load("ann")
    assert stored is not None
    assert stored.saved_at == 4
    store.close()


def test_readers_do_not_wait_for_writers(store: Store) -> None:
    store.save([checkpoint()], at=1)
    with store._engine.begin() as writing:
        writing.execute(sa.text("UPDATE sessions SET saved_at = 2"))
        stored = store.load("ann")
    assert stored is not None
    assert stored.saved_at == 1


def test_a_locked_sqlite_file_is_reported_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.01)
    store = Store.open(default_url(tmp_path))
    with store._engine.begin(), pytest.raises(StoreError):
        store.save([checkpoint()], at=1)
    store.save([checkpoint()], at=2)
    assert store.load("ann") is not None
    store.close()


def test_any_folder_name_works(tmp_path: Path) -> None:
    folder = tmp_path / "50%25 of? my#stuff & ü"
    Store.open(default_url(folder)).close()
    assert (folder / "sessions.sqlite").stat().st_size > 0


def test_an_uncreatable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as caught:
        Store.open(default_url(tmp_path / "file" / "data"))
    assert str(tmp_path / "file") in str(caught.value)


def test_a_missing_driver_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql://user:hidden@127.0.0.1:1/name")
    assert "charnn[postgres]" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "postgresql://user:hidden@host:port/name",
        "sqlite://",
        "sqlite:///:memory:",
        "postgres://user:hidden@127.0.0.1:1/name",
        "oracle+nothing://user:hidden@host/name",
        "postgresql://user:hidden@127.0.0.1:1/name",
    ],
)
def test_an_invalid_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(url)
    assert "hidden" not in str(caught.value)
