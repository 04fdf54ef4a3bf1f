"""Whole checkpoints in, whole checkpoints out, in either make of database."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.curve import CurvePoint
from app.options import Options
from app.store import DamagedCheckpoint, Store, StoreError, connect, default_url
from app.store.codec import Encoded, decode, encode
from app.store.migrate import config, migrate
from bench.live.postgres import Postgres
from model import CharModel, Trainer, TrainingSettings, Vocabulary
from model.saved import SavedModel
from tests.support.checkpoints import POINT, assert_same, checkpoint
from tests.support.server import ROOT

LETTERS = st.lists(
    st.characters(codec="utf-16", categories=["L", "N", "P", "S", "Zs", "Cs"]),
    min_size=1,
    max_size=6,
    unique=True,
)


CHANGED = ("options", "set_rate", "rate_since", "points")
"""What the first format did not hold, or not all of it."""


def change(store: Store, statement: str, data: bytes = b"") -> None:
    """Change the database behind the store's back."""
    with store._engine.begin() as connection:
        connection.execute(sa.text(statement), {"bytes": data} if ":bytes" in statement else {})


def ask(store: Store, statement: str) -> Any:
    with store._engine.begin() as connection:
        return connection.execute(sa.text(statement)).scalar_one()


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("solver", ["rmsprop", "adam"])
def test_what_is_saved_is_loaded_bit_for_bit(store: Store, kind: str, solver: str) -> None:
    given = checkpoint(kind=kind, solver=solver, hidden_sizes=(4, 3))
    store.save([given], at=123.5)
    stored = store.load("ann")
    assert stored is not None
    assert stored.saved_at == 123.5
    assert_same(stored.checkpoint, given)


def test_a_session_that_nobody_saved_is_not_there(store: Store) -> None:
    assert store.load("nobody") is None


def test_the_newest_replaces_what_was_there_and_nobody_else_s(store: Store) -> None:
    store.save([checkpoint("ann"), checkpoint("bob")], at=1)
    newer = replace(checkpoint("ann", text="other\ntext", version=2, seed=2), learning=False)
    store.save([newer], at=2)
    for name, expected in (("ann", newer), ("bob", checkpoint("bob"))):
        stored = store.load(name)
        assert stored is not None
        assert_same(stored.checkpoint, expected)


def test_who_lost_a_session_to_another_cannot_write_it_any_more(url: str) -> None:
    """A machine that was only cut off must not bring back what went on elsewhere since."""
    first, then = Store.open(url, holder="first"), Store.open(url, holder="then")
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


def test_several_are_taken_in_all_or_none(store: Store) -> None:
    store.save([checkpoint("ann")], at=1)
    too_long = checkpoint("x" * 200) if store.kind == "postgresql" else checkpoint("bob")
    spoilt = replace(too_long, version=None) if store.kind == "sqlite" else too_long  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        store.save([checkpoint("ann", version=2, text="new"), spoilt], at=2)
    stored = store.load("ann")
    assert stored is not None
    assert (stored.checkpoint.text, stored.saved_at) == ("abba\ncaba", 1)


@pytest.mark.parametrize("text", ["a\0b", "\ud83d alone", "🙂 日本\r\n", " \n"])
def test_every_text_comes_back_as_it_was(store: Store, text: str) -> None:
    store.save([checkpoint(text=text)], at=1)
    stored = store.load("ann")
    assert stored is not None
    assert stored.checkpoint.text == text


@given(
    letters=LETTERS,
    text=st.text(st.characters(codec=None), max_size=20),  # type: ignore[arg-type]
    numbers=st.lists(st.floats(width=32), min_size=1, max_size=5),
    kind=st.sampled_from(["lstm", "gru", "rnn"]),
    hidden_sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    solver=st.sampled_from(["rmsprop", "adam"]),
    in_order=st.booleans(),
    rate=st.floats(min_value=1e-300, max_value=1),
    steps=st.none() | st.integers(0, 2**53),
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_checkpoint_survives_being_written(
    letters: list[str],
    text: str,
    numbers: list[float],
    kind: str,
    hidden_sizes: tuple[int, ...],
    solver: str,
    in_order: bool,
    rate: float,
    steps: int | None,
) -> None:
    model = CharModel.create(Vocabulary(letters), kind, hidden_sizes, 2, seed=0)
    model.flat[: len(numbers)] = numbers  # NaN and infinity too: a network may have run off
    training = TrainingSettings(solver=solver)  # type: ignore[arg-type]
    saved = Trainer(model, [letters[0]], training).saved()
    assert saved.solver is not None
    saved.solver.step_cache[: len(numbers)] = numbers
    if solver == "rmsprop" or steps is not None:
        saved.solver.steps = steps  # type: ignore[assignment]
    order = saved.order if in_order else None
    made = replace(
        checkpoint(text=text), saved=SavedModel(model, saved.solver, order), learning_rate=rate
    )
    again = decode("ann", encode(made))
    assert_same(again, made)
    assert again.saved.model.flat.tobytes() == model.flat.tobytes()  # a NaN's own bits as well


@pytest.mark.parametrize("part", ["state", "arrays"])
@pytest.mark.parametrize("length", [0, 1, 40, -1, -200])
def test_what_is_not_whole_is_not_loaded(part: str, length: int) -> None:
    encoded = encode(checkpoint())
    cut: dict[str, bytes] = {part: getattr(encoded, part)[:length]}
    with pytest.raises(DamagedCheckpoint):
        decode("ann", encoded._replace(**cut))


def test_a_flipped_bit_in_the_weights_is_noticed() -> None:
    made = checkpoint()
    encoded = encode(made)
    spoilt = bytearray(encoded.arrays)
    spoilt[encoded.arrays.index(made.saved.model.flat.tobytes()) + 40] ^= 1
    with pytest.raises(DamagedCheckpoint):
        decode("ann", Encoded(encoded.state, bytes(spoilt), encoded.text))


def test_a_format_of_the_future_is_not_guessed_at() -> None:
    encoded = encode(checkpoint())
    future = encoded.state.replace(b'"format": 3', b'"format": 4')
    with pytest.raises(DamagedCheckpoint, match="format 4"):
        decode("ann", encoded._replace(state=future))


def test_the_first_format_is_read_still() -> None:
    """It knew nothing of schedules, of sentences kept aside, and of either in the curve."""
    encoded = encode(checkpoint())
    state = json.loads(encoded.state)
    state["format"] = 1
    del state["set_rate"], state["rate_since"]
    for option in ("schedule", "schedule_epochs", "validation_fraction"):
        del state["options"][option]
    with np.load(io.BytesIO(encoded.arrays)) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["points"] = arrays["points"][:, :5]
    out = io.BytesIO()
    np.savez(out, **arrays)
    old = encoded._replace(state=json.dumps(state).encode(), arrays=out.getvalue())
    read = decode("ann", old)
    assert read.options == Options(hidden_sizes=(4,))
    assert (read.set_rate, read.rate_since) == (0.005, 0.0)
    assert read.points[0] == CurvePoint(*POINT[:5])
    assert_same(replace(checkpoint(), **{name: getattr(read, name) for name in CHANGED}), read)


def test_the_second_format_is_read_still() -> None:
    """It did not know what the learning rate had been set to at a point of the curve."""
    encoded = encode(checkpoint())
    state = {**json.loads(encoded.state), "format": 2}
    with np.load(io.BytesIO(encoded.arrays)) as file:
        arrays = {**file}
    arrays["points"] = arrays["points"][:, :7]
    out = io.BytesIO()
    np.savez(out, **arrays)
    old = encoded._replace(state=json.dumps(state).encode(), arrays=out.getvalue())
    assert decode("ann", old).points[0] == POINT._replace(set_rate=None)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sessions SET state = :bytes WHERE session_id = 'ann'",
        "UPDATE sessions SET arrays = :bytes WHERE session_id = 'ann'",
        "UPDATE texts SET text = :bytes WHERE session_id = 'ann'",
        "DELETE FROM texts WHERE session_id = 'ann'",
    ],
)
def test_a_damaged_row_is_never_half_a_session_and_spoils_no_other(
    store: Store, damage: str
) -> None:
    store.save([checkpoint("ann"), checkpoint("bob")], at=1)
    change(store, damage, b'{"format": 1}')
    with pytest.raises(DamagedCheckpoint, match="Begin a new network, or bring the database back"):
        store.load("ann")
    assert store.load("bob") is not None


def test_who_begins_anew_after_damage_gets_their_own_text(store: Store) -> None:
    """Versions are counted anew then: that of the damaged text may come a second time."""
    store.save([checkpoint(text="the old one", version=2)], at=1)
    change(store, "UPDATE sessions SET state = :bytes", b"damaged")
    store.save([checkpoint(text="the new one", version=2)], at=2)
    stored = store.load("ann")
    assert stored is not None
    assert stored.checkpoint.text == "the new one"


def test_a_text_is_written_only_when_it_has_changed(store: Store) -> None:
    store.save([checkpoint()], at=1)
    change(store, "UPDATE texts SET version = 77")
    store.save([checkpoint()], at=2)
    assert ask(store, "SELECT version FROM texts") == 77
    store.save([checkpoint(text="another", version=2)], at=3)
    assert ask(store, "SELECT version FROM texts") == 2


def test_who_was_not_touched_is_removed_with_the_text(store: Store) -> None:
    store.save([checkpoint("old"), checkpoint("used")], at=1)
    store.touch(["used"], at=50)
    assert store.remove_untouched(before=10) == 1
    assert store.load("old") is None
    assert store.load("used") is not None
    store.remove("used")
    assert store.load("used") is None
    store.save([checkpoint("used", text="again")], at=60)
    stored = store.load("used")
    assert stored is not None
    assert stored.checkpoint.text == "again"


def test_threads_may_save_and_load_at_once(store: Store) -> None:
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            for number in range(3):
                store.save([checkpoint(name, text=str(number), version=number)], at=number)
                stored = store.load(name)
                assert stored is not None
                assert stored.checkpoint.text == str(number)
        except Exception as error:  # noqa: BLE001  (told below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


STARTING_AT_ONCE = (
    "import sys\n"
    "from app.store import Store\n"
    "print('ready', flush=True)\n"
    "sys.stdin.readline()\n"
    "Store.open(sys.argv[1]).close()\n"
)


def test_servers_that_start_together_make_the_tables_once(url: str) -> None:
    command = [sys.executable, "-c", STARTING_AT_ONCE, url]
    pipe = subprocess.PIPE
    servers = [
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(4)
    ]
    for server in servers:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
    for server in servers:
        assert server.stdin is not None
        server.stdin.write("go\n")
        server.stdin.flush()
    for server in servers:
        _, errors = server.communicate(timeout=60)
        assert (server.returncode, errors) == (0, "")


def test_a_new_file_can_be_opened_by_many_at_once(tmp_path: Path) -> None:
    """SQLite itself refuses, without waiting, where two turn a new file's log on at once."""
    together = threading.Barrier(8)

    def turn_on(file: Path) -> None:
        together.wait()
        connect._write_ahead(file)

    with ThreadPoolExecutor(8) as threads:
        for number in range(60):
            list(threads.map(turn_on, [tmp_path / str(number)] * 8))


def test_an_older_store_is_brought_up_to_date_with_what_is_in_it(url: str) -> None:
    engine = connect.make_engine(url)
    migrate(engine, "0001")
    parts = encode(checkpoint())
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO sessions VALUES ('ann', 1.5, 1.5, 1, :state, :arrays)"),
            {"state": parts.state, "arrays": parts.arrays},
        )
        connection.execute(
            sa.text("INSERT INTO texts VALUES ('ann', 1, :text)"), {"text": parts.text}
        )
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
    store.close()


def test_a_store_of_a_newer_charnn_is_left_as_it_is(store: Store, url: str) -> None:
    store.save([checkpoint()], at=1)
    change(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="probably a newer one"):
        Store.open(url)
    assert store.load("ann") is not None


def test_the_migrations_make_the_tables_that_the_code_expects(store: Store) -> None:
    with store._engine.begin() as connection:
        command.check(config(connection))


def test_opening_again_finds_what_was_there(url: str) -> None:
    with_store = Store.open(url)
    with_store.save([checkpoint()], at=1)
    with_store.close()
    again = Store.open(url)
    assert again.load("ann") is not None
    migrate(again._engine)
    assert again.load("ann") is not None
    again.close()


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    Store.open(default_url(tmp_path / "new" / "folder")).close()
    (file,) = (tmp_path / "new" / "folder").glob("*.sqlite")
    assert file.stat().st_mode & 0o077 == 0


def test_a_killed_process_leaves_whole_checkpoints(tmp_path: Path) -> None:
    """It saves all the time, and is killed in the middle of it."""
    saving = (
        "import itertools, sys\n"
        "from app.store import Store\n"
        "from tests.app.test_store import checkpoint\n"
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
    told = 0
    for line in process.stdout:
        told = int(line)
        if told == 20:
            os.kill(process.pid, signal.SIGKILL)
    process.wait()
    store = Store.open(url)
    stored = [store.load(name) for name in "ab"]
    store.close()
    texts = {each.checkpoint.text for each in stored if each is not None}
    assert len(texts) == 1
    assert int(texts.pop()) >= told


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    store = Store.open(default_url(tmp_path))
    store.save([checkpoint()], at=1)
    limited: list[int] = [1]

    @sa.event.listens_for(store._engine, "checkout")
    def _limit(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={limited[0]}")

    with pytest.raises(StoreError, match="full"):
        store.save([checkpoint("bob", text="x" * 1_000_000)], at=2)
    assert store.load("ann") is not None
    limited[0] = 100_000
    store.save([checkpoint("bob", text="x" * 1_000_000)], at=3)
    assert store.load("bob") is not None
    store.close()


def test_a_file_that_is_no_database_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "sessions.sqlite").write_bytes(b"not a database, and long enough to tell" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store.open(default_url(tmp_path))


def test_a_database_that_goes_away_is_used_again_when_it_is_back(postgres: Postgres) -> None:
    store = Store.open(postgres.url)
    store.save([checkpoint()], at=1)
    postgres.stop()
    try:
        began = time.monotonic()
        with pytest.raises(StoreError) as failed:
            store.save([checkpoint()], at=2)
        with pytest.raises(StoreError):
            store.load("ann")
        assert time.monotonic() - began < 20  # it does not hang; how fast it is, is not the point
        assert "abba" not in str(failed.value)
    finally:
        postgres.start()
    store.save([checkpoint()], at=3)
    stored = store.load("ann")
    assert stored is not None
    assert stored.saved_at == 3
    store.close()


def test_connections_that_were_cut_while_nobody_used_them_cost_no_save(
    postgres: Postgres,
) -> None:
    store = Store.open(postgres.url)
    store.save([checkpoint()], at=1)
    postgres.stop()
    postgres.start()
    store.save([checkpoint()], at=2)  # the first after it, and not only the second
    stored = store.load("ann")
    assert stored is not None
    assert stored.saved_at == 2
    store.close()


def test_who_reads_does_not_wait_for_who_writes(store: Store) -> None:
    store.save([checkpoint()], at=1)
    with store._engine.begin() as writing:
        writing.execute(sa.text("UPDATE sessions SET saved_at = 2"))
        stored = store.load("ann")
    assert stored is not None
    assert stored.saved_at == 1


def test_a_file_that_another_program_holds_is_told_and_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.01)
    store = Store.open(default_url(tmp_path))
    with store._engine.begin(), pytest.raises(StoreError, match="locked"):
        store.save([checkpoint()], at=1)
    store.save([checkpoint()], at=2)
    assert store.load("ann") is not None
    store.close()


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "50%25 of? my#stuff & ü"
    Store.open(default_url(folder)).close()
    assert (folder / "sessions.sqlite").stat().st_size > 0


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot be used: .*file"):
        Store.open(default_url(tmp_path / "file" / "data"))


def test_without_a_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r'pip install "charnn\[postgres\]"'):
        Store.open("postgresql://user:hidden@127.0.0.1:1/name")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "cannot be read"),
        ("postgresql://user:hidden@host:port/name", "cannot be read"),
        ("sqlite://", "in a file"),
        ("sqlite:///:memory:", "in a file"),
        ("postgres://user:hidden@127.0.0.1:1/name", "cannot be used"),
        ("oracle+nothing://host/name", "sqlite or postgresql"),
        ("postgresql://user:hidden@127.0.0.1:1/name", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(
    url: str, message: str
) -> None:
    with pytest.raises(StoreError, match=message) as refused:
        Store.open(url)
    assert "hidden" not in str(refused.value)
