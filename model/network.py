"""A network as data: its cell, the layout of its parameters, and the record that holds them.

All parameters are one flat vector: a snapshot is one copy, and an optimizer step one loop. The
kernels need the gates of a layer side by side and the weights transposed, so that their innermost
loops run over neighbouring numbers; the saved JSON has the textbook's matrices. Both use the same
memory: the named views below are slices of the flat vector, most of them transposed.

Order in the flat vector, with V inputs (= outputs), E the letter size, G gates a layer, H units:

    Wil                    (V, E)      one row a letter vector
    for each layer:
        Wx                 (in, G * H) from below, gates side by side, transposed
        Wh                 (H, G * H)  from the layer's last hidden state, likewise
        b                  (G * H)     and H more for a gate with a bias of its hidden product
    Wd                     (H, V)      decoder on the top layer, transposed
    bd                     (V)

Gates lie side by side from the last to the first of `CellSpec.gates`: back-propagation
through the original's graph visits them in this order, and sums over a row of gates then add up as
they do there. The three sigmoid gates are neighbours, so that one loop serves them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from model.errors import SettingsError
from model.kernels import workspace
from model.kernels.cells import Gru, Lstm, Rnn
from model.kernels.types import FloatArray
from model.vocabulary import Vocabulary


@dataclass(frozen=True)
class GateNames:
    """The names of one gate's matrices in the original's JSON, without the layer's number."""

    from_below: str
    from_hidden: str
    bias: str
    hidden_bias: str | None = None  # of the product with the hidden state, where it has one


@dataclass(frozen=True)
class CellSpec:
    """A recurrent cell.

    Attributes:
        name: as in the saved JSON.
        gates: its gates, in the order of the saved JSON.
        kernel: the value that selects its kernels.
        torch_gate_order: the indices of `gates` in the order of PyTorch's module.
        has_cell_state: whether it has a state c beside the hidden state h.
        clips_by_norm: whether training clips the norm of the gradient by default. Rectified units,
            whose gradients are unbounded, diverge otherwise; gated cells train better without.
    """

    name: str
    gates: tuple[GateNames, ...]
    kernel: Lstm | Rnn | Gru
    torch_gate_order: tuple[int, ...]
    has_cell_state: bool = False
    clips_by_norm: bool = False


_SPECS = (
    CellSpec(
        "lstm",
        (
            GateNames("Wix", "Wih", "bi"),  # input gate
            GateNames("Wfx", "Wfh", "bf"),  # forget gate
            GateNames("Wox", "Woh", "bo"),  # output gate
            GateNames("Wcx", "Wch", "bc"),  # cell write
        ),
        Lstm(),
        torch_gate_order=(0, 1, 3, 2),  # input, forget, cell write, output
        has_cell_state=True,
    ),
    CellSpec(
        "rnn",
        (GateNames("Wxh", "Whh", "bhh"),),
        Rnn(),
        torch_gate_order=(0,),
        clips_by_norm=True,
    ),
    CellSpec(
        "gru",
        (
            GateNames("Wzx", "Wzh", "bz"),  # update gate
            GateNames("Wrx", "Wrh", "br"),  # reset gate
            GateNames("Wcx", "Wch", "bc", "bch"),  # candidate
        ),
        Gru(),
        torch_gate_order=(1, 0, 2),  # reset, update, candidate
    ),
)
CELLS: Mapping[str, CellSpec] = MappingProxyType({cell.name: cell for cell in _SPECS})
"""The cells by their names."""


@dataclass(frozen=True)
class ParameterLayout:
    """The sizes of a network, which determine the place of every matrix.

    Attributes:
        cell: the name of the cell of every layer, a key of `CELLS`.
        inputs: V, the number of characters and START/END; the outputs are as many.
        letter_size: E, numbers in a letter vector.
        hidden_sizes: H of each layer, bottom first.
    """

    cell: str
    inputs: int
    embedding_size: int
    hidden_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            known = " or ".join(sorted(CELLS))
            raise SettingsError("unknown_kind", "kind", kind=self.cell, known=known)
        if not is_size(self.embedding_size):
            raise SettingsError("invalid_letter_size", "letter_size")
        if not self.hidden_sizes or not all(map(is_size, self.hidden_sizes)):
            raise SettingsError("invalid_hidden_sizes", "hidden_sizes")

    @property
    def spec(self) -> CellSpec:
        """The cell of every layer."""
        return CELLS[self.cell]

    @property
    def gates(self) -> int:
        """G, the number of gates in a layer."""
        return self.spec.kernel.gates

    @property
    def biases(self) -> int:
        """Biases of a unit: one per gate, and one more for a hidden product with its own bias."""
        return self.spec.kernel.biases

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """The sizes for the kernels: [V, E, widest, numbers per row, H of each layer…].

        widest is the largest of E and all H. The numbers per row are those in the work space
        before the logits: a letter vector, and for each layer its gates and three states.
        """
        widest = max(self.embedding_size, *self.hidden_sizes)
        row = self.embedding_size + sum((self.gates + 3) * hidden for hidden in self.hidden_sizes)
        return np.array(
            [self.inputs, self.embedding_size, widest, row, *self.hidden_sizes], dtype=np.int64
        )

    def work_size(self, rows: int, batch: int = 1) -> int:
        """Size of the work space for so many rows of a batch of so many sentences."""
        inputs, _, widest, row = map(int, self.sizes[:4])
        return rows * (row + inputs + widest) + (1 + batch) * widest

    @property
    def step_size(self) -> int:
        """Size of the work space for an inference step of one sentence."""
        return int(self.sizes[2]) + (self.gates + 3) * max(self.hidden_sizes)

    @cached_property
    def num_parameters(self) -> int:
        """Size of the flat vector: all weights and biases."""
        count, below = self.inputs * self.embedding_size, self.embedding_size
        for hidden in self.hidden_sizes:
            count += ((below + hidden) * self.gates + self.biases) * hidden
            below = hidden
        return count + (below + 1) * self.inputs

    def views(self, params: FloatArray) -> dict[str, FloatArray]:
        """Every matrix of a flat vector, by its name in the saved JSON and in the textbook's shape.

        The matrices are views: writing to one writes to the flat vector. Biases and `bd` are
        columns, shape (units, 1). The order is that of the original's own models.
        """
        cursor = _Cursor(params)
        named = {"Wil": cursor.take(self.inputs, self.embedding_size)}
        below = self.embedding_size
        for number, hidden in enumerate(self.hidden_sizes):
            from_below = cursor.take(below, self.gates * hidden)
            from_hidden = cursor.take(hidden, self.gates * hidden)
            bias = cursor.take(1, self.gates * hidden)
            hidden_bias = cursor.take(1, (self.biases - self.gates) * hidden)
            for g, gate in enumerate(self.spec.gates):
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
        """Name and shape of every matrix, without allocating any."""
        yield "Wil", (self.inputs, self.embedding_size)
        below = self.embedding_size
        for number, hidden in enumerate(self.hidden_sizes):
            for gate in self.spec.gates:
                yield f"{gate.from_below}{number}", (hidden, below)
                yield f"{gate.from_hidden}{number}", (hidden, hidden)
                yield f"{gate.bias}{number}", (hidden, 1)
                if gate.hidden_bias:
                    yield f"{gate.hidden_bias}{number}", (hidden, 1)
            below = hidden
        yield "Whd", (self.inputs, below)
        yield "bd", (self.inputs, 1)


@dataclass(eq=False)
class Network:
    """A network: what it reads and writes, its sizes and its parameters.

    Attributes:
        vocabulary: its characters.
        layout: its sizes.
        params: (parameters,), all weights and biases, float32 unless made otherwise.
    """

    vocabulary: Vocabulary
    layout: ParameterLayout
    params: FloatArray

    @property
    def cell(self) -> str:
        """The name of the cell of its layers."""
        return self.layout.cell

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Units of each layer, bottom first."""
        return self.layout.hidden_sizes

    @property
    def embedding_size(self) -> int:
        """Numbers in a letter vector."""
        return self.layout.embedding_size

    @property
    def num_parameters(self) -> int:
        """Number of weights and biases."""
        return self.layout.num_parameters

    def named_parameters(self) -> dict[str, FloatArray]:
        """Every matrix by name, as views of `params`: writing to one changes the network."""
        return self.layout.views(self.params)

    @property
    def kernel_args(self) -> tuple[Any, npt.NDArray[np.int64], FloatArray]:
        """The leading arguments of every kernel: the cell, the sizes and the parameters."""
        return self.layout.spec.kernel, self.layout.sizes, self.params

    def work_space(self, rows: int, batch: int = 1) -> FloatArray:
        """Scratch space for so many rows of a batch of so many sentences, shared per thread."""
        return workspace.scratch(self.layout.work_size(rows, batch), self.params.dtype)

    def copy(self) -> Self:
        """The same network with parameters of its own."""
        return type(self)(self.vocabulary, self.layout, self.params.copy())


def is_size(value: object) -> bool:
    """Whether the value is an integer of at least 1, Python's or NumPy's."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        return False
    return int(value) >= 1


class _Cursor:
    """Takes consecutive matrices from a flat vector."""

    def __init__(self, params: FloatArray) -> None:
        self._params = params
        self._at = 0

    def take(self, rows: int, columns: int) -> FloatArray:
        start, self._at = self._at, self._at + rows * columns
        return self._params[start : self._at].reshape(rows, columns)
