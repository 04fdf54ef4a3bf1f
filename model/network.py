"""The cells, the layout of a network's parameters, and the network itself.

All parameters are one flat vector, so that a snapshot is one copy and an optimizer step one loop.
The kernels read the gates of a layer side by side and the weights transposed, for contiguous inner
loops; the saved JSON has the matrices of the textbook. Both are views of the same memory.

Order in the flat vector, with V tokens, E the embedding size, G gates per layer, H units:

    Wil                    (V, E)      embedding
    for each layer:
        Wx                 (in, G * H) weights of the input, transposed
        Wh                 (H, G * H)  weights of the hidden state of the step before, transposed
        b                  (G * H)     and H more for a gate whose hidden product has a bias
    Wd                     (H, V)      decoder of the top layer, transposed
    bd                     (V)

The gates are in the reverse order of `CellSpec.gates`. The three sigmoid gates of an LSTM are
adjacent, and take one loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from model.errors import SettingsError, is_integer
from model.kernels import workspace
from model.kernels.cells import Gru, Lstm, Rnn
from model.kernels.types import BOUNDARY, PACKING, FloatArray
from model.text.vocabulary import Vocabulary

Mode = Literal["lines", "text"]
"""What a network reads: sentences, each from START to END, or running text, which has no end."""


@dataclass(frozen=True)
class GateNames:
    """The names of a gate's matrices in the original's JSON, without the number of the layer."""

    from_below: str
    from_hidden: str
    bias: str
    hidden_bias: str | None = None  # where the product with the hidden state has a bias


@dataclass(frozen=True)
class CellSpec:
    """A recurrent cell.

    Attributes:
        name: its name in the saved JSON.
        gates: in the order of the saved JSON.
        kernel: selects its kernels.
        torch_gate_order: the indices of `gates` in the order of PyTorch's modules.
        has_cell_state: whether it has a cell state c besides the hidden state h.
        clips_by_norm: whether training clips the norm of the gradient by default. ReLU networks
            diverge without it, as their gradients are unbounded; gated cells train worse with it.
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
    """The sizes of a network, and the places of its matrices in the flat vector.

    Attributes:
        cell: the name of the cell of every layer, a key of `CELLS`.
        inputs: V, the number of tokens: the characters, and START/END.
        letter_size: E, numbers in a letter vector.
        hidden_sizes: H of each layer, bottom first.
    """

    cell: str
    inputs: int
    embedding_size: int
    hidden_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.cell not in tuple(CELLS):
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
        """Number of biases of a unit: one per gate, and one per hidden product with a bias."""
        return self.spec.kernel.biases

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """The sizes for the kernels: [V, E, widest, row, units, H of each layer…], int64.

        widest is the largest of E and all H. row is the number of scratch numbers per row before
        the logits: a letter vector, and for each layer its gates and three states. units is the
        sum of all H.
        """
        widest = max(self.embedding_size, *self.hidden_sizes)
        row = self.embedding_size + sum((self.gates + 3) * hidden for hidden in self.hidden_sizes)
        first = (self.inputs, self.embedding_size, widest, row, sum(self.hidden_sizes))
        return np.array([*first, *self.hidden_sizes], dtype=np.int64)

    def work_size(self, rows: int, batch: int = 1) -> int:
        """Size of the scratch space for this many rows of a batch of this many sentences."""
        inputs, _, widest, row, units = map(int, self.sizes[:5])
        packed = self.gates * (widest + PACKING) ** 2 if rows > batch > 1 else 0
        # Of distinct tokens; those of a step of generation may repeat, one for each sentence.
        products = min(rows, max(inputs, batch)) * self.gates * self.hidden_sizes[0]
        return rows * (row + inputs + widest) + batch * (2 * units + widest) + products + packed

    @cached_property
    def num_parameters(self) -> int:
        """Size of the flat vector: the number of weights and biases."""
        count, below = self.inputs * self.embedding_size, self.embedding_size
        for hidden in self.hidden_sizes:
            count += ((below + hidden) * self.gates + self.biases) * hidden
            below = hidden
        return count + (below + 1) * self.inputs

    def views(self, params: FloatArray) -> dict[str, FloatArray]:
        """The matrices of a flat vector (parameters,) by name, in the order of the saved JSON.

        They are views: writing to one writes to the flat vector. Names and shapes are those of the
        saved JSON, where biases are columns (units, 1).
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
        """Name and shape of each matrix, without allocating one."""
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
    """A network: its vocabulary, its sizes and its parameters.

    Attributes:
        vocabulary: its characters.
        layout: its sizes.
        params: (parameters,), all weights and biases, float32 or float64.
        mode: what it reads. In the mode "text", it never writes END.

    Raises:
        SettingsError: they do not fit together; the kernels would read foreign memory.
    """

    vocabulary: Vocabulary
    layout: ParameterLayout
    params: FloatArray
    mode: Mode = "lines"

    def __post_init__(self) -> None:
        float_type(self.params.dtype)
        expected = (self.layout.inputs, (self.layout.num_parameters,))
        held = (len(self.vocabulary), self.params.shape)
        if held != expected:
            raise SettingsError("network_mismatch", "params", expected=expected, held=held)

    @property
    def cell(self) -> str:
        """The name of the cell of all layers."""
        return self.layout.cell

    @property
    def start_token(self) -> int:
        """The token before a text: START, or in the mode "text" a line break, if it is known."""
        return self.vocabulary.index.get("\n", BOUNDARY) if self.mode == "text" else BOUNDARY

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Number of units of each layer, bottom first."""
        return self.layout.hidden_sizes

    @property
    def embedding_size(self) -> int:
        """Size of a letter vector."""
        return self.layout.embedding_size

    @property
    def num_parameters(self) -> int:
        """Number of weights and biases."""
        return self.layout.num_parameters

    def named_parameters(self) -> dict[str, FloatArray]:
        """The matrices by name, as views of `params`: see `ParameterLayout.views`."""
        return self.layout.views(self.params)

    @property
    def kernel_args(self) -> tuple[Any, npt.NDArray[np.int64], FloatArray]:
        """The first three arguments of the kernels: the cell, the sizes and the parameters."""
        return self.layout.spec.kernel, self.layout.sizes, self.params

    def work_space(self, rows: int, batch: int = 1) -> FloatArray:
        """Scratch space for this many rows of a batch of this many sentences, one per thread."""
        return workspace.scratch(self.layout.work_size(rows, batch), self.params.dtype)

    def batch_space(self, rows: int) -> npt.NDArray[np.int64]:
        """Scratch space for the tokens of this many rows, one per thread: see `pack_batch`."""
        return workspace.scratch(4 * rows + 1 + 2 * self.layout.inputs, np.int64)

    def zero_state(self, sentences: int) -> FloatArray:
        """The initial state of so many sentences, (sentences, 2 * units): all h, then all c."""
        return np.zeros((sentences, 2 * sum(self.hidden_sizes)), dtype=self.params.dtype)

    def copy(self) -> Self:
        """A copy with its own parameters."""
        return type(self)(self.vocabulary, self.layout, self.params.copy(), self.mode)


def float_type(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """The type of the parameters.

    Raises:
        SettingsError: it is neither float32 nor float64.
    """
    with contextlib.suppress(TypeError):  # no dtype at all
        kind = np.dtype(dtype)
        if kind in (np.float32, np.float64):
            return kind
    raise SettingsError("invalid_dtype", "dtype", value=dtype)


def is_size(value: Any) -> bool:
    """Whether the value is an integer of at least 1, of Python or NumPy."""
    return is_integer(value) and value >= 1


class _Cursor:
    """Takes consecutive matrices from a flat vector."""

    def __init__(self, params: FloatArray) -> None:
        self._params = params
        self._at = 0

    def take(self, rows: int, columns: int) -> FloatArray:
        start, self._at = self._at, self._at + rows * columns
        return self._params[start : self._at].reshape(rows, columns)
