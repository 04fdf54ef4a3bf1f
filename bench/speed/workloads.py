"""The networks whose training is measured, and the arithmetic that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FLOPS_PER_WEIGHT = 6  # a multiply-add forwards, and two backwards, for every prediction


@dataclass(frozen=True)
class Network:
    """LSTM layers over letter vectors, trained in batches of so many sentences."""

    hidden_sizes: tuple[int, ...]
    letter_size: int
    batch_size: int = 1

    def __str__(self) -> str:
        sizes = ", ".join(map(str, self.hidden_sizes))
        return f"LSTM [{sizes}]/{self.letter_size}, batch {self.batch_size}"

    def multiplied_weights(self, inputs: int) -> int:
        """Weights that a prediction multiplies with: those of the layers and of the decoder."""
        count, below = 0, self.letter_size
        for hidden in self.hidden_sizes:
            count += 4 * hidden * (below + hidden)  # four gates
            below = hidden
        return count + below * inputs

    def operations_per_character(self, sentences: Sequence[str]) -> float:
        """Floating-point operations in matrix products, for each character of these sentences."""
        characters = sum(map(len, sentences))
        predictions = characters + len(sentences)  # one more a sentence: its end
        weights = self.multiplied_weights(inputs=len(alphabet(sentences)) + 1)
        return FLOPS_PER_WEIGHT * weights * predictions / characters


NETWORKS = (
    Network((20, 20), 5),
    Network((100,), 5),
    Network((256, 256), 16),
    Network((100,), 5, batch_size=32),
    Network((256, 256), 16, batch_size=32),
)


def alphabet(sentences: Sequence[str]) -> list[str]:
    """The distinct characters, in the order of their first appearance."""
    return list(dict.fromkeys("".join(sentences)))


LEARNING_RATE = 0.001  # small, so that no competitor diverges; the rate does not affect the speed
L2 = 1e-6
CLIP = 5.0
DECAY = 0.999
EPSILON = 1e-8
