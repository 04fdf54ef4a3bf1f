"""When a network writes."""

from __future__ import annotations

import pytest

from app.training import samples
from app.training.samples import MAX_INTERVAL, SAMPLING_SHARE, SampleFeed
from model import CharModel, Vocabulary

MODEL = CharModel.create(Vocabulary.from_sentences(["abc"]), "lstm", (4,), 3, seed=1)


class Clock:
    """Time of which every writing takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_writing_has_its_share_of_the_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples.time, "perf_counter", Clock())
    feed = SampleFeed()
    feed.refresh(MODEL, 1.0, now=10.0)
    first = feed.samples
    assert first
    feed.mark_stale(0.5 / SAMPLING_SHARE)
    feed.refresh(MODEL, 1.0, now=12.5)
    assert feed.samples is first
    feed.mark_stale(0.6 / SAMPLING_SHARE)
    feed.refresh(MODEL, 1.0, now=12.6)
    assert feed.samples is not first


def test_after_a_while_it_writes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples.time, "perf_counter", Clock())
    feed = SampleFeed()
    feed.refresh(MODEL, 1.0, now=10.0)
    first = feed.samples
    feed.mark_stale(0.01)
    feed.refresh(MODEL, 1.0, now=10.1 + MAX_INTERVAL)
    assert feed.samples is not first


def test_a_change_of_temperature_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples.time, "perf_counter", Clock())
    feed = SampleFeed()
    feed.refresh(MODEL, 1.0, now=10.0)
    first = feed.samples
    feed.resample_soon()
    feed.refresh(MODEL, 2.0, now=10.1)
    assert feed.samples is not first
