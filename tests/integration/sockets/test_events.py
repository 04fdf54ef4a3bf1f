"""Events and updates of a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from app import protocol
from app.catalog.presets import START_TEMPERATURE
from app.errors import Notice
from app.protocol.limits import Limits
from tests.support.app_server import Client, ConnectionRefused, Tab, running_app
from tests.support.stub_engine import StubEngine

SMALL = {"hidden_sizes": "8", "letter_size": "3"}


def pause(tab: Tab) -> int:
    """Pause; returns the steps taken."""
    assert tab.ask("pause") == {"ok": True}
    tab.wait_for(lambda: tab.newest("status") == "paused")
    return int(tab.newest("steps"))


def assert_goes_on(tab: Tab, version: int) -> None:
    """Assert that the network is the same and trains."""
    tab.wait_for_steps(more_than=tab.newest("steps"))
    assert (tab.newest("status"), tab.newest("version")) == ("learning", version)


# ------------------------------------------------------------------ what is sent


def test_a_new_session_is_training(client: Client) -> None:
    tab = client.open_tab()
    tab.wait_for(lambda: tab.newest("status") == "learning")
    tab.wait_for_steps(more_than=tab.wait_for_steps())
    tab.wait_for(lambda: tab.newest("perplexity"))
    assert tab.state["options"]["hidden_sizes"] == [20, 20]
    assert len(tab.newest("samples")) == 5


def test_states_and_frames_match_the_protocol(client: Client) -> None:
    tab = client.open_tab()
    tab.wait_for(lambda: any("samples" in frame for frame in tab.frames))
    tab.wait_for(lambda: len([frame for frame in tab.frames if "curve" in frame]) > 1)
    TypeAdapter(protocol.State).validate_python(tab.state)
    TypeAdapter(list[protocol.Frame]).validate_python(tab.frames)
    json.dumps([tab.state, *tab.frames], allow_nan=False)
    points = list(tab.state["curve"]["points"])
    for frame in tab.frames:
        if "curve" in frame:
            assert frame["curve"]["start"] == len(points)
            points += frame["curve"]["points"]
    steps = [step for step, *_ in points]
    assert steps == sorted(set(steps))


def test_no_frame_is_sent_before_the_last_is_acknowledged(client: Client) -> None:
    slow, quick = client.open_tab(), client.open_tab()
    slow.next_frame()
    slow.reads = False
    seen, unread = len(quick.frames), len(slow.frames)
    quick.wait_for(lambda: len(quick.frames) >= seen + 4)
    assert len(slow.frames) <= unread + 1
    meanwhile = quick.newest("steps")
    slow.read()
    slow.wait_for(lambda: slow.newest("steps") >= meanwhile)


# ------------------------------------------------------------------ what is asked


def test_pause_and_resume(client: Client) -> None:
    tab = client.open_tab()
    tab.wait_for_steps()
    steps = pause(tab)
    tab.ask("set", {"temperature": 2})  # later updates show that it did not train before
    tab.wait_for(lambda: tab.newest("temperature") == 2)
    assert (tab.newest("steps"), tab.newest("status")) == (steps, "paused")
    assert tab.ask("resume", {}) == {"ok": True}
    tab.wait_for_steps(more_than=steps)
    assert tab.newest("status") == "learning"


def test_set_applies_during_training(client: Client) -> None:
    tab = client.open_tab()
    assert tab.ask("set", {"learning_rate": 0.002, "temperature": "0.5"}) == {"ok": True}
    tab.wait_for(lambda: (tab.newest("learning_rate"), tab.newest("temperature")) == (0.002, 0.5))
    tab.wait_for(lambda: tab.newest("status") == "learning")


def test_temperature_changes_samples_of_a_paused_network(client: Client) -> None:
    tab = client.open_tab()
    tab.wait_for_steps()
    pause(tab)
    before = tab.newest("samples")
    tab.ask("set", {"temperature": 5})
    tab.wait_for(lambda: tab.newest("samples") != before)


def test_learn_replaces_the_network_in_every_tab(client: Client) -> None:
    one, other = client.open_tab(), client.open_tab()
    version = one.state["version"]
    text = "abba\n  caba \n\nbaca"
    assert one.ask("learn", {"text": text, "options": SMALL}) == {"ok": True}
    for tab in (one, other):
        tab.wait_for(lambda tab=tab: tab.state["version"] == version + 1)
        assert tab.state["text"]["beginning"] == text
        assert sorted(tab.state["vocabulary"]) == ["a", "b", "c"]
        assert tab.state["options"]["hidden_sizes"] == [8]
        assert tab.state["curve"]["start"] == 0


@pytest.mark.parametrize("text", ["<script>alert(1)</script>\nnaïve 🙂 日本\r\nx", "a\nb\na"])
def test_text_is_returned_unchanged_and_trained_on(client: Client, text: str) -> None:
    tab = client.open_tab()
    assert tab.ask("learn", {"text": text, "options": SMALL})["ok"]
    tab.wait_for(lambda: tab.state["text"]["beginning"] == text)
    tab.wait_for_steps()
    assert tab.wait_for(lambda: tab.newest("perplexity")) > 0


def test_a_saved_model_predicts_the_same_after_load(client: Client) -> None:
    tab = client.open_tab()
    tab.wait_for_steps()
    pause(tab)
    greedy = tab.wait_for(lambda: tab.newest("greedy"))
    version = tab.state["version"]
    saved = tab.ask("save")
    assert saved["ok"]
    tab.ask("learn", {"text": "something\nelse", "options": SMALL})
    tab.ask("pause")
    assert tab.ask("load", {"json": saved["json"]}) == {"ok": True}
    tab.wait_for(lambda: tab.state["version"] == version + 2)
    tab.wait_for(lambda: tab.newest("greedy") == greedy)
    assert tab.state["options"]["hidden_sizes"] == [20, 20]
    assert (tab.newest("steps"), tab.newest("status")) == (0, "paused")


def test_invalid_requests_are_field_errors_and_training_continues(
    client: Client,
) -> None:
    tab = client.open_tab()
    version = tab.state["version"]
    large = {"text": "a", "options": {"hidden_sizes": "1000,1000,1000"}}
    nan = {"text": "a", "options": {"learning_rate": float("nan")}}
    cases: list[tuple[str, Any, str, str | None]] = [
        ("learn", {"text": ""}, "no_sentences", "text"),
        ("learn", large, "network_too_large", "hidden_sizes"),
        ("learn", nan, "not_a_number", "learning_rate"),
        ("set", {"learning_rate": -1}, "too_small", "learning_rate"),
        ("load_pretrained", {"name": "../../etc/passwd"}, "unknown_pretrained", "name"),
        ("pause", "now", "malformed_event", None),
        ("nonsense", {}, "unknown_event", None),
    ]
    for event, payload, code, field in cases:
        answer = tab.ask(event, payload)
        assert (answer["ok"], answer["code"], answer["field"]) == (False, code, field)
    assert_goes_on(tab, version)


# ------------------------------------------------------------------ how it ends


def test_closing_is_sent_before_the_sockets_close(tmp_path: Path) -> None:
    with running_app(tmp_path, engine=StubEngine()) as app_server:
        tabs = [app_server.new_client().open_tab() for _ in range(2)]
        app_server.parts.emitter.broadcast_closing(Notice("restarting"))
        assert all(tab.is_connected() for tab in tabs)
        app_server.parts.emitter.close_all()
        for tab in tabs:
            assert [closing["code"] for closing in tab.closings] == ["restarting"]
            assert not tab.is_connected()


def test_a_disconnect_during_connect_frees_the_connection_slot(tmp_path: Path) -> None:
    engine = StubEngine()
    with running_app(tmp_path, engine=engine, limits=Limits(pages_per_session=1)) as app_server:
        client = app_server.new_client()
        engine.meanwhile = app_server.socketio.server.eio.sockets.clear
        with pytest.raises(ConnectionRefused) as refused:
            client.open_tab()
        assert refused.value.data == {"code": "unknown_page"}
        engine.meanwhile = _fail
        with pytest.raises(ZeroDivisionError):
            client.open_tab()
        engine.meanwhile = None
        assert client.open_tab().state


def _fail() -> None:
    raise ZeroDivisionError


# ------------------------------------------------------------------ whose it is


def test_clients_have_separate_networks(new_client: Callable[[], Client]) -> None:
    one, other = new_client().open_tab(), new_client().open_tab()
    assert one.state["session"] != other.state["session"]
    version = other.state["version"]
    one.ask("learn", {"text": "only mine", "options": SMALL})
    one.ask("set", {"temperature": 2})
    one.wait_for(lambda: one.state["text"]["beginning"] == "only mine")
    pause(one)
    assert_goes_on(other, version)
    assert other.newest("temperature") == START_TEMPERATURE


def test_a_reconnect_finds_training_continued(tmp_path: Path) -> None:
    with running_app(tmp_path, unwatched_minutes=10) as app_server:
        client = app_server.new_client()
        tab = client.open_tab()
        session, version, steps = tab.state["session"], tab.state["version"], tab.wait_for_steps()
        tab.close()
        engine, session_id = (
            app_server.parts.engine,
            next(iter(app_server.parts.engine.snapshots())),
        )

        def trained_without_a_page() -> bool:
            snapshot = engine.snapshot(session_id)
            return snapshot is not None and snapshot.steps > steps and bool(snapshot.points)

        tab.wait_for(trained_without_a_page)
        again = client.open_tab()
        assert (again.state["session"], again.state["version"]) == (session, version)
        assert again.state["steps"] > steps
        assert again.state["curve"]["points"]
        history = client.get("/api/history.csv")
        assert history.mimetype == "text/csv"
        assert history.headers["Content-Disposition"].endswith('filename="charnn-history.csv"')
        assert len(history.text.splitlines()) > 1
