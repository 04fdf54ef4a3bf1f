"""An efficient LSTM in plain NumPy, as a competitor.

The textbook layer, with the gates side by side in the order g, i, f, o:

    g = tanh(.)    i, f, o = sigmoid(.)    of  x Wx + h_prev Wh + b
    c = f * c_prev + i * g                 h = o * tanh(c)

Products that do not depend on the previous step are computed for all steps at once; only the rest
is in the loops over time. All weights are views of one vector, so that RMSProp is a few calls.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.speed.batches import PADDING, Batch, Run, length_buckets, training
from bench.speed.workloads import CLIP, DECAY, EPSILON, L2, LEARNING_RATE, Network, alphabet

Array = npt.NDArray[np.floating[Any]]
INITIAL_WEIGHT = 0.08


def version() -> str:
    """The version of NumPy."""
    return np.__version__


def prepare(network: Network, sentences: Sequence[str]) -> Run:
    """A run that trains on these sentences."""
    lstm = PlainLSTM(len(alphabet(sentences)) + 1, network.letter_size, network.hidden_sizes)

    def step(batch: Batch) -> int:
        lstm.train_step(batch)
        return batch.characters

    return training(step, length_buckets(sentences, network.batch_size))


@dataclass(frozen=True)
class Trace:
    """Activations that a layer's backward pass needs; T steps, B sentences, H units."""

    x: Array  # (T * B, in)
    gates: Array  # (T, B, 4, H): g, i, f, o
    h: Array  # (T + 1, B, H); h[0] is the initial state
    c: Array  # (T + 1, B, H), likewise
    tanh_c: Array  # (T, B, H)


class PlainLSTM:
    """A character model of LSTM layers, trained on padded batches."""

    def __init__(
        self,
        inputs: int,
        letter_size: int,
        hidden_sizes: Sequence[int],
        dtype: npt.DTypeLike = np.float32,
        seed: int = 1,
    ) -> None:
        self.depth = len(hidden_sizes)
        shapes = _shapes(inputs, letter_size, hidden_sizes)
        self.flat = np.zeros(sum(map(math.prod, shapes.values())), dtype=dtype)
        self.gradient = np.zeros_like(self.flat)
        self.cache = np.zeros_like(self.flat)
        self.weights = _views(self.flat, shapes)
        self.gradients = _views(self.gradient, shapes)
        random = np.random.default_rng(seed)
        for name, matrix in self.weights.items():
            if name.startswith("W"):
                matrix[:] = random.uniform(-INITIAL_WEIGHT, INITIAL_WEIGHT, matrix.shape)

    def train_step(self, batch: Batch) -> float:
        """Train on a batch; returns its loss before the step."""
        loss = self.backpropagate(batch)
        self.cache *= DECAY
        self.cache += (1 - DECAY) * np.square(self.gradient)
        np.clip(self.gradient, -CLIP, CLIP, out=self.gradient)
        step = LEARNING_RATE * self.gradient / np.sqrt(self.cache + EPSILON)
        self.flat -= step + L2 * self.flat
        return loss

    def backpropagate(self, batch: Batch) -> float:
        """Return the sum of -ln p of the batch's targets; its gradient is in `gradient`."""
        w, g = self.weights, self.gradients
        T, B = batch.inputs.shape
        letters = np.eye(len(w["Wil"]), dtype=self.flat.dtype)[batch.inputs.ravel()]  # (T * B, V)
        x = letters @ w["Wil"]  # (T * B, E)
        traces = []
        for layer in range(self.depth):
            traces.append(self._forward(layer, x, T, B))
            x = traces[-1].h[1:].reshape(T * B, -1)  # (T * B, H)

        loss, dlogits = _softmax_loss(x @ w["Wd"] + w["bd"], batch.targets.ravel())
        np.matmul(x.T, dlogits, out=g["Wd"])
        dlogits.sum(axis=0, out=g["bd"])
        dx: Array = dlogits @ w["Wd"].T  # (T * B, H)
        for layer in reversed(range(self.depth)):
            dx = self._backward(layer, traces[layer], dx)
        np.matmul(letters.T, dx, out=g["Wil"])
        return loss

    def _forward(self, layer: int, x: Array, T: int, B: int) -> Trace:
        Wx, Wh, b = (self.weights[f"{name}{layer}"] for name in ("Wx", "Wh", "b"))
        H = len(Wh)
        rows = (x @ Wx + b).reshape(T, B, 4 * H)
        gates = rows.reshape(T, B, 4, H)
        h = np.zeros((T + 1, B, H), dtype=x.dtype)
        c = np.zeros_like(h)
        tanh_c = np.empty((T, B, H), dtype=x.dtype)
        for t in range(T):
            rows[t] += h[t] @ Wh
            np.tanh(rows[t, :, :H], out=rows[t, :, :H])
            _sigmoid_in_place(rows[t, :, H:])
            g, i, f, o = gates[t].swapaxes(0, 1)  # (B, H) each
            np.add(f * c[t], i * g, out=c[t + 1])
            np.tanh(c[t + 1], out=tanh_c[t])
            np.multiply(o, tanh_c[t], out=h[t + 1])
        return Trace(x, gates, h, c, tanh_c)

    def _backward(self, layer: int, trace: Trace, dh_output: Array) -> Array:
        """Compute the gradients of the layer's weights; returns that of its input."""
        Wx, Wh = self.weights[f"Wx{layer}"], self.weights[f"Wh{layer}"]
        T, B, _, H = trace.gates.shape
        dh_output = dh_output.reshape(T, B, H)
        g, i, f, o = trace.gates.transpose(2, 0, 1, 3)  # (T, B, H) each
        # Derivative of c, and for o of h, with respect to the input of each gate.
        slopes = np.empty_like(trace.gates)  # (T, B, 4, H)
        slopes[:, :, 0] = i * (1 - g * g)
        slopes[:, :, 1] = g * i * (1 - i)
        slopes[:, :, 2] = trace.c[:-1] * f * (1 - f)
        slopes[:, :, 3] = trace.tanh_c * o * (1 - o)
        dc_by_dh = o * (1 - trace.tanh_c * trace.tanh_c)  # (T, B, H)

        dgates = np.empty_like(trace.gates)  # (T, B, 4, H)
        dh_next = np.zeros((B, H), dtype=Wh.dtype)
        dc_next = np.zeros_like(dh_next)
        Wh_T = Wh.T
        for t in reversed(range(T)):
            dh = dh_output[t] + dh_next
            dc = dh * dc_by_dh[t] + dc_next
            np.multiply(slopes[t, :, :3], dc[:, np.newaxis], out=dgates[t, :, :3])
            np.multiply(slopes[t, :, 3], dh, out=dgates[t, :, 3])
            dc_next = dc * f[t]
            dh_next = dgates[t].reshape(B, 4 * H) @ Wh_T

        drows = dgates.reshape(T * B, 4 * H)
        np.matmul(trace.x.T, drows, out=self.gradients[f"Wx{layer}"])
        h_before = trace.h[:-1].reshape(T * B, H)
        np.matmul(h_before.T, drows, out=self.gradients[f"Wh{layer}"])
        drows.sum(axis=0, out=self.gradients[f"b{layer}"])
        dx: Array = drows @ Wx.T  # (T * B, in)
        return dx


def _shapes(
    inputs: int, letter_size: int, hidden_sizes: Sequence[int]
) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"Wil": (inputs, letter_size)}
    input_size = letter_size
    for layer, hidden in enumerate(hidden_sizes):
        shapes[f"Wx{layer}"] = (input_size, 4 * hidden)
        shapes[f"Wh{layer}"] = (hidden, 4 * hidden)
        shapes[f"b{layer}"] = (4 * hidden,)
        input_size = hidden
    return shapes | {"Wd": (input_size, inputs), "bd": (inputs,)}


def _views(flat: Array, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    ends = np.cumsum([math.prod(shape) for shape in shapes.values()])
    pieces = np.split(flat, ends[:-1])
    return {name: p.reshape(shapes[name]) for name, p in zip(shapes, pieces, strict=True)}


def _sigmoid_in_place(z: Array) -> None:
    """1 / (1 + exp(-z)) as (1 + tanh(z / 2)) / 2, which cannot overflow."""
    z *= 0.5
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5


def _softmax_loss(logits: Array, targets: npt.NDArray[np.int64]) -> tuple[float, Array]:
    """The sum of -ln p of the targets except padding, and its gradient by the logits."""
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    rows = np.flatnonzero(targets != PADDING)
    loss = -float(np.log(p[rows, targets[rows]]).sum())
    p[rows, targets[rows]] -= 1
    p[targets == PADDING] = 0
    return loss, p
