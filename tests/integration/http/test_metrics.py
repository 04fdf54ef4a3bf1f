"""What a server tells programs about its sessions and its own delays."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.support.site import Site, Tab, Visitor


def figure(site: Site, name: str) -> float:
    text = site.app.test_client().get("/metrics").text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_server_counts_its_sessions_their_speed_and_its_own_delays(
    site: Site, new_visitor: Callable[[], Visitor]
) -> None:
    learning, paused = new_visitor().open_tab(), new_visitor().open_tab()
    paused.ask("pause")
    paused.wait_for(lambda: paused.newest("status") == "paused")
    learning.wait_for(lambda: learning.newest("characters_per_second"))
    assert figure(site, 'charnn_sessions{state="learning"}') >= 1
    assert figure(site, 'charnn_sessions{state="paused"}') >= 1
    for name in (
        "charnn_characters_per_second",
        "charnn_steps_per_second",
        "charnn_weights",
        "charnn_frames_total",
        "charnn_frame_lag_seconds_count",
        'charnn_event_latency_seconds_count{event="pause",outcome="ok"}',
        'charnn_store_latency_seconds_count{operation="load",outcome="ok"}',
    ):
        assert figure(site, name) > 0, name


def test_events_that_do_not_exist_make_no_figures_of_their_own(
    site: Site, visitor: Visitor
) -> None:
    tab: Tab = visitor.open_tab()
    unknown = 'charnn_event_latency_seconds_count{event="unknown",outcome="refused"}'
    before = figure(site, unknown)
    tab.ask("made_up_by_somebody")
    assert figure(site, unknown) == before + 1
    assert "made_up_by_somebody" not in site.app.test_client().get("/metrics").text
