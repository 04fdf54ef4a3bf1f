"""The networks that the benchmark trains, and their operation counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FLOPS_PER_WEIGHT = 6  # a multiply-add in the forward pass, two in the backward pass


@dataclass(frozen=True)
class Network:
    """LSTM layers over letter vectors, and the batch size of their training."""

    hidden_sizes: tuple[int, ...]
    letter_size: int
    batch_size: int = 1

    def __str__(self) -> str:
        sizes = ", ".join(map(str, self.hidden_sizes))
        return f"LSTM [{sizes}]/{self.letter_size}, batch {self.batch_size}"

    def multiplied_weights(self, inputs: int) -> int:
        """The number of weights in matrix products: those of the layers and the decoder."""
        count, input_size = 0, self.letter_size
        for hidden in self.hidden_sizes:
            count += 4 * hidden * (input_size + hidden)  # four gates
            input_size = hidden
        return count + input_size * inputs

    def operations_per_character(self, sentences: Sequence[str]) -> float:
        """Floating-point operations in matrix products per character of these sentences."""
        characters = sum(map(len, sentences))
        predictions = characters + len(sentences)  # each sentence's end is one more
        weights = self.multiplied_weights(inputs=len(alphabet(sentences)) + 1)
        return FLOPS_PER_WEIGHT * weights * predictions / characters


NETWORKS = (
    Network((20, 20), 5),
    Network((100,), 5),
    Network((256, 256), 16),
    Network((100,), 5, batch_size=32),
    Network((256, 256), 16, batch_size=32),
    Network((512,), 64, batch_size=32),
)


def alphabet(sentences: Sequence[str]) -> list[str]:
    """The distinct characters, in the order of their first appearance."""
    return list(dict.fromkeys("".join(sentences)))


LEARNING_RATE = 0.001  # small, so that no competitor diverges; the rate does not affect the speed
L2 = 1e-6
CLIP = 5.0
DECAY = 0.999
EPSILON = 1e-8
