"""PyTorch on the CPU, as a competitor (see the docstring of `bench`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.speed.batches import PADDING, Batch, Run, length_buckets, training
from bench.speed.competitors import Absent
from bench.speed.workloads import CLIP, DECAY, EPSILON, L2, LEARNING_RATE, Network, alphabet

try:
    import torch
except ImportError:
    raise Absent("it is not installed (pip install torch)") from None


def version() -> str:
    """The version of PyTorch."""
    return str(torch.__version__)


def prepare(network: Network, sentences: Sequence[str]) -> Run:
    """A run that trains on these sentences."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    lstm = PeerLSTM(network, inputs=len(alphabet(sentences)) + 1)
    batches = [tensors(batch) for batch in length_buckets(sentences, network.batch_size)]

    def step(batch: tuple[Any, Any, int]) -> int:
        inputs, targets, characters = batch
        lstm.train_step(inputs, targets)
        return characters

    return training(step, batches)


def tensors(batch: Batch) -> tuple[Any, Any, int]:
    """Inputs (time, sentences), targets (time * sentences,), and the number of characters."""
    targets = torch.from_numpy(batch.targets.ravel())
    return torch.from_numpy(batch.inputs), targets, batch.characters


class PeerLSTM:
    """The same network and training step, built of PyTorch's modules."""

    def __init__(self, network: Network, inputs: int) -> None:
        hidden = network.hidden_sizes[0]
        if set(network.hidden_sizes) != {hidden}:
            raise Absent("its layers all have one size")
        self.embedding = torch.nn.Embedding(inputs, network.letter_size)
        self.lstm = torch.nn.LSTM(network.letter_size, hidden, len(network.hidden_sizes))
        self.decoder = torch.nn.Linear(hidden, inputs)
        parts = torch.nn.ModuleList([self.embedding, self.lstm, self.decoder])
        self.weights = list(parts.parameters())
        self.optimizer = torch.optim.RMSprop(
            self.weights, lr=LEARNING_RATE, alpha=DECAY, eps=EPSILON, weight_decay=L2
        )

    def loss(self, inputs: Any, targets: Any) -> Any:
        """The sum of -ln p of all targets except padding."""
        h, _ = self.lstm(self.embedding(inputs))  # (time, sentences, H)
        logits = self.decoder(h).flatten(0, 1)  # (time * sentences, V)
        return torch.nn.functional.cross_entropy(
            logits, targets, ignore_index=PADDING, reduction="sum"
        )

    def train_step(self, inputs: Any, targets: Any) -> float:
        """Train on a batch; returns its loss before the step."""
        loss = self.loss(inputs, targets)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(self.weights, CLIP)
        self.optimizer.step()
        return float(loss.item())
