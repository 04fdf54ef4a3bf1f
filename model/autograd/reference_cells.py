"""The cells in their textbook form, and a network of them, on the expression graph.

This is the reference for tests of the compiled kernels: slow and simple. The names of matrices are
those of the saved JSON, with the number of the layer (`Wix0`, `bi0`, …). A column is a sentence, so
that a cell can process B sentences at once. In the shapes below I is the size of the input (the
embedding size or the units of the layer below), H the units of the layer, V the number of tokens, T
the number of predictions of a sentence.
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
    """A step of a simple recurrent layer (J. L. Elman, 1990) with ReLU.

    Wxh (H, I), Whh (H, H), bhh (H, 1); x (I, B), h_before (H, B). Returns h (H, B).
    """
    return (m[f"Wxh{d}"] @ x + m[f"Whh{d}"] @ h_before + m[f"bhh{d}"]).relu()


def lstm(m: Matrices, d: int, x: Mat, h_before: Mat, c_before: Mat) -> tuple[Mat, Mat]:
    """An LSTM step: Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).

    W?x (H, I), W?h (H, H), b? (H, 1); x (I, B), h_before and c_before (H, B). No peepholes. Returns
    h and c, each (H, B).
    """
    i = (m[f"Wix{d}"] @ x + m[f"Wih{d}"] @ h_before + m[f"bi{d}"]).sigmoid()  # input gate (H, B)
    f = (m[f"Wfx{d}"] @ x + m[f"Wfh{d}"] @ h_before + m[f"bf{d}"]).sigmoid()  # forget gate
    o = (m[f"Wox{d}"] @ x + m[f"Woh{d}"] @ h_before + m[f"bo{d}"]).sigmoid()  # output gate
    g = (m[f"Wcx{d}"] @ x + m[f"Wch{d}"] @ h_before + m[f"bc{d}"]).tanh()  # cell write
    c = f * c_before + i * g
    h = o * c.tanh()
    return h, c


def gru(m: Matrices, d: int, x: Mat, h_before: Mat) -> Mat:
    """A GRU step: Cho et al. (2014), with the reset gate after the product, as in cuDNN.

    W?x (H, I), W?h (H, H), b? and bch (H, 1); x (I, B), h_before (H, B). Returns h (H, B).
    """
    z = (m[f"Wzx{d}"] @ x + m[f"Wzh{d}"] @ h_before + m[f"bz{d}"]).sigmoid()  # update gate (H, B)
    r = (m[f"Wrx{d}"] @ x + m[f"Wrh{d}"] @ h_before + m[f"br{d}"]).sigmoid()  # reset gate
    recurrent = m[f"Wch{d}"] @ h_before + m[f"bch{d}"]  # (H, B)
    n = (m[f"Wcx{d}"] @ x + m[f"bc{d}"] + r * recurrent).tanh()  # candidate
    return (1.0 - z) * n + z * h_before


STEPS: Mapping[str, Callable[[Matrices, int, Mat, State], State]] = {
    "rnn": lambda m, d, x, before: (rnn(m, d, x, *before),),
    "lstm": lambda m, d, x, before: lstm(m, d, x, *before),
    "gru": lambda m, d, x, before: (gru(m, d, x, *before),),
}
"""A step of each cell: its new state, from the matrices, the layer, the input and the old state."""


def zero_state(cell: str, hidden_size: int) -> State:
    """The initial state: h, and c if the cell has one, each (H, 1)."""
    parts = 2 if CELLS[cell].has_cell_state else 1
    return tuple(Mat(np.zeros((hidden_size, 1))) for _ in range(parts))


def layer_states(cell: str, m: Matrices, d: int, xs: Mat, hidden_size: int) -> list[State]:
    """The T states of layer d over the inputs xs (I, T)."""
    states = []
    state = zero_state(cell, hidden_size)
    for t in range(xs.shape[1]):
        state = STEPS[cell](m, d, xs[:, t], state)
        states.append(state)
    return states


def sentence_logits(
    cell: str, hidden_sizes: Sequence[int], m: Matrices, inputs: Sequence[int]
) -> Mat:
    """The logits (T, V) of a network for T input tokens, START first."""
    x = m["Wil"].take_rows(inputs).T  # (E, T)
    for d, hidden_size in enumerate(hidden_sizes):
        states = layer_states(cell, m, d, x, hidden_size)
        x = Mat.concatenate([state[0] for state in states], axis=1)  # h: (H, T)
    return (m["Whd"] @ x + m["bd"]).T


def sentence_loss(
    cell: str, hidden_sizes: Sequence[int], m: Matrices, tokens: Sequence[int]
) -> Mat:
    """The sum of -ln p over the predictions of a sentence, (1, 1); tokens from START to END."""
    logits = sentence_logits(cell, hidden_sizes, m, tokens[:-1])
    return logits.softmax_cross_entropy(tokens[1:])


def reference_loss_and_gradient(
    network: Network, sentence: str
) -> tuple[float, dict[str, Float64Array]]:
    """The loss of a sentence and its gradient by matrix, in float64: the reference for the kernels.

    Raises:
        TextError: the sentence has an unknown character.
    """
    matrices = {name: Mat(matrix) for name, matrix in network.named_parameters().items()}
    tokens = [BOUNDARY, *map(int, network.vocabulary.encode(sentence)), BOUNDARY]
    with Graph() as graph:
        loss = sentence_loss(network.cell, network.hidden_sizes, matrices, tokens)
    graph.backward(loss)
    return float(loss), {name: matrix.grad for name, matrix in matrices.items()}
