"""Three sizes of networks for running text, with the options that train them best.

`make quality` measures them; docs/quality.md has the results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from model.char_model import Initialization
from model.training.config import TrainingConfig


@dataclass(frozen=True)
class Size:
    """A network and the options of its training.

    Attributes:
        hidden_sizes: units of each layer, bottom first.
        seconds: training time that the learning rate is planned for.
        config: the options of the training.
        embedding_size: numbers in a letter vector.
        cell: the cell of each layer.
        initialization: of its weights; see `CharModel.create`.
    """

    hidden_sizes: tuple[int, ...]
    seconds: float
    config: TrainingConfig
    embedding_size: int = 64
    cell: str = "lstm"
    initialization: Initialization = "glorot"

    @property
    def network(self) -> dict[str, Any]:
        """The arguments for `CharModel.create`."""
        return {
            "cell": self.cell,
            "hidden_sizes": self.hidden_sizes,
            "embedding_size": self.embedding_size,
            "initialization": self.initialization,
        }


def _config(learning_rate: float, dropout: float, **options: Any) -> TrainingConfig:
    common = {
        "mode": "text",
        "sequence_length": 64,
        "batch_size": 32,
        "optimizer": "adamw",
        "weight_decay": 0.01,
        "schedule": "cosine",
        "warmup_steps": 100,
        "clip": 1.0,
        "clip_norm": True,
    }
    return TrainingConfig(**{**common, **options}, learning_rate=learning_rate, dropout=dropout)


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "small": Size((128,), 60.0, _config(0.012, 0.1)),
        "medium": Size((256,), 600.0, _config(0.012, 0.2)),
        "large": Size((512,), 3300.0, _config(0.01, 0.5)),
    }
)


def size_for(characters: int) -> str:
    """The name of the size that suits a text of so many characters."""
    if characters < 200_000:
        return "small"
    return "medium" if characters < 10_000_000 else "large"
