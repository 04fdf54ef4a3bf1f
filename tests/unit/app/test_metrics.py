"""What a server tells about itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import requests

from app.metrics import Metrics
from tests.support.client import Visitor
from tests.support.server import RunningServer


def figure(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not told"
    return float(found[1])


def test_a_server_counts_its_sessions_their_speed_and_its_own_delays(
    live_server: RunningServer, new_visitor: Callable[[], Visitor]
) -> None:
    learning, paused = new_visitor().open_tab(), new_visitor().open_tab()
    paused.ask("pause")
    paused.wait_for(lambda: paused.newest("status") == "paused")
    learning.wait_for(lambda: learning.newest("characters_per_second"))
    text = requests.get(f"{live_server.url}/metrics", timeout=10).text
    assert figure(text, 'charnn_sessions{state="learning"}') >= 1
    assert figure(text, 'charnn_sessions{state="paused"}') >= 1
    assert figure(text, "charnn_characters_per_second") > 0
    assert figure(text, "charnn_steps_per_second") > 0
    assert figure(text, "charnn_weights") > 0
    assert figure(text, "charnn_unsaved_sessions") == 0
    assert figure(text, "charnn_frames_total") > 0
    assert figure(text, "charnn_frame_lag_seconds_count") > 0
    assert figure(text, 'charnn_event_latency_seconds_count{event="pause",outcome="ok"}') > 0
    assert figure(text, 'charnn_store_latency_seconds_count{operation="load",outcome="ok"}') > 0
    assert figure(text, "charnn_hub_stall_seconds_count") > 0


def test_events_that_do_not_exist_make_no_figures_of_their_own(
    live_server: RunningServer, visitor: Visitor
) -> None:
    visitor.open_tab().ask("made_up_by_somebody")
    text = requests.get(f"{live_server.url}/metrics", timeout=10).text
    assert "made_up_by_somebody" not in text
    assert figure(text, 'charnn_event_latency_seconds_count{event="unknown",outcome="refused"}') > 0


def test_what_fails_in_the_store_is_counted_as_failed() -> None:
    metrics = Metrics()
    with pytest.raises(OSError, match="disk"), metrics.store("save"):
        raise OSError("disk")
    text = metrics.text().decode()
    assert (
        figure(text, 'charnn_store_latency_seconds_count{operation="save",outcome="failed"}') == 1
    )


def test_two_servers_in_one_process_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.frame_sent()
    assert figure(other.text().decode(), "charnn_frames_total") == 0
