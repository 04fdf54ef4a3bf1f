"""Prometheus metrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.support.app_server import AppServer, Client, Tab, running_app
from tests.support.stub_engine import StubEngine


def figure(app_server: AppServer, name: str) -> float:
    text = app_server.app.test_client().get("/metrics").text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_metrics_cover_sessions_speed_and_delays(
    app_server: AppServer, new_client: Callable[[], Client]
) -> None:
    learning, paused = new_client().open_tab(), new_client().open_tab()
    paused.ask("pause")
    paused.wait_for(lambda: paused.newest("status") == "paused")
    learning.wait_for(lambda: learning.newest("characters_per_second"))
    assert figure(app_server, 'charnn_sessions{state="learning"}') >= 1
    assert figure(app_server, 'charnn_sessions{state="paused"}') >= 1
    for name in (
        "charnn_characters_per_second",
        "charnn_steps_per_second",
        "charnn_weights",
        "charnn_frames_total",
        "charnn_frame_lag_seconds_count",
        'charnn_event_latency_seconds_count{event="pause",outcome="ok"}',
        'charnn_store_latency_seconds_count{operation="load",outcome="ok"}',
    ):
        assert figure(app_server, name) > 0, name


def test_visitors_behind_a_proxy_do_not_see_the_metrics(tmp_path: Path) -> None:
    """An ingress passes every path on; Prometheus asks the server itself."""
    with running_app(tmp_path, engine=StubEngine(), trusted_proxies=1) as app_server:
        http = app_server.app.test_client()
        assert http.get("/metrics").status_code == 200
        hidden = http.get("/metrics", headers={"X-Forwarded-For": "203.0.113.1"})
        assert (hidden.status_code, hidden.get_json()["code"]) == (404, "metrics_private")
        assert b'charnn_refusals_total{code="metrics_private"} 1.0' in http.get("/metrics").data


def test_unknown_events_add_no_metric_labels(app_server: AppServer, client: Client) -> None:
    tab: Tab = client.open_tab()
    unknown = 'charnn_event_latency_seconds_count{event="unknown",outcome="refused"}'
    before = figure(app_server, unknown)
    tab.ask("made_up_by_somebody")
    assert figure(app_server, unknown) == before + 1
    assert "made_up_by_somebody" not in app_server.app.test_client().get("/metrics").text
