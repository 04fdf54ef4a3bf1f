"""The cells in their textbook form, and a whole network of them, on the expression graph.

This is the reference that the compiled kernels are tested against: slow and obvious. Matrices go
by their names in the saved JSON, a layer's number at the end (`Wix0`, `bi0`, …). One column is one
sentence, so that a cell also steps through B sentences at once. In the shapes below I is what comes
from the layer below (the letter size, or that layer's units), H the layer's units, V the number of
characters and START/END, T the predictions in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from model.autograd.graph import Graph, Mat
from model.kernels.types import BOUNDARY, Float64Array
from model.network import CELLS, Network

Matrices = Mapping[str, Mat]
State = tuple[Mat, ...]
"""The state of a layer: h first, then c where the cell has one; each (H, B)."""


def rnn(m: Matrices, d: int, x: Mat, h_before: Mat) -> Mat:
    """A plain recurrent step with rectified units (J. L. Elman, 1990, with the rectifier).

    Wxh (H, I), Whh (H, H), bhh (H, 1); x (I, B), h_before (H, B). Returns h (H, B).
    """
    return (m[f"Wxh{d}"] @ x + m[f"Whh{d}"] @ h_before + m[f"bhh{d}"]).relu()


def lstm(m: Matrices, d: int, x: Mat, h_before: Mat, c_before: Mat) -> tuple[Mat, Mat]:
    """An LSTM step: Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).

    Every W?x (H, I), W?h (H, H), b? (H, 1); x (I, B), h_before and c_before (H, B). No peepholes.
    Returns h and c, each (H, B).
    """
    i = (m[f"Wix{d}"] @ x + m[f"Wih{d}"] @ h_before + m[f"bi{d}"]).sigmoid()  # input gate (H, B)
    f = (m[f"Wfx{d}"] @ x + m[f"Wfh{d}"] @ h_before + m[f"bf{d}"]).sigmoid()  # forget gate
    o = (m[f"Wox{d}"] @ x + m[f"Woh{d}"] @ h_before + m[f"bo{d}"]).sigmoid()  # output gate
    g = (m[f"Wcx{d}"] @ x + m[f"Wch{d}"] @ h_before + m[f"bc{d}"]).tanh()  # cell write
    c = f * c_before + i * g
    h = o * c.tanh()
    return h, c


def gru(m: Matrices, d: int, x: Mat, h_before: Mat) -> Mat:
    """A GRU step: Cho et al. (2014), the reset gate applied after the product, as cuDNN has it.

    Every W?x (H, I), W?h (H, H), b? and bch (H, 1); x (I, B), h_before (H, B). Returns h (H, B).
    """
    z = (m[f"Wzx{d}"] @ x + m[f"Wzh{d}"] @ h_before + m[f"bz{d}"]).sigmoid()  # update gate (H, B)
    r = (m[f"Wrx{d}"] @ x + m[f"Wrh{d}"] @ h_before + m[f"br{d}"]).sigmoid()  # reset gate
    recalled = m[f"Wch{d}"] @ h_before + m[f"bch{d}"]  # (H, B)
    n = (m[f"Wcx{d}"] @ x + m[f"bc{d}"] + r * recalled).tanh()  # candidate
    return (1.0 - z) * n + z * h_before


def _rnn_step(m: Matrices, d: int, x: Mat, before: State) -> State:
    return (rnn(m, d, x, *before),)


def _gru_step(m: Matrices, d: int, x: Mat, before: State) -> State:
    return (gru(m, d, x, *before),)


def _lstm_step(m: Matrices, d: int, x: Mat, before: State) -> State:
    return lstm(m, d, x, *before)


STEPS: Mapping[str, Callable[[Matrices, int, Mat, State], State]] = {
    "rnn": _rnn_step,
    "lstm": _lstm_step,
    "gru": _gru_step,
}


def zero_state(cell: str, hidden_size: int) -> State:
    """The state before the first step, (H, 1) each."""
    parts = 2 if CELLS[cell].has_cell_state else 1
    return tuple(Mat(np.zeros((hidden_size, 1))) for _ in range(parts))


def layer_states(cell: str, m: Matrices, d: int, xs: Mat, hidden_size: int) -> list[State]:
    """The T states of layer d over a sentence whose columns xs (I, T) come from below."""
    states = []
    state = zero_state(cell, hidden_size)
    for t in range(xs.shape[1]):
        state = STEPS[cell](m, d, xs[:, t], state)
        states.append(state)
    return states


def sentence_logits(
    cell: str, hidden_sizes: Sequence[int], m: Matrices, inputs: Sequence[int]
) -> Mat:
    """The logits (T, V) of a network for the T input letters, START first."""
    below = m["Wil"].take_rows(inputs).T  # (E, T): a letter vector is a column
    for d, hidden_size in enumerate(hidden_sizes):
        states = layer_states(cell, m, d, below, hidden_size)
        below = Mat.concatenate([state[0] for state in states], axis=1)  # h: (H, T)
    return (m["Whd"] @ below + m["bd"]).T


def sentence_loss(
    cell: str, hidden_sizes: Sequence[int], m: Matrices, letters: Sequence[int]
) -> Mat:
    """The sum of -ln p over a sentence's predictions, (1, 1); letters go from START to END."""
    logits = sentence_logits(cell, hidden_sizes, m, letters[:-1])
    return logits.softmax_cross_entropy(letters[1:])


def reference_loss_and_gradient(
    network: Network, sentence: str
) -> tuple[float, dict[str, Float64Array]]:
    """The loss of a sentence and its gradient by every matrix: the reference for the kernels.

    Computed in float64 whatever the model's precision, from `Network.parameters`.

    Raises:
        TextError: the sentence holds a character that the model does not know.
    """
    matrices = {name: Mat(matrix) for name, matrix in network.named_parameters().items()}
    letters = [BOUNDARY, *map(int, network.vocabulary.encode(sentence)), BOUNDARY]
    with Graph() as graph:
        loss = sentence_loss(network.cell, network.hidden_sizes, matrices, letters)
    graph.backward(loss)
    return float(loss), {name: matrix.grad for name, matrix in matrices.items()}
