"""The layout of matrices in the flat vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import SettingsError
from model.network import ParameterLayout

layouts = st.builds(
    ParameterLayout,
    cell=st.sampled_from(["lstm", "rnn"]),
    inputs=st.integers(2, 12),
    embedding_size=st.integers(1, 6),
    hidden_sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple),
)


@given(layouts)
def test_the_matrices_cover_the_flat_vector_exactly_once(layout: ParameterLayout) -> None:
    flat = np.arange(layout.num_parameters, dtype=np.float64)
    covered = np.concatenate([view.ravel() for view in layout.views(flat).values()])
    np.testing.assert_array_equal(np.sort(covered), flat)


@given(layouts)
def test_writing_to_a_matrix_writes_to_the_flat_vector_and_to_no_other_matrix(
    layout: ParameterLayout,
) -> None:
    flat = np.zeros(layout.num_parameters, dtype=np.float32)
    views = layout.views(flat)
    for number, view in enumerate(views.values(), start=1):
        view[:] += number
    for number, view in enumerate(views.values(), start=1):
        assert (view == number).all()
    assert flat.all()


@given(layouts)
def test_shapes_are_those_of_the_matrices(layout: ParameterLayout) -> None:
    views = layout.views(np.zeros(layout.num_parameters))
    assert dict(layout.shapes()) == {name: view.shape for name, view in views.items()}


def test_an_lstms_matrices_have_the_originals_names_shapes_and_order() -> None:
    assert list(ParameterLayout("lstm", 9, 5, (4, 3)).shapes()) == [
        ("Wil", (9, 5)),
        *[("Wix0", (4, 5)), ("Wih0", (4, 4)), ("bi0", (4, 1))],
        *[("Wfx0", (4, 5)), ("Wfh0", (4, 4)), ("bf0", (4, 1))],
        *[("Wox0", (4, 5)), ("Woh0", (4, 4)), ("bo0", (4, 1))],
        *[("Wcx0", (4, 5)), ("Wch0", (4, 4)), ("bc0", (4, 1))],
        *[("Wix1", (3, 4)), ("Wih1", (3, 3)), ("bi1", (3, 1))],
        *[("Wfx1", (3, 4)), ("Wfh1", (3, 3)), ("bf1", (3, 1))],
        *[("Wox1", (3, 4)), ("Woh1", (3, 3)), ("bo1", (3, 1))],
        *[("Wcx1", (3, 4)), ("Wch1", (3, 3)), ("bc1", (3, 1))],
        *[("Whd", (9, 3)), ("bd", (9, 1))],
    ]


def test_an_rnns_matrices_have_the_originals_names_shapes_and_order() -> None:
    assert list(ParameterLayout("rnn", 9, 5, (4, 3)).shapes()) == [
        ("Wil", (9, 5)),
        *[("Wxh0", (4, 5)), ("Whh0", (4, 4)), ("bhh0", (4, 1))],
        *[("Wxh1", (3, 4)), ("Whh1", (3, 3)), ("bhh1", (3, 1))],
        *[("Whd", (9, 3)), ("bd", (9, 1))],
    ]


def test_the_default_network_has_the_expected_number_of_parameters() -> None:
    characters = 30
    first, second = 4 * 20 * (5 + 20 + 1), 4 * 20 * (20 + 20 + 1)
    expected = (characters + 1) * 5 + first + second + (20 + 1) * (characters + 1)
    assert ParameterLayout("lstm", characters + 1, 5, (20, 20)).num_parameters == expected


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cell": "transformer"}, "kind"),
        ({"cell": ""}, "kind"),
        ({"embedding_size": 0}, "letter_size"),
        ({"embedding_size": -5}, "letter_size"),
        ({"embedding_size": 2.5}, "letter_size"),
        ({"embedding_size": "5"}, "letter_size"),
        ({"embedding_size": True}, "letter_size"),
        ({"hidden_sizes": ()}, "hidden_sizes"),
        ({"hidden_sizes": (0,)}, "hidden_sizes"),
        ({"hidden_sizes": (20, -1)}, "hidden_sizes"),
        ({"hidden_sizes": (20, 2.5)}, "hidden_sizes"),
        ({"hidden_sizes": (20, float("nan"))}, "hidden_sizes"),
        ({"hidden_sizes": ("a", "b")}, "hidden_sizes"),
        ({"hidden_sizes": (True,)}, "hidden_sizes"),
    ],
)
def test_invalid_sizes_are_refused_by_field(change: dict[str, Any], field: str) -> None:
    good: dict[str, Any] = {"cell": "lstm", "inputs": 9, "embedding_size": 5, "hidden_sizes": (20,)}
    with pytest.raises(SettingsError) as caught:
        ParameterLayout(**(good | change))
    code = "unknown_kind" if field == "kind" else f"invalid_{field}"
    assert (caught.value.code, caught.value.field) == (code, field)
