"""PyTorch on the CPU, as a competitor, configured for speed (see the package's docstring)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.speed.batches import PADDING, Batch, Run, of_like_length, training
from bench.speed.competitors import Absent
from bench.speed.workloads import CLIP, DECAY, EPSILON, L2, LEARNING_RATE, Network, alphabet

try:
    import torch
except ImportError:
    raise Absent("it is not installed (pip install torch)") from None


def version() -> str:
    """Which PyTorch."""
    return str(torch.__version__)


def prepare(network: Network, sentences: Sequence[str]) -> Run:
    """Its training on these sentences, ready to run."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    lstm = PeerLSTM(network, inputs=len(alphabet(sentences)) + 1)
    batches = [tensors(batch) for batch in of_like_length(sentences, network.batch_size)]

    def step(batch: tuple[Any, Any, int]) -> int:
        inputs, targets, characters = batch
        lstm.learn(inputs, targets)
        return characters

    return training(step, batches)


def tensors(batch: Batch) -> tuple[Any, Any, int]:
    """Inputs (time, sentences), targets (time * sentences,), and the number of characters."""
    targets = torch.from_numpy(batch.targets.ravel())
    return torch.from_numpy(batch.inputs), targets, batch.characters


class PeerLSTM:
    """The same network and the same step in PyTorch's own parts."""

    def __init__(self, network: Network, inputs: int) -> None:
        hidden = network.hidden_sizes[0]
        if set(network.hidden_sizes) != {hidden}:
            raise Absent("its layers all have one size")
        self.embedding = torch.nn.Embedding(inputs, network.letter_size)
        self.lstm = torch.nn.LSTM(network.letter_size, hidden, len(network.hidden_sizes))
        self.decoder = torch.nn.Linear(hidden, inputs)
        parts = torch.nn.ModuleList([self.embedding, self.lstm, self.decoder])
        self.weights = list(parts.parameters())
        self.solver = torch.optim.RMSprop(
            self.weights, lr=LEARNING_RATE, alpha=DECAY, eps=EPSILON, weight_decay=L2
        )

    def cost(self, inputs: Any, targets: Any) -> Any:
        """Sum of -ln p of all targets but the padding."""
        h, _ = self.lstm(self.embedding(inputs))  # (time, sentences, H)
        logits = self.decoder(h).flatten(0, 1)  # (time * sentences, V)
        return torch.nn.functional.cross_entropy(
            logits, targets, ignore_index=PADDING, reduction="sum"
        )

    def learn(self, inputs: Any, targets: Any) -> float:
        """One step: the batch's cost before it."""
        cost = self.cost(inputs, targets)
        self.solver.zero_grad()
        cost.backward()
        torch.nn.utils.clip_grad_value_(self.weights, CLIP)
        self.solver.step()
        return float(cost.item())
