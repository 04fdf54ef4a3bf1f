"""PyTorch's `nn.LSTM`, with the architecture, the optimizer and the schedule of charnn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.quality.task import HELD_OUT, Point, Task
from bench.speed.competitors import Absent
from model import Vocabulary

try:
    import torch
except ImportError:
    raise Absent("it is not installed (pip install torch)") from None

STREAMS = 32
"""Parts of the validation text that are evaluated side by side."""
WARM_UP = 256
"""Characters that precede each of them, so that it begins with the state of its context."""
WINDOW = 512
"""Characters of each part that are evaluated at a time."""

State = Any


def version() -> str:
    """The version of PyTorch."""
    return str(torch.__version__)


def learn(task: Task) -> Iterator[Point]:
    """Train, with the points of the curve."""
    torch.set_num_threads(task.threads)
    torch.manual_seed(task.seed)
    text = task.read()
    tokens = torch.from_numpy(Vocabulary.from_sentences([text]).encode(text).astype(np.int64))
    held_out = int(HELD_OUT * len(tokens))
    train, validation = tokens[:-held_out], tokens[-held_out - 1 :]
    lstm = TorchLSTM(task, inputs=int(tokens.max()) + 1)
    yield Point(0.0, 0, 0, lstm.evaluate(validation))
    config, seconds, steps = task.recipe.config, 0.0, 0
    batches = Streams(train, config.batch_size, config.sequence_length)
    for until in task.evaluation_times():
        while seconds < until:
            began = time.perf_counter()
            lstm.train_step(*next(batches), task.learning_rate(seconds, steps))
            seconds += time.perf_counter() - began
            steps += 1
        characters = steps * config.batch_size * config.sequence_length
        yield Point(seconds, steps, characters, lstm.evaluate(validation))


class Streams:
    """Divides a text among streams; a step takes the next window of each, in every epoch.

    Args:
        tokens: (characters,).
        streams: number of streams.
        window: characters of a window.
    """

    def __init__(self, tokens: Any, streams: int, window: int) -> None:
        length = (len(tokens) - 1) // (streams * window) * window
        starts = torch.arange(streams) * length
        places = starts + torch.arange(length)[:, None]  # (length, streams)
        self._inputs, self._targets = tokens[places], tokens[places + 1]
        self._window, self._at = window, 0

    def __next__(self) -> tuple[Any, Any]:
        begin = self._at
        self._at = (begin + self._window) % len(self._inputs)
        window = slice(begin, begin + self._window)
        return self._inputs[window], self._targets[window]


class TorchLSTM:
    """The network of PyTorch's modules, with their initial weights."""

    def __init__(self, task: Task, inputs: int) -> None:
        recipe, config = task.recipe, task.recipe.config
        hidden = recipe.hidden_sizes[0]
        if recipe.cell != "lstm" or set(recipe.hidden_sizes) != {hidden}:
            raise Absent("its layers are LSTMs of one size")
        layers = len(recipe.hidden_sizes)
        rate = config.dropout
        self._clip = config.clip
        between = rate if layers > 1 else 0.0
        self.modules = torch.nn.ModuleDict(
            {
                "embedding": torch.nn.Embedding(inputs, recipe.embedding_size),
                "lstm": torch.nn.LSTM(recipe.embedding_size, hidden, layers, dropout=between),
                "dropout": torch.nn.Dropout(rate),
                "decoder": torch.nn.Linear(hidden, inputs),
            }
        )
        self._optimizer = torch.optim.AdamW(
            self.modules.parameters(), weight_decay=config.weight_decay
        )
        self._state: State = None

    def train_step(self, inputs: Any, targets: Any, learning_rate: float) -> None:
        """Take a step on a window (time, streams), with the state of the one before."""
        logits, state = self._forward(inputs, self._state)
        self._state = tuple(part.detach() for part in state)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.modules.parameters(), self._clip)
        self._optimizer.param_groups[0]["lr"] = learning_rate
        self._optimizer.step()

    def evaluate(self, tokens: Any) -> float:
        """The mean loss of a text (characters + 1,), in nats per character."""
        length = (len(tokens) - 1) // STREAMS
        before = min(WARM_UP, length)
        self.modules.eval()
        with torch.no_grad():
            places = torch.arange(STREAMS) * length + torch.arange(-before, 0)[:, None]
            _, state = self._losses(tokens, places.clamp(min=0), None)
            for part in state:  # nothing precedes the first stream
                part[:, 0] = 0
            total = 0.0
            for begin in range(0, length, WINDOW):
                times = torch.arange(begin, min(begin + WINDOW, length))
                places = torch.arange(STREAMS) * length + times[:, None]
                loss, state = self._losses(tokens, places, state)
                total += loss
            rest = torch.arange(STREAMS * length, len(tokens) - 1)[:, None]
            if len(rest):
                last = tuple(part[:, -1:].contiguous() for part in state)
                total += self._losses(tokens, rest, last)[0]
        self.modules.train()
        return total / (len(tokens) - 1)

    def _losses(self, tokens: Any, places: Any, state: State) -> tuple[float, State]:
        """The sum of the losses after the characters at these places (time, streams)."""
        logits, state = self._forward(tokens[places], state)
        targets = tokens[places + 1].flatten()
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction="sum")
        return float(loss), state

    def _forward(self, inputs: Any, state: State) -> tuple[Any, State]:
        modules = self.modules
        hidden, state = modules["lstm"](modules["embedding"](inputs), state)
        return modules["decoder"](modules["dropout"](hidden)), state
