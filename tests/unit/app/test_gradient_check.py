"""What a gradient check compares, and how much of a network it moves."""

from __future__ import annotations

import numpy as np
import pytest

from app.errors import UserError
from app.protocol.hyperparameters import Hyperparameters, Kind
from app.training import gradient_check as checking
from app.training import work
from app.training.gradient_check import GradientCheckJob
from app.training.run import TrainingRun
from model.network import CELLS

RIGHT = 1e-4
TEXT = "abcd dcba\nabba"
LARGE = [(690,), (240,) * 4, (175,) * 8]
"""Hidden sizes of LSTM networks with nearly 2,000,000 weights."""


def a_run(
    kind: Kind = "lstm", hidden_sizes: tuple[int, ...] = (4, 3), text: str = TEXT
) -> TrainingRun:
    options = Hyperparameters(kind=kind, hidden_sizes=hidden_sizes, seed=1)
    return TrainingRun.create(text, options, curve_version=0)


def a_network() -> GradientCheckJob:
    return checking.make_job(a_run())


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_the_gradients_of_every_matrix_agree_with_the_slopes(kind: Kind) -> None:
    run = a_run(kind)
    matrices = checking.run_job(checking.make_job(run))
    assert [each["name"] for each in matrices] == list(run.model.named_parameters())
    for each, matrix in zip(matrices, run.model.named_parameters().values(), strict=True):
        assert each["numbers"] == matrix.size
        assert each["checked"] == min(matrix.size, checking.MAX_NUMBERS)
        for way in ("graph", "kernels"):
            error = each[way]
            assert error is not None
            assert error < RIGHT, each


def test_the_copy_stays_as_it_was_while_the_network_learns_on() -> None:
    run = a_run()
    before = run.model.params.copy()
    network = checking.make_job(run)
    run.train(0.01)
    assert not np.array_equal(run.model.params, before)
    np.testing.assert_array_equal(network.model.params, before)
    assert (network.steps, network.sentence) == (0, "abcd dcba")


def test_the_errors_of_a_network_that_has_diverged_are_none() -> None:
    network = a_network()
    network.model.params[:] = np.nan
    for each in checking.run_job(network):
        assert (each["graph"], each["kernels"]) == (None, None)


@pytest.mark.parametrize("hidden_sizes", [(20, 20), *LARGE])
def test_a_check_takes_no_more_work_than_its_limit(hidden_sizes: tuple[int, ...]) -> None:
    network = checking.make_job(a_run(hidden_sizes=hidden_sizes, text="ab" * 200))
    numbers = checking._numbers_per_matrix(network.model, network.sentence)
    moved = numbers * len(network.model.named_parameters())
    evaluation = network.model.num_parameters * (len(network.sentence) + 1)
    assert 1 <= numbers <= checking.MAX_NUMBERS
    assert checking.MIN_CHARACTERS <= len(network.sentence) <= checking.MAX_CHARACTERS
    assert moved * evaluation <= checking.MAX_CHECK_WORK


def test_a_network_of_very_many_layers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier version could create one."""
    monkeypatch.setattr(work, "MAX_LAYERS", 1000)
    run = a_run(hidden_sizes=(1,) * 400)
    with pytest.raises(UserError) as caught:
        checking.make_job(run)
    assert (caught.value.code, caught.value.field) == ("check_too_large", None)
