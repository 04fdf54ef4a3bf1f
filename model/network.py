"""Where each matrix of a network lies in its one flat vector of parameters.

A snapshot is then one copy, and a solver's step one loop. The kernels want the gates of a layer
side by side and the weights transposed, so that their innermost loops run over neighbouring
numbers; people and the saved JSON want the textbook's matrices. Both look at the same memory: the
named views below are slices of the flat vector, most of them transposed.

Order in the flat vector, with V inputs (= outputs), E the letter size, G gates a layer, H units:

    Wil                    (V, E)      one row a letter vector
    for each layer:
        Wx                 (in, G * H) from below, gates side by side, transposed
        Wh                 (H, G * H)  from the layer's last hidden state, likewise
        b                  (G * H)     and H more for a gate with a bias of its hidden product
    Wd                     (H, V)      decoder on the top layer, transposed
    bd                     (V)

Gates lie side by side from the last to the first of `GATES`: back-propagation through the
original's graph comes by them in this order, and sums over a row of gates then add up as they do
there. The three sigmoid gates are neighbours, so that one loop serves them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from model.errors import SettingsError

FloatArray = npt.NDArray[np.floating[Any]]
Kind = Literal["lstm", "rnn", "gru"]


@dataclass(frozen=True)
class GateNames:
    """What the original's JSON calls the matrices of one gate, before the layer's number."""

    from_below: str
    from_hidden: str
    bias: str
    hidden_bias: str | None = None  # of the product with the hidden state, where it has one


GATES: Mapping[str, tuple[GateNames, ...]] = MappingProxyType(
    {
        "lstm": (
            GateNames("Wix", "Wih", "bi"),  # input gate
            GateNames("Wfx", "Wfh", "bf"),  # forget gate
            GateNames("Wox", "Woh", "bo"),  # output gate
            GateNames("Wcx", "Wch", "bc"),  # cell write
        ),
        "rnn": (GateNames("Wxh", "Whh", "bhh"),),
        "gru": (
            GateNames("Wzx", "Wzh", "bz"),  # update gate
            GateNames("Wrx", "Wrh", "br"),  # reset gate
            GateNames("Wcx", "Wch", "bc", "bch"),  # candidate
        ),
    }
)


@dataclass(frozen=True)
class Layout:
    """The sizes of a network, and from them the place of every matrix.

    Attributes:
        kind: which cell the layers are made of.
        inputs: V, the number of characters and START/END; the outputs are as many.
        letter_size: E, numbers in a letter vector.
        hidden_sizes: H of each layer, bottom first.
    """

    kind: str
    inputs: int
    letter_size: int
    hidden_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.kind not in GATES:
            known = " or ".join(sorted(GATES))
            raise SettingsError("unknown_kind", "kind", kind=self.kind, known=known)
        if not is_size(self.letter_size):
            raise SettingsError("invalid_letter_size", "letter_size")
        if not self.hidden_sizes or not all(map(is_size, self.hidden_sizes)):
            raise SettingsError("invalid_hidden_sizes", "hidden_sizes")

    @property
    def gates(self) -> int:
        """G, the number of gates in a layer."""
        return len(GATES[self.kind])

    @property
    def biases(self) -> int:
        """How many biases a unit has: one a gate, and one for a hidden product with its own."""
        return self.gates + sum(gate.hidden_bias is not None for gate in GATES[self.kind])

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """What the kernels are told: [V, E, widest, numbers a row, H of each layer…].

        widest is the largest of E and all H. A row of a sentence has so many numbers in the work
        space before the logits: its letter vector, and for each layer its gates and three states.
        """
        widest = max(self.letter_size, *self.hidden_sizes)
        row = self.letter_size + sum((self.gates + 3) * hidden for hidden in self.hidden_sizes)
        return np.array(
            [self.inputs, self.letter_size, widest, row, *self.hidden_sizes], dtype=np.int64
        )

    def work_size(self, rows: int, batch: int = 1) -> int:
        """Numbers of work space that the kernels need for so many rows of so many sentences."""
        inputs, _, widest, row = map(int, self.sizes[:4])
        return rows * (row + inputs + widest) + (1 + batch) * widest

    @property
    def step_size(self) -> int:
        """Numbers of work space that a step of one sentence needs, where nothing is kept of it."""
        return max(self.letter_size, *self.hidden_sizes) + (self.gates + 3) * max(self.hidden_sizes)

    @cached_property
    def parameter_count(self) -> int:
        """Numbers in the flat vector: all weights and biases."""
        count, below = self.inputs * self.letter_size, self.letter_size
        for hidden in self.hidden_sizes:
            count += ((below + hidden) * self.gates + self.biases) * hidden
            below = hidden
        return count + (below + 1) * self.inputs

    def views(self, flat: FloatArray) -> dict[str, FloatArray]:
        """Every matrix of a flat vector by its name in the saved JSON, in the textbook's shape.

        The matrices are views: writing to one writes to the flat vector. Biases and `bd` are
        columns, shape (units, 1). The order is that of the original's own models.
        """
        cursor = _Cursor(flat)
        named = {"Wil": cursor.take(self.inputs, self.letter_size)}
        below = self.letter_size
        for number, hidden in enumerate(self.hidden_sizes):
            from_below = cursor.take(below, self.gates * hidden)
            from_hidden = cursor.take(hidden, self.gates * hidden)
            bias = cursor.take(1, self.gates * hidden)
            hidden_bias = cursor.take(1, (self.biases - self.gates) * hidden)
            for g, gate in enumerate(GATES[self.kind]):
                last = (self.gates - g) * hidden  # the last gate lies first
                columns = slice(last - hidden, last)
                named[f"{gate.from_below}{number}"] = from_below[:, columns].T  # (H, in)
                named[f"{gate.from_hidden}{number}"] = from_hidden[:, columns].T  # (H, H)
                named[f"{gate.bias}{number}"] = bias[:, columns].T  # (H, 1)
                if gate.hidden_bias:
                    named[f"{gate.hidden_bias}{number}"] = hidden_bias.T  # (H, 1)
            below = hidden
        named["Whd"] = cursor.take(below, self.inputs).T  # (V, H)
        named["bd"] = cursor.take(1, self.inputs).T  # (V, 1)
        return named

    def shapes(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Name and textbook's shape of every matrix, one by one, without memory for any."""
        yield "Wil", (self.inputs, self.letter_size)
        below = self.letter_size
        for number, hidden in enumerate(self.hidden_sizes):
            for gate in GATES[self.kind]:
                yield f"{gate.from_below}{number}", (hidden, below)
                yield f"{gate.from_hidden}{number}", (hidden, hidden)
                yield f"{gate.bias}{number}", (hidden, 1)
                if gate.hidden_bias:
                    yield f"{gate.hidden_bias}{number}", (hidden, 1)
            below = hidden
        yield "Whd", (self.inputs, below)
        yield "bd", (self.inputs, 1)


def is_size(value: object) -> bool:
    """Whether it is a whole number from 1 on, Python's or NumPy's."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        return False
    return int(value) >= 1


class _Cursor:
    """Cuts matrices one after the other off a flat vector."""

    def __init__(self, flat: FloatArray) -> None:
        self._flat = flat
        self._at = 0

    def take(self, rows: int, columns: int) -> FloatArray:
        start, self._at = self._at, self._at + rows * columns
        return self._flat[start : self._at].reshape(rows, columns)
