"""Memory that is given back, and the sum of the limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.protocol.limits import Limits
from app.runtime import memory
from app.runtime.config import ServerConfig
from app.runtime.memory import MemoryReleaser
from app.server import memory_limits
from app.training.model_io import ModelIO
from model.kernels import workspace
from tests.support.waiting import wait_for


def test_unused_scratch_space_is_released_in_the_background(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workspace, "_held", {})
    monkeypatch.setattr(memory, "RELEASE_SECONDS", 0.01)
    workspace.scratch(1_000, np.float32)
    releaser = MemoryReleaser()
    try:
        wait_for(lambda: workspace.held_bytes() == 0)
    finally:
        releaser.close()


def test_the_sum_of_the_limits_counts_all_that_an_operator_can_set(tmp_path: Path) -> None:
    model_io = ModelIO(tmp_path, Limits())
    try:
        usual = memory_limits(ServerConfig(workers=2), model_io)
        more_threads = memory_limits(ServerConfig(workers=4), model_io)
        more = Limits(memory=2 * Limits().memory, text=2 * Limits().text)
        higher = memory_limits(ServerConfig(workers=2, limits=more), model_io)
        elsewhere = memory_limits(ServerConfig(workers=2, engine="ray"), model_io)
    finally:
        model_io.close()
    assert usual["total"] == pytest.approx(sum(usual.values()) - usual["total"], abs=len(usual))
    assert more_threads["scratch_space"] == 2 * usual["scratch_space"]
    assert higher["sessions"] == 2 * usual["sessions"]
    assert higher["texts_read"] == 2 * usual["texts_read"]
    assert elsewhere["total"] < usual["total"]
