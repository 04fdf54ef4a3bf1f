"""Scratch space of the kernels."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from model.kernels import workspace


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "_held", {})


def test_scratch_space_is_reused_and_grows() -> None:
    first = workspace.scratch(10, np.float32)
    assert workspace.scratch(5, np.float32) is first
    assert workspace.scratch(11, np.float32).size == 11
    assert workspace.scratch(5, np.float64) is not first
    assert workspace.held_bytes() == 11 * 4 + 5 * 8


def test_each_thread_has_its_own() -> None:
    mine, theirs = workspace.scratch(10, np.float32), list[object]()
    thread = threading.Thread(target=lambda: theirs.append(workspace.scratch(10, np.float32)))
    thread.start()
    thread.join()
    assert theirs[0] is not mine


def test_what_is_not_needed_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session with long lines must not leave its scratch space to a thread for ever."""
    now = 100.0
    monkeypatch.setattr(workspace.time, "monotonic", lambda: now)
    large = workspace.scratch(1_000, np.float32)
    now = 109.0
    workspace.release_unused(10)
    assert workspace.scratch(600, np.float32) is large  # most of it is needed
    now = 115.0
    workspace.release_unused(10)
    assert workspace.scratch(10, np.float32) is large
    now = 119.0
    workspace.release_unused(10)
    assert workspace.scratch(10, np.float32).size == 10
