"""A real server and real sockets: what a page can rely on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import socketio
from pydantic import TypeAdapter

from app import protocol
from tests.support.client import PATIENCE, Tab, Visitor
from tests.support.server import RunningServer

SMALL = {"hidden_sizes": "8", "letter_size": "3"}


def test_a_new_visitor_finds_a_network_that_learns_by_itself(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("status") == "learning")
    first = tab.next_frame()
    tab.wait_for(lambda: tab.newest("steps") > first["steps"] > 0)
    tab.wait_for(lambda: (tab.newest("perplexity") or 99) < 12)
    assert tab.state["options"]["hidden_sizes"] == [20, 20]
    assert len(tab.newest("samples")) == 5


def test_states_and_frames_are_as_they_are_declared(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: any("curve" in frame and "samples" in frame for frame in tab.frames))
    TypeAdapter(protocol.State).validate_python(tab.state)
    frames = TypeAdapter(list[protocol.Frame])
    frames.validate_python(tab.frames)
    assert all(len(json.dumps(frame)) < 16_000 for frame in tab.frames)


def test_where_websockets_do_not_pass_polling_does(visitor: Visitor) -> None:
    tab = visitor.open_tab(transport="polling")
    tab.next_frame()
    tab.next_frame()
    assert tab.ask("pause") == {"ok": True}


def test_pause_stops_the_steps_and_resume_goes_on_from_there(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.next_frame()
    assert tab.ask("pause") == {"ok": True}
    tab.wait_for(lambda: tab.newest("status") == "paused")
    steps = tab.newest("steps")
    time.sleep(0.3)
    assert tab.newest("steps") == steps
    assert tab.ask("resume", {}) == {"ok": True}
    assert tab.next_frame()["steps"] >= steps
    tab.wait_for(lambda: tab.newest("steps") > steps)


def test_sliders_act_while_it_learns(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    assert tab.ask("set", {"learning_rate": 0.002, "temperature": "0.5"}) == {"ok": True}
    # Answers and frames are taken in on threads of their own: one from before may come after.
    tab.wait_for(lambda: (tab.newest("learning_rate"), tab.newest("temperature")) == (0.002, 0.5))
    assert tab.newest("status") == "learning"


def test_the_temperature_changes_the_samples_of_a_paused_network(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")
    before = tab.newest("samples")
    tab.ask("set", {"temperature": 5})
    tab.wait_for(lambda: tab.newest("samples") != before)


def test_learn_replaces_the_network_in_every_tab(visitor: Visitor) -> None:
    one, other = visitor.open_tab(), visitor.open_tab()
    text = "abba\n  caba \n\nbaca"
    assert one.ask("learn", {"text": text, "options": SMALL}) == {"ok": True}
    for tab in (one, other):
        tab.wait_for(lambda tab=tab: tab.state["version"] == 2)
        assert tab.state["text"] == text
        assert sorted(tab.state["vocabulary"]) == ["a", "b", "c"]
        assert tab.state["options"]["hidden_sizes"] == [8]
        assert tab.state["curve"]["start"] == 0


def test_a_saved_model_writes_the_same_when_it_is_loaded_again(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("steps") > 500)
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")
    greedy, samples = tab.newest("greedy"), tab.newest("samples")
    saved = tab.ask("save")
    assert saved["ok"]
    tab.ask("learn", {"text": "something\nelse", "options": SMALL})
    tab.ask("pause")
    assert tab.ask("load", {"json": saved["json"]}) == {"ok": True}
    tab.wait_for(lambda: tab.state["version"] == 3)
    assert (tab.state["greedy"], tab.state["steps"]) == (greedy, 0)
    assert tab.state["samples"] != samples  # they are drawn, not remembered
    assert tab.state["options"]["hidden_sizes"] == [20, 20]
    assert tab.newest("status") == "paused"


def test_download_and_upload_carry_the_same_model(
    visitor: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("steps") > 500)
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")
    download = visitor.get("/api/model.json")
    assert download.headers["Content-Disposition"] == 'attachment; filename="charnn-model.json"'
    assert isinstance(download.json()["model"]["Wil"]["w"], list)
    other = new_visitor()
    other_tab = other.open_tab()
    other_tab.ask("pause")
    upload = other.put("/api/model.json", download.content)
    assert (upload.status_code, upload.json()) == (200, {"ok": True})
    other_tab.wait_for(lambda: other_tab.newest("greedy") == tab.newest("greedy"))
    assert other_tab.newest("status") == "paused"


def _without(saved: str, name: str) -> str:
    model = json.loads(saved)
    del model["model"][name]
    return json.dumps(model)


def _with_matrix(saved: str, name: str, **changes: Any) -> str:
    model = json.loads(saved)
    model["model"][name].update(changes)
    return json.dumps(model)


def _with_nan(saved: str) -> str:
    model = json.loads(saved)
    model["model"]["bd"]["w"][0] = float("nan")
    return json.dumps(model)


@pytest.mark.parametrize(
    "damage",
    [
        lambda saved: saved[: len(saved) // 2],
        lambda saved: _without(saved, "Wil"),
        lambda saved: _with_matrix(saved, "Wil", n=1),
        lambda saved: _with_matrix(saved, "Wil", w=[0.5]),
        _with_nan,
        lambda _: "[]",
        lambda _: "",
        lambda _: "null",
    ],
)
def test_a_damaged_model_is_refused_and_training_goes_on(
    visitor: Visitor, damage: Callable[[str], str]
) -> None:
    tab = visitor.open_tab()
    saved = tab.ask("save")["json"]
    answer = tab.ask("load", {"json": damage(saved)})
    assert (answer["ok"], answer["field"]) == (False, "json")
    assert len(answer["error"]) > 20
    upload = visitor.put("/api/model.json", damage(saved).encode())
    assert upload.status_code == 400
    assert upload.json()["field"] == "json"
    assert_goes_on(tab)


@pytest.mark.parametrize(
    ("field", "payload"),
    [
        ("text", {"text": ""}),
        ("text", {"text": " \n\t\n"}),
        ("text", {"text": 7}),
        ("text", {}),
        ("hidden_sizes", {"text": "a", "options": {"hidden_sizes": "0"}}),
        ("hidden_sizes", {"text": "a", "options": {"hidden_sizes": "abc"}}),
        ("hidden_sizes", {"text": "a", "options": {"hidden_sizes": "20,,"}}),
        ("hidden_sizes", {"text": "a", "options": {"hidden_sizes": "1000,1000,1000"}}),
        ("learning_rate", {"text": "a", "options": {"learning_rate": "-1"}}),
        ("learning_rate", {"text": "a", "options": {"learning_rate": float("nan")}}),
        ("kind", {"text": "a", "options": {"kind": "transformer"}}),
        ("letter_size", {"text": "a", "options": {"letter_size": 2.5}}),
    ],
)
def test_bad_input_is_answered_at_its_field_and_training_goes_on(
    visitor: Visitor, field: str, payload: dict[str, Any]
) -> None:
    tab = visitor.open_tab()
    answer = tab.ask("learn", payload)
    assert (answer["ok"], answer["field"]) == (False, field)
    assert len(answer["error"]) > 20
    assert_goes_on(tab)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("nonsense", {}),
        ("state", {}),
        ("set", {"learning_rate": -1}),
        ("set", {"learning_rate": 0.1, "speed": 3}),
        ("set", ["learning_rate"]),
        ("pause", "now"),
        ("load", {}),
        ("load_pretrained", {"name": "../../etc/passwd"}),
    ],
)
def test_whatever_is_no_proper_event_is_refused(
    visitor: Visitor, event: str, payload: object
) -> None:
    tab = visitor.open_tab()
    answer = tab.ask(event, payload)
    assert answer["ok"] is False
    assert answer["error"]
    assert_goes_on(tab)


def test_text_comes_back_as_it_was_given(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    text = "<script>alert(1)</script>\nnaïve 🙂 日本\r\nx"
    assert tab.ask("learn", {"text": text, "options": SMALL})["ok"]
    tab.wait_for(lambda: tab.state["text"] == text)
    tab.wait_for(lambda: tab.newest("steps") > 0)


def test_sentences_of_one_character_have_a_finite_perplexity(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    assert tab.ask("learn", {"text": "a\nb\na", "options": SMALL})["ok"]
    tab.wait_for(lambda: tab.state["version"] == 2)
    assert tab.wait_for(lambda: tab.newest("perplexity")) < 4


def test_a_relu_network_that_runs_off_still_sends_proper_json(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    options = {"kind": "rnn", "hidden_sizes": [40, 40], "learning_rate": 1}
    assert tab.ask("learn", {"text": "some words here\nand there", "options": options})["ok"]
    tab.wait_for(lambda: tab.state["version"] == 2)
    tab.wait_for(lambda: tab.newest("status") == "learning" and tab.newest("steps") > 0)
    tab.next_frame()
    json.dumps([tab.state, *tab.frames], allow_nan=False)
    assert_goes_on(tab)


def test_two_browsers_train_two_networks(new_visitor: Callable[[], Visitor]) -> None:
    one, other = new_visitor().open_tab(), new_visitor().open_tab()
    assert one.state["session"] != other.state["session"]
    one.ask("learn", {"text": "only mine", "options": SMALL})
    one.ask("set", {"temperature": 2})
    one.wait_for(lambda: one.state["version"] == 2)
    frame = other.next_frame()
    assert frame["temperature"] == 1
    assert [state["version"] for state in other.states] == [1]
    steps = other.newest("steps")
    other.wait_for(lambda: other.newest("steps") > steps)
    one.ask("pause")
    assert other.next_frame()["status"] == "learning"


def test_a_lost_connection_finds_its_training_where_it_is(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("steps") > 1000)
    session, steps = tab.state["session"], tab.newest("steps")
    tab.close()
    tab.wait_for(lambda: _last_step(visitor) > steps)
    again = visitor.open_tab()
    assert again.state["session"] == session
    assert again.state["version"] == 1
    assert again.state["steps"] > steps
    assert again.state["curve"]["points"]


def test_a_page_that_does_not_acknowledge_gets_one_frame_only(visitor: Visitor) -> None:
    slow, quick = visitor.open_tab(), visitor.open_tab()
    slow.next_frame()
    slow.reads.clear()
    read, seen = len(slow.frames), len(quick.frames)
    quick.wait_for(lambda: len(quick.frames) >= seen + 6)
    assert len(slow.frames) <= read + 1  # the one that was under way, or came after it
    unread, meanwhile = len(slow.frames), quick.newest("steps")
    slow.reads.set()
    slow.wait_for(lambda: len(slow.frames) > unread and slow.newest("steps") >= meanwhile)


def test_points_of_the_curve_follow_on_from_each_other(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: len([frame for frame in tab.frames if "curve" in frame]) > 5)
    points = list(tab.state["curve"]["points"])
    for frame in list(tab.frames):
        if "curve" in frame:
            assert frame["curve"]["start"] == len(points)
            points += frame["curve"]["points"]
    steps = [step for step, *_ in points]
    assert steps == sorted(set(steps))


def _last_step(visitor: Visitor) -> int:
    """Of the curve's points, which there are without a page too."""
    last = visitor.get("/api/history.csv").text.splitlines()[-1].partition(",")[0]
    return int(last) if last.isdigit() else 0


def _last_point(tab: Tab) -> list[float | None]:
    points = tab.newest("curve")["points"]
    return points[-1] if points else [None] * 5


def test_the_history_is_a_table(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: _last_point(tab)[2] is not None)
    lines = visitor.get("/api/history.csv").text.splitlines()
    assert lines[0] == "step,epoch,seconds,perplexity,held_out_perplexity,learning_rate"
    assert all(float(number) > 0 for number in lines[-1].split(","))


def test_without_a_cookie_there_is_no_session(live_server: RunningServer) -> None:
    client = socketio.Client(reconnection=False)
    reasons: list[dict[str, str]] = []
    client.on("connect_error", reasons.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(live_server.url, wait_timeout=PATIENCE)
    assert "reload" in reasons[0]["message"]
    for path in ("/api/model.json", "/api/history.csv"):
        response = requests.get(f"{live_server.url}{path}", timeout=PATIENCE)
        assert response.status_code == 404
        assert "open the page" in response.json()["error"]


def test_a_forged_cookie_is_refused(visitor: Visitor) -> None:
    name, value = next(iter(visitor.http.cookies.get_dict().items()))
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(visitor.url, headers={"Cookie": f"{name}=x{value}"}, wait_timeout=PATIENCE)


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(visitor: Visitor) -> None:
    cookie = visitor.get("/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_an_upload_that_is_no_text_is_refused(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.next_frame()
    answer = visitor.put("/api/model.json", b"\xff\xfe\x00")
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["error"]


def test_health_is_answered(live_server: RunningServer) -> None:
    assert requests.get(f"{live_server.url}/healthz", timeout=PATIENCE).json()["ok"] is True


def assert_goes_on(tab: Any) -> None:
    """The network is the one it was, and it learns."""
    version, steps = tab.state["version"], tab.newest("steps")
    tab.wait_for(lambda: tab.newest("steps") > steps)
    assert tab.newest("status") == "learning"
    assert tab.state["version"] == version
