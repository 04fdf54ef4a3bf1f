"""Running text: streams through one text, side by side, with a state that is carried on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from model.kernels.types import FloatArray
from model.network import Network
from model.training.batch_sampler import Int64Array


class StreamSampler:
    """Divides the windows of a text among streams; a step takes the next window of each stream.

    The windows of a stream follow each other in the text, and a stream ends where the next one
    begins. So each stream starts an epoch with the state that the one before it has reached; the
    first one, at the beginning of the text, starts with a state of zero.

    Args:
        network: the network; its sizes are those of the state.
        windows: number of windows of the text.
        window: characters per window.
        streams: number of streams, at most `windows`. Windows that they cannot share are left out.

    Attributes:
        streams: number of streams.
        state: (streams, 2 * units), the states after the last step.
    """

    def __init__(self, network: Network, windows: int, window: int, streams: int) -> None:
        self.streams = min(streams, windows)
        self.state: FloatArray = network.zero_state(self.streams)
        self._window = window
        self._length = windows // self.streams  # windows of a stream
        self._position = 0  # the next window of each stream
        self._units = self.state.shape[1] // 2
        self._has_cell_state = network.layout.spec.has_cell_state

    def __len__(self) -> int:
        """Number of windows in an epoch."""
        return self.streams * self._length

    def next_batches(self, steps: int) -> tuple[Int64Array, Int64Array]:
        """The windows of at most so many steps, and the offsets of the steps.

        There are fewer steps at the end of an epoch.
        """
        if self._position == self._length:
            self._position = 0
            self.state = np.roll(self.state, 1, axis=0)
            self.state[0] = 0
        end = min(self._position + steps, self._length)
        numbers = np.arange(self._position, end)[:, np.newaxis]
        order = (numbers + np.arange(self.streams) * self._length).ravel()
        self._position = end
        return order, np.arange(len(numbers) + 1) * self.streams

    def next_batches_within(
        self, cost: float, step_cost: int, at_least: int
    ) -> tuple[Int64Array, Int64Array]:
        """Like `next_batches`, as many as cost at most `cost` together, but `at_least` so many.

        A step costs the characters of its windows, and `step_cost`.
        """
        steps = int(cost / (self.streams * self._window + step_cost))
        return self.next_batches(max(steps, at_least))

    def reset_state(self) -> None:
        """Set the states to zero."""
        self.state[:] = 0

    def state_dict(self) -> dict[str, Any]:
        """The position and the states, from which the training continues, as plain data."""
        held = self.state if self._has_cell_state else self.state[:, : self._units]
        return {
            "windows": len(self),
            "streams": self.streams,
            "position": self._position,
            "state": held.ravel().tolist(),
        }

    def accepts(self, state: Mapping[str, Any]) -> bool:
        """Whether a state is one of running text."""
        return "windows" in state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state; ignored if the windows or the streams are others.

        Raises:
            ValueError, KeyError, TypeError: the state is invalid; the sampler is unchanged.
        """
        if (state["windows"], state["streams"]) != (len(self), self.streams):
            return
        position = state["position"]
        states: npt.NDArray[np.float64] = np.array(state["state"], dtype=np.float64)
        columns = self._units * (2 if self._has_cell_state else 1)
        fits = states.size == self.streams * columns and np.isfinite(states).all()
        if not (isinstance(position, int) and 0 <= position <= self._length and fits):
            raise ValueError("the position in the text is damaged")
        self._position = position
        self.state[:] = 0
        self.state[:, :columns] = states.reshape(self.streams, columns)
