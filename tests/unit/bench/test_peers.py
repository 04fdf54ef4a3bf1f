"""The peers train the same network as charnn: same loss, correct gradient, same sentences."""

from __future__ import annotations

import numpy as np
import pytest

from bench.speed.batches import PADDING, length_buckets, training
from bench.speed.peers.numpy_lstm import PlainLSTM
from bench.speed.workloads import Network, alphabet
from model import CharModel, Vocabulary

SENTENCES = ["start small", "ship it, then listen", "the market answers", "go"]
CELLS = "cifo"  # the order of the NumPy LSTM's gates, by charnn's names


@pytest.fixture
def charnn() -> CharModel:
    vocabulary = Vocabulary(alphabet(SENTENCES))
    return CharModel.create(vocabulary, "lstm", (4, 4), 3, seed=1, dtype=np.float64)


def numpy_lstm(charnn: CharModel) -> PlainLSTM:
    """A NumPy LSTM with charnn's weights."""
    lstm = PlainLSTM(len(charnn.vocabulary), 3, (4, 4), dtype=np.float64)
    parameters = charnn.named_parameters()
    for name in ("Wil", "bd"):
        lstm.weights[name][:] = parameters[name].reshape(lstm.weights[name].shape)
    lstm.weights["Wd"][:] = parameters["Whd"].T
    for layer in range(2):
        for ours, kind in (("Wx", "W{}x"), ("Wh", "W{}h"), ("b", "b{}")):
            gates = [parameters[f"{kind.format(gate)}{layer}"].T for gate in CELLS]
            lstm.weights[f"{ours}{layer}"][:] = np.concatenate(gates, axis=1).squeeze()
    return lstm


def test_batches_hold_every_sentence_once_by_length() -> None:
    batches = length_buckets(SENTENCES, 2)
    assert [batch.inputs.shape for batch in batches] == [(21, 2), (12, 2)]
    assert sum(batch.characters for batch in batches) == sum(map(len, SENTENCES))
    letters = ["", *alphabet(SENTENCES)]
    read = ["".join(letters[i] for i in column if i > 0) for b in batches for column in b.targets.T]
    assert sorted(read) == sorted(SENTENCES)
    predictions = sum(int((batch.targets != PADDING).sum()) for batch in batches)
    assert predictions == sum(len(sentence) + 1 for sentence in SENTENCES)


def test_an_epoch_has_each_batch_once() -> None:
    taken: list[int] = []

    def step(number: int) -> int:
        taken.append(number)
        return 1

    run = training(step, range(10))
    while len(taken) < 20:
        run(0.0001)
    assert sorted(taken[:10]) == sorted(taken[10:20]) == list(range(10))


def test_numpy_lstm_has_the_loss_of_charnn(charnn: CharModel) -> None:
    lstm = numpy_lstm(charnn)
    (batch,) = length_buckets(SENTENCES, 4)
    assert lstm.backpropagate(batch) == pytest.approx(charnn.losses(SENTENCES).sum(), rel=1e-12)


def test_numpy_lstm_gradient_matches_finite_differences(charnn: CharModel) -> None:
    lstm = numpy_lstm(charnn)
    (batch,) = length_buckets(SENTENCES, 4)
    lstm.backpropagate(batch)
    gradient, step = lstm.gradient.copy(), 1e-5
    for index in np.random.default_rng(2).choice(len(lstm.flat), 30, replace=False):
        losses = []
        for sign in (1, -1):
            lstm.flat[index] += sign * step
            losses.append(lstm.backpropagate(batch))
            lstm.flat[index] -= sign * step
        slope = (losses[0] - losses[1]) / (2 * step)
        assert gradient[index] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_torch_lstm_has_the_loss_of_numpy_lstm(charnn: CharModel) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from bench.speed.peers.torch_lstm import PeerLSTM, tensors

    lstm, peer = numpy_lstm(charnn), PeerLSTM(Network((4, 4), 3), len(charnn.vocabulary))
    order = [1, 2, 0, 3]  # PyTorch's gates are i, f, g, o
    with torch.no_grad():
        peer.embedding.weight[:] = torch.from_numpy(lstm.weights["Wil"])
        peer.decoder.weight[:] = torch.from_numpy(lstm.weights["Wd"].T)
        peer.decoder.bias[:] = torch.from_numpy(lstm.weights["bd"])
        for layer in range(2):
            for ours, its in (("Wx", f"weight_ih_l{layer}"), ("Wh", f"weight_hh_l{layer}")):
                matrix = lstm.weights[f"{ours}{layer}"].T.reshape(4, 4, -1)[order]
                getattr(peer.lstm, its)[:] = torch.from_numpy(matrix.reshape(16, -1))
            getattr(peer.lstm, f"bias_ih_l{layer}").zero_()
            getattr(peer.lstm, f"bias_hh_l{layer}").zero_()
    (batch,) = length_buckets(SENTENCES, 4)
    inputs, targets, _ = tensors(batch)
    assert peer.loss(inputs, targets).item() == pytest.approx(lstm.backpropagate(batch), rel=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_numpy_lstm_trains(batch_size: int) -> None:
    lstm = PlainLSTM(len(alphabet(SENTENCES)) + 1, 5, (20,))
    batches = length_buckets(SENTENCES, batch_size)
    before = sum(map(lstm.backpropagate, batches))
    for _ in range(200):
        for batch in batches:
            lstm.train_step(batch)
    assert sum(map(lstm.backpropagate, batches)) < before / 2
