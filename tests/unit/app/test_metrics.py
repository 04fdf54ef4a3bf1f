"""What is counted, and how it is told."""

from __future__ import annotations

import re
from unittest.mock import Mock

import pytest

from app.engines.session_metrics import SessionMetrics
from app.runtime import metrics as module
from app.runtime.metrics import PERIOD_SECONDS, PROBE_SECONDS, WINDOW_PERIODS, Metrics
from tests.support.snapshots import FIRST


def figure(metrics: Metrics, name: str) -> float:
    """What is told under a name."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", metrics.text().decode(), re.MULTILINE)
    assert found, f"{name} is not told"
    return float(found[1])


def test_what_fails_in_the_store_is_counted_as_failed() -> None:
    metrics = Metrics()
    with pytest.raises(OSError, match="disk"), metrics.store("save"):
        raise OSError("disk")
    with metrics.store("save"):
        pass
    for outcome in ("failed", "ok"):
        labels = f'{{operation="save",outcome="{outcome}"}}'
        assert figure(metrics, f"charnn_store_latency_seconds_count{labels}") == 1


def test_sessions_are_counted_by_what_they_do_whenever_somebody_asks() -> None:
    metrics, weights = Metrics(), 700
    snapshots = {"ann": FIRST}
    metrics.register(SessionMetrics(lambda: snapshots, lambda: weights))
    assert figure(metrics, 'charnn_sessions{state="learning"}') == 1
    assert figure(metrics, "charnn_characters_per_second") == FIRST.characters_per_second
    assert figure(metrics, "charnn_weights") == 700
    snapshots.clear()
    assert figure(metrics, 'charnn_sessions{state="learning"}') == 0


def test_the_longest_stall_of_the_last_minute_is_told_to_everyone_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A scrape must not hide a stall from another one."""
    metrics, clock = Metrics(), Mock(monotonic=Mock(return_value=1000.0))
    monkeypatch.setattr(module, "time", clock)
    naps = iter([PROBE_SECONDS, PROBE_SECONDS + 0.5, PROBE_SECONDS + 0.25])

    def sleep(seconds: float) -> None:
        del seconds
        clock.monotonic.return_value += next(naps)

    with pytest.raises(StopIteration):
        metrics.watch_event_loop(sleep)
    assert figure(metrics, "charnn_hub_stall_seconds_count") == 3
    for _ in range(2):
        assert figure(metrics, "charnn_hub_stall_max_seconds") == pytest.approx(0.5)
    clock.monotonic.return_value += (WINDOW_PERIODS + 1) * PERIOD_SECONDS
    assert figure(metrics, "charnn_hub_stall_max_seconds") == 0


def test_two_servers_in_one_process_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.frame_sent()
    assert figure(one, "charnn_frames_total") == 1
    assert figure(other, "charnn_frames_total") == 0
