"""The weights of a network with the names and shapes of PyTorch modules.

For V tokens, E the embedding size, H the units of a layer, I the size of its input (E, or the H of
the layer below) and G its gates:

    embedding.weight          (V, E)      of nn.Embedding
    layers.{d}.weight_ih_l0   (G * H, I)  of nn.LSTM, nn.GRU or nn.RNN, one module per layer,
    layers.{d}.weight_hh_l0   (G * H, H)  as layers may differ in size
    layers.{d}.bias_ih_l0     (G * H,)
    layers.{d}.bias_hh_l0     (G * H,)
    decoder.weight            (V, H)      of nn.Linear, on the top layer
    decoder.bias              (V,)

PyTorch has two biases per gate. The second one is 0 here, except for the candidate of a GRU, where
the reset gate acts on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from model.kernels.types import FloatArray
from model.network import CellSpec, GateNames, Network

Float32Array = npt.NDArray[np.float32]


def torch_weights(network: Network) -> dict[str, Float32Array]:
    """The weights by their names in PyTorch, as listed above, in float32."""
    matrices = network.named_parameters()
    named = {"embedding.weight": matrices["Wil"]}
    for d in range(len(network.hidden_sizes)):
        for name, weight in _layer(matrices, network.layout.spec, d).items():
            named[f"layers.{d}.{name}"] = weight
    named["decoder.weight"], named["decoder.bias"] = matrices["Whd"], matrices["bd"][:, 0]
    return {name: np.ascontiguousarray(weight, np.float32) for name, weight in named.items()}


def _layer(matrices: Mapping[str, FloatArray], cell: CellSpec, d: int) -> dict[str, FloatArray]:
    """The weights of layer d."""
    gates = [cell.gates[place] for place in cell.torch_gate_order]

    def side_by_side(matrix_of: Callable[[GateNames], FloatArray]) -> FloatArray:
        return np.concatenate([matrix_of(gate) for gate in gates])  # (G * H, …)

    def hidden_bias(gate: GateNames) -> FloatArray:
        if gate.hidden_bias is None:
            return np.zeros_like(matrices[f"{gate.bias}{d}"])
        return matrices[f"{gate.hidden_bias}{d}"]

    return {
        "weight_ih_l0": side_by_side(lambda gate: matrices[f"{gate.from_below}{d}"]),
        "weight_hh_l0": side_by_side(lambda gate: matrices[f"{gate.from_hidden}{d}"]),
        "bias_ih_l0": side_by_side(lambda gate: matrices[f"{gate.bias}{d}"])[:, 0],
        "bias_hh_l0": side_by_side(hidden_bias)[:, 0],
    }
