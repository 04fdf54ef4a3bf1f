"""Training leaves the processors to the tests, whichever of them was the first."""

from __future__ import annotations

import pytest

from tests.support.pacing import pace_training


@pytest.fixture(scope="package", autouse=True)
def _paced() -> None:
    pace_training()
