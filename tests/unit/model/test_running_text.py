"""Running text: carried states, dropout, streams, and the validation of a text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import CharModel, Graph, Mat, ModelError, Trainer, TrainingConfig, Vocabulary
from model.autograd.reference_cells import STEPS, State
from model.kernels.dropout import Dropout, hash32, row_bits
from model.metrics import add_gradient
from model.network import CELLS
from model.text.dataset import split_text
from model.training.optimizers import AdamW
from model.training.streams import StreamSampler
from model.training.validation import TextValidator

Float64Array = npt.NDArray[np.float64]

TEXT = "def add(a, b):\n\treturn a + b\n\n\ndef twice(a):\n\treturn add(a, a)\n" * 12
CONFIG = TrainingConfig(
    mode="text",
    sequence_length=5,
    batch_size=3,
    optimizer="adamw",
    weight_decay=0.1,
    clip=1.0,
    clip_norm=True,
    dropout=0.3,
    validation_fraction=0.1,
    seed=1,
)


def small_model(cell: str = "lstm", dtype: Any = np.float64) -> CharModel:
    vocabulary = Vocabulary.from_sentences([TEXT])
    model = CharModel.create(vocabulary, cell, (6, 4), 3, seed=1, dtype=dtype)
    model.params[:] = np.random.default_rng(2).normal(scale=0.5, size=model.num_parameters)
    return model


def trainer_with(dtype: Any = np.float64, threads: int = 1, **changes: Any) -> Trainer:
    return Trainer(small_model(dtype=dtype), TEXT, replace(CONFIG, **changes), threads=threads)


# ---------------------------------------------------------------- the kernels


def mask(dropout: Dropout, positions: npt.NDArray[np.int64], layer: int, units: int) -> Mat:
    """The factors of a layer's outputs, (units, sentences), by the formula of the kernels."""
    factors = np.zeros((units, len(positions)))
    with np.errstate(over="ignore"):
        for column, position in enumerate(positions):
            bits = row_bits(dropout.seed, dropout.step, int(position), layer)
            kept = [hash32((bits + j) % 2**32) >= dropout.rate * 2**32 for j in range(units)]
            factors[:, column] = np.array(kept) / (1 - dropout.rate)
    return Mat(factors)


def reference_step(
    model: CharModel,
    inputs: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int64],
    positions: npt.NDArray[np.int64],
    state: Float64Array,
    dropout: Dropout,
) -> tuple[float, dict[str, Float64Array], Float64Array]:
    """The loss of a step on the expression graph, its gradient, and the new state.

    inputs, targets and positions are (T, streams).
    """
    matrices = {name: Mat(matrix) for name, matrix in model.named_parameters().items()}
    units, states, begin = sum(model.hidden_sizes), [], 0
    for hidden in model.hidden_sizes:
        h, c = (state[:, at : at + hidden].T for at in (begin, units + begin))
        states.append((Mat(h), Mat(c)) if CELLS[model.cell].has_cell_state else (Mat(h),))
        begin += hidden
    with Graph() as graph:
        losses = []
        for t in range(len(inputs)):
            x = matrices["Wil"].take_rows(inputs[t]).T  # (E, streams)
            for d, hidden in enumerate(model.hidden_sizes):
                states[d] = STEPS[model.cell](matrices, d, x, states[d])
                # The kernels number the layers by their place among the sizes.
                x = states[d][0] * mask(dropout, positions[t], 5 + d, hidden)
            logits = (matrices["Whd"] @ x + matrices["bd"]).T
            losses.append(logits.softmax_cross_entropy(targets[t]))
        loss = Mat.concatenate(losses).sum()
        mean = loss * (1.0 / inputs.shape[1])
    graph.backward(mean)
    return float(loss), {name: m.grad for name, m in matrices.items()}, _flat(states)


def _flat(states: list[State]) -> Float64Array:
    h = np.concatenate([state[0].data.T for state in states], axis=1)
    c = np.concatenate([state[-1].data.T for state in states], axis=1)
    return np.concatenate((h, c), axis=1)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_carried_step_with_dropout_equals_the_expression_graph(cell: str) -> None:
    model, steps, streams = small_model(cell), 5, 3
    tokens = model.vocabulary.encode(TEXT)[:61]
    offsets = np.arange(0, 61, steps)  # (13,)
    batch = np.array([0, 4, 8])
    state = np.random.default_rng(3).normal(size=(streams, 20))
    dropout = Dropout(0.3, 77, 5)
    places = offsets[batch] + np.arange(steps)[:, np.newaxis]  # (T, streams)
    loss, gradient, after = reference_step(
        model, tokens[places], tokens[places + 1], places, state, dropout
    )
    computed = np.zeros_like(model.params)
    kernel_loss = add_gradient(model, computed, tokens, offsets, batch, dropout, state)
    assert kernel_loss == pytest.approx(loss, rel=1e-12)
    for name, matrix in model.layout.views(computed).items():
        np.testing.assert_allclose(matrix, gradient[name], rtol=1e-9, atol=1e-9, err_msg=name)
    columns = 20 if CELLS[cell].has_cell_state else 10
    np.testing.assert_allclose(state[:, :columns], after[:, :columns], rtol=1e-9)


def test_dropout_drops_its_share_independently_of_place_layer_and_step() -> None:
    kept = [
        mask(Dropout(0.4, seed, step), np.arange(500), layer, 20).data > 0
        for seed, step, layer in [(1, 0, 5), (1, 1, 5), (1, 0, 6), (2, 0, 5)]
    ]
    for one in kept:
        assert one.mean() == pytest.approx(0.6, abs=0.02)
        assert np.corrcoef(one[:, 1:].ravel(), one[:, :-1].ravel())[0, 1] == pytest.approx(
            0, abs=0.04
        )
    for other in kept[1:]:
        assert np.corrcoef(kept[0].ravel(), other.ravel())[0, 1] == pytest.approx(0, abs=0.04)


# ---------------------------------------------------------------- streams


@given(windows=st.integers(1, 60), streams=st.integers(1, 9), steps=st.integers(1, 7))
def test_an_epoch_has_each_window_once_and_streams_follow_each_other(
    windows: int, streams: int, steps: int
) -> None:
    sampler = StreamSampler(small_model(), windows, 5, streams)
    seen: list[npt.NDArray[np.int64]] = []
    while len(seen) * sampler.streams < len(sampler):
        order, offsets = sampler.next_batches(steps)
        assert len(offsets) - 1 <= steps
        seen += np.split(order, offsets[1:-1])
    windows_of_streams = np.stack(seen, axis=1)  # (streams, windows of a stream)
    assert windows_of_streams.ravel().tolist() == list(range(len(sampler)))
    assert windows - len(sampler) < sampler.streams


def test_a_stream_begins_an_epoch_with_the_state_of_the_stream_before() -> None:
    sampler = StreamSampler(small_model(), 6, 5, 3)
    sampler.next_batches(2)
    sampler.state[:] = np.arange(3)[:, np.newaxis] + 1
    sampler.next_batches(1)
    assert sampler.state[:, 0].tolist() == [0, 1, 2]


# ---------------------------------------------------------------- training


def test_training_resumes_bit_for_bit_with_dropout_and_adamw() -> None:
    trainer = trainer_with()
    trainer.train(70)  # within the second epoch
    saved = json.loads(json.dumps(trainer.to_json()))
    resumed = Trainer.from_json(saved, TEXT, CONFIG, dtype=np.float64)
    assert isinstance(resumed.optimizer, AdamW)
    trainer.train(70)
    resumed.train(70)
    np.testing.assert_array_equal(resumed.model.params, trainer.model.params)


def test_training_in_parts_equals_training_at_once() -> None:
    at_once, in_parts = trainer_with(), trainer_with()
    stats = at_once.train(100)
    for steps in (1, 30, 69):
        in_parts.train(steps)
    np.testing.assert_array_equal(in_parts.model.params, at_once.model.params)
    assert (stats.steps, stats.characters) == (100, 100 * 3 * 5)
    assert stats.epoch == pytest.approx(100 * 3 / at_once.sentence_count)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_the_steps(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.training.trainer.MIN_WORK", 1)
    alone, together = trainer_with(np.float32), trainer_with(np.float32, threads)
    assert together.train(50).cost == pytest.approx(alone.train(50).cost, rel=1e-6)
    np.testing.assert_allclose(together.model.params, alone.model.params, atol=1e-5)


def test_a_network_learns_a_text_and_its_line_breaks() -> None:
    model = CharModel.create(Vocabulary.from_sentences([TEXT]), hidden_sizes=(24,), seed=1)
    trainer = Trainer(model, TEXT, replace(CONFIG, dropout=0.0, learning_rate=0.01))
    assert trainer.validation is not None
    before = trainer.validation.evaluate()
    trainer.train(600)
    assert trainer.validation.evaluate() < 0.2 * before
    assert model.next_char_probabilities(TEXT[:14])["\n"] > 0.5


def test_a_rollback_sets_the_carried_state_to_zero() -> None:
    trainer = trainer_with(learning_rate=10.0, optimizer="rmsprop", clip=1000.0)
    trainer.train(2)
    assert trainer.rollbacks or trainer.train(60)
    assert trainer.rollbacks
    assert np.isfinite(trainer.model.params).all()
    sampler = trainer._data.sampler
    assert isinstance(sampler, StreamSampler)
    assert np.isfinite(sampler.state).all()


def test_sentences_are_no_running_text_and_their_order_is_not_that_of_a_text() -> None:
    with pytest.raises(ModelError) as caught:
        Trainer(small_model(), TEXT.splitlines(), CONFIG)
    assert caught.value.code == "text_not_a_string"
    saved = trainer_with().to_json()
    lines = [line for line in TEXT.splitlines() if line]
    by_lines = Trainer.from_json(saved, lines, TrainingConfig(), dtype=np.float64)
    assert by_lines.sentence_count == len(lines)
    by_lines.train(2)


# ---------------------------------------------------------------- validation


@given(st.integers(1, len(TEXT)), st.integers(1, 40))
def test_a_pass_predicts_each_character_once(characters: int, window: int) -> None:
    model = small_model()
    tokens = model.vocabulary.encode(TEXT)[: characters + 1]
    validator = TextValidator(model, tokens, window)
    _, predictions = validator._losses(0, len(validator._batches))
    assert predictions == len(validator) == len(tokens) - 1


def test_the_streams_of_a_pass_have_the_loss_of_one_stream() -> None:
    model = CharModel.create(Vocabulary.from_sentences([TEXT]), hidden_sizes=(24,), seed=1)
    Trainer(model, TEXT, replace(CONFIG, dropout=0.0)).train(200)
    tokens = model.vocabulary.encode(TEXT)
    one, several = TextValidator(model, tokens, len(TEXT)), TextValidator(model, tokens, 4)
    assert len(several._batches) < len(TEXT) / 8
    assert several.evaluate() == pytest.approx(one.evaluate(), rel=1e-4)


def test_a_pass_in_pieces_gives_the_perplexity_of_a_whole_one() -> None:
    validator = trainer_with().validation
    assert validator is not None
    whole = validator.evaluate()
    passes = validator.completed_passes
    while validator.completed_passes == passes:
        validator.evaluate_for(1e-4)
    assert validator.perplexity == pytest.approx(whole, rel=1e-12)


def test_the_last_part_of_a_text_is_held_out() -> None:
    vocabulary = Vocabulary.from_sentences([TEXT])
    split = split_text(vocabulary, TEXT, 0.25)
    assert split.validation is not None
    assert vocabulary.decode(split.train[1:]) + vocabulary.decode(split.validation[1:]) == TEXT
    assert len(split.validation) - 1 == len(TEXT) // 4
    assert split.train[-1] == split.validation[0]
    assert split_text(vocabulary, TEXT[:100]).validation is None


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("text", "changes", "code"),
    [
        ("", {}, "no_text"),
        ("def", {}, "text_too_short"),
        ("Zürich" * 20, {}, "unknown_characters"),
        (TEXT, {"sequence_length": 0}, "invalid_sequence_length"),
        (TEXT, {"sequence_length": True}, "invalid_sequence_length"),
        (TEXT, {"dropout": 1.0}, "out_of_range"),
        (TEXT, {"dropout": float("nan")}, "out_of_range"),
        (TEXT, {"mode": "words"}, "unknown_choice"),
    ],
)
def test_bad_input_is_refused(text: str, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as caught:
        Trainer(small_model(), text, replace(CONFIG, **changes))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "damage",
    [
        {"position": 10**6},
        {"position": "1"},
        {"state": [[0.0]]},
        {"state": [["x"] * 20] * 3},
        {"dropout": {"seed": -1, "step": 0}},
        {"dropout": {"seed": 1}},
    ],
)
def test_a_damaged_position_is_refused(damage: dict[str, Any]) -> None:
    saved = trainer_with().to_json()
    saved["solver"]["order"].update(damage)
    with pytest.raises(ModelError) as caught:
        Trainer.from_json(saved, TEXT, CONFIG, dtype=np.float64)
    assert caught.value.code == "order_damaged"
