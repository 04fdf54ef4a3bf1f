"""Checkpoints as bytes, and back, bit for bit."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.protocol.hyperparameters import Hyperparameters
from app.storage import DamagedCheckpoint
from app.storage.checkpoint_codec import Encoded, decode, decode_text, encode, encode_text
from app.training.curve import CurvePoint
from model import CharModel, Trainer, TrainingConfig, Vocabulary
from model.formats.checkpoint import ModelCheckpoint
from tests.support.checkpoints import POINT, assert_same, checkpoint

LETTERS = st.lists(
    st.characters(codec="utf-16", categories=["L", "N", "P", "S", "Zs", "Cs"]),
    min_size=1,
    max_size=6,
    unique=True,
)


CHANGED = ("options", "set_rate", "rate_since", "points")
"""What the first format did not hold, or not all of it."""


@given(
    letters=LETTERS,
    text=st.text(st.characters(codec=None), max_size=20),  # type: ignore[arg-type]
    numbers=st.lists(st.floats(width=32), min_size=1, max_size=5),
    kind=st.sampled_from(["lstm", "gru", "rnn"]),
    hidden_sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    solver=st.sampled_from(["rmsprop", "adam"]),
    in_order=st.booleans(),
    rate=st.floats(min_value=1e-300, max_value=1),
    steps=st.none() | st.integers(0, 2**53),
)
@settings(max_examples=50)
def test_any_checkpoint_survives_being_written(
    letters: list[str],
    text: str,
    numbers: list[float],
    kind: str,
    hidden_sizes: tuple[int, ...],
    solver: str,
    in_order: bool,
    rate: float,
    steps: int | None,
) -> None:
    model = CharModel.create(Vocabulary(letters), kind, hidden_sizes, 2, seed=0)
    model.params[: len(numbers)] = numbers  # NaN and infinity too: a network may have diverged
    training = TrainingConfig(optimizer=solver)  # type: ignore[arg-type]
    saved = Trainer(model, [letters[0]], training).checkpoint()
    assert saved.optimizer is not None
    saved.optimizer.square_avg[: len(numbers)] = numbers
    if solver == "rmsprop" or steps is not None:
        saved.optimizer.steps = steps  # type: ignore[assignment]
    order = saved.sampler_state if in_order else None
    made = replace(
        checkpoint(text=text),
        saved=ModelCheckpoint(model, saved.optimizer, order),
        learning_rate=rate,
    )
    again = decode("ann", encode(made), decode_text(encode_text(text)))
    assert_same(again, made)
    assert again.saved.model.params.tobytes() == model.params.tobytes()  # a NaN's own bits as well


@pytest.mark.parametrize("part", ["state", "arrays"])
@pytest.mark.parametrize("length", [0, 1, 40, -1, -200])
def test_bytes_that_are_not_whole_are_not_decoded(part: str, length: int) -> None:
    encoded = encode(checkpoint())
    cut: dict[str, bytes] = {part: getattr(encoded, part)[:length]}
    with pytest.raises(DamagedCheckpoint):
        decode("ann", encoded._replace(**cut), "")


def test_a_flipped_bit_in_the_weights_is_noticed() -> None:
    made = checkpoint()
    encoded = encode(made)
    spoilt = bytearray(encoded.arrays)
    spoilt[encoded.arrays.index(made.saved.model.params.tobytes()) + 40] ^= 1
    with pytest.raises(DamagedCheckpoint):
        decode("ann", Encoded(encoded.state, bytes(spoilt)), "")


def test_a_format_of_a_later_version_is_refused() -> None:
    encoded = encode(checkpoint())
    future = encoded.state.replace(b'"format": 4', b'"format": 5')
    assert future != encoded.state
    with pytest.raises(DamagedCheckpoint):
        decode("ann", encoded._replace(state=future), "")


def test_the_first_format_can_still_be_read() -> None:
    """It had no schedules and no validation, neither as options nor in the curve."""
    encoded = encode(checkpoint())
    state = json.loads(encoded.state)
    state["format"] = 1
    del state["set_rate"], state["rate_since"]
    for option in ("schedule", "schedule_epochs", "validation_fraction"):
        del state["options"][option]
    with np.load(io.BytesIO(encoded.arrays)) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["points"] = arrays["points"][:, :5]
    out = io.BytesIO()
    np.savez(out, **arrays)
    old = encoded._replace(state=json.dumps(state).encode(), arrays=out.getvalue())
    read = decode("ann", old, checkpoint().text)
    assert read.options == Hyperparameters(hidden_sizes=(4,))
    assert (read.set_rate, read.rate_since) == (0.005, 0.0)
    assert read.points[0] == CurvePoint(*POINT[:5])
    assert_same(replace(checkpoint(), **{name: getattr(read, name) for name in CHANGED}), read)


def test_the_second_format_can_still_be_read() -> None:
    """It did not know what the learning rate had been set to at a point of the curve."""
    encoded = encode(checkpoint())
    state = {**json.loads(encoded.state), "format": 2}
    with np.load(io.BytesIO(encoded.arrays)) as file:
        arrays = {**file}
    arrays["points"] = arrays["points"][:, :7]
    out = io.BytesIO()
    np.savez(out, **arrays)
    old = encoded._replace(state=json.dumps(state).encode(), arrays=out.getvalue())
    assert decode("ann", old, checkpoint().text).points[0] == POINT._replace(set_rate=None)
