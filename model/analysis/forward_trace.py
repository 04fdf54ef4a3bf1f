"""What a network does while it reads a text: its states, and what it expects at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels import entry_points as entry
from model.kernels.cells import CELLS
from model.metrics import perplexity_of
from model.network import FloatArray, Layout
from model.vocabulary import START_OR_END

if TYPE_CHECKING:
    from model.char_model import CharModel

KEEPS_CELL_STATE = frozenset({"lstm"})


class Activations(NamedTuple):
    """A layer while the network reads a text of n characters.

    Row 0 is after START, row t after the first t characters.

    Attributes:
        h: (n + 1, units), the hidden states.
        c: (n + 1, units), the cell states; None where the cell keeps none.
    """

    h: FloatArray
    c: FloatArray | None


class Reading(NamedTuple):
    """A network that has read a text of n characters.

    Attributes:
        letters: (n + 1,), int32: what was to be predicted in each place, END being the last.
        probabilities: (n + 1, V): row t is what was expected after START and t characters.
        layers: what each layer did, bottom first.
        cost: sum of -ln p of the letters.
    """

    letters: npt.NDArray[np.int32]
    probabilities: FloatArray
    layers: tuple[Activations, ...]
    cost: float

    @property
    def letter_probabilities(self) -> FloatArray:
        """The probability of each letter in its place, (n + 1,)."""
        found: FloatArray = self.probabilities[np.arange(len(self.letters)), self.letters]
        return found

    @property
    def perplexity(self) -> float:
        """The inverse of the geometric mean of the letters' probabilities."""
        return perplexity_of(self.cost, len(self.letters))


def read(model: CharModel, text: str) -> Reading:
    """Have the network read a text, which may be empty, and its end.

    Raises:
        TextError: the text holds a character that the model does not know.
    """
    end = np.array([START_OR_END], dtype=np.int32)
    letters = np.concatenate((end, model.vocabulary.encode(text), end))  # (n + 2,)
    rows = len(letters) - 1
    work = np.empty(model.layout.work_size(rows), dtype=model.flat.dtype)
    costs = np.zeros(1)  # (sentences,)
    entry.evaluate(
        CELLS[model.kind],
        model.layout.sizes,
        model.flat,
        letters,
        np.array([0, rows]),
        work,
        np.arange(rows + 1),
        costs,
    )
    layers, probabilities = _cut(model.layout, work, rows)
    return Reading(letters[1:], probabilities, layers, float(costs[0]))


def _cut(layout: Layout, work: FloatArray, rows: int) -> tuple[tuple[Activations, ...], FloatArray]:
    """The layers' states and the probabilities in the kernels' work space; see kernels/network.py.

    The work space is the reading's own, so that the views into it stay what they are.
    """
    layers, at = [], rows * layout.letter_size
    for hidden in layout.hidden_sizes:
        at += rows * layout.gates * hidden
        c, _, h = work[at : at + 3 * rows * hidden].reshape(3, rows, hidden)
        layers.append(Activations(h, c if layout.kind in KEEPS_CELL_STATE else None))
        at += 3 * rows * hidden
    probabilities = work[at : at + rows * layout.inputs].reshape(rows, layout.inputs)
    return tuple(layers), probabilities
