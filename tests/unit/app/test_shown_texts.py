"""When a network writes."""

from __future__ import annotations

import pytest

from app.training import samples as shown_texts
from app.training.samples import LONGEST_INTERVAL, WRITING_SHARE, ShownTexts
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
    monkeypatch.setattr(shown_texts.time, "perf_counter", Clock())
    shown = ShownTexts()
    shown.write(MODEL, 1.0, now=10.0)
    first = shown.samples
    assert first
    shown.outdate(0.5 / WRITING_SHARE)
    shown.write(MODEL, 1.0, now=12.5)
    assert shown.samples is first
    shown.outdate(0.6 / WRITING_SHARE)
    shown.write(MODEL, 1.0, now=12.6)
    assert shown.samples is not first


def test_after_a_while_it_writes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_texts.time, "perf_counter", Clock())
    shown = ShownTexts()
    shown.write(MODEL, 1.0, now=10.0)
    first = shown.samples
    shown.outdate(0.01)
    shown.write(MODEL, 1.0, now=10.1 + LONGEST_INTERVAL)
    assert shown.samples is not first


def test_a_change_of_temperature_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_texts.time, "perf_counter", Clock())
    shown = ShownTexts()
    shown.write(MODEL, 1.0, now=10.0)
    first = shown.samples
    shown.outdate_samples()
    shown.write(MODEL, 2.0, now=10.1)
    assert shown.samples is not first
