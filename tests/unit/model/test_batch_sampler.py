"""How many batches are drawn for a time slice."""

from __future__ import annotations

import copy

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.training.batch_sampler import BatchSampler

STEP_COST = 5


@given(
    lengths=st.lists(st.integers(1, 200), min_size=1, max_size=12),
    batch_size=st.integers(1, 3),
    costs=st.lists(st.floats(0, 500), min_size=1, max_size=8),
)
@settings(max_examples=50)
def test_batches_within_a_cost_are_the_next_ones_and_no_more(
    lengths: list[int], batch_size: int, costs: list[float]
) -> None:
    """The order is the same however it is drawn, and its state can be saved in between."""
    numbers = np.array(lengths)
    sampler, other = (BatchSampler(numbers, batch_size, shuffle=True, seed=1) for _ in range(2))
    for cost in costs:
        order, offsets = sampler.next_batches_within(cost, STEP_COST, at_least=1)
        expected_order, expected_offsets = other.next_batches(len(offsets) - 1)
        np.testing.assert_array_equal(order, expected_order)
        np.testing.assert_array_equal(offsets, expected_offsets)
        spent = numbers[order].sum() + STEP_COST * (len(offsets) - 1)
        assert spent <= cost or len(offsets) == 2
        saved = BatchSampler(numbers, batch_size, shuffle=True, seed=2)
        saved.load_state_dict(sampler.state_dict())
        following, _ = copy.deepcopy(sampler).next_batches(3)
        np.testing.assert_array_equal(saved.next_batches(3)[0], following)


def test_a_long_sentence_among_short_ones_is_not_drawn_with_them() -> None:
    """It takes as long as hundreds of them."""
    numbers = np.array([1000, *[1] * 99])
    sampler = BatchSampler(numbers, 1, shuffle=True, seed=1)
    for _ in range(50):
        order, _ = sampler.next_batches_within(300, STEP_COST, at_least=1)
        assert len(order) == 1 or 0 not in order


def test_nothing_is_drawn_if_nothing_fits() -> None:
    sampler = BatchSampler(np.array([10, 20]), 1, shuffle=False, seed=None)
    order, offsets = sampler.next_batches_within(3, STEP_COST, at_least=0)
    assert (len(order), offsets.tolist()) == (0, [0])
    assert sampler.next_batches(2)[0].tolist() == [0, 1]
