"""Gradient checks: gradients compared with central differences of the loss.

The derivative with respect to a number x is estimated as (loss(x + e) - loss(x - e)) / 2 e. A large
e is inaccurate on a curve, a small one is dominated by rounding, and a step across the corner of a
ReLU measures neither side. So a gradient that disagrees is compared again with smaller steps, and
its best agreement counts: a wrong gradient agrees with none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from model.autograd.graph import Graph, Mat
from model.autograd.reference_cells import reference_loss_and_gradient
from model.errors import SettingsError
from model.kernels.types import Float64Array, FloatArray
from model.metrics import add_gradient, sentence_losses
from model.network import Network
from model.text.dataset import pack_sentences

EPSILONS = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
RTOL = 1e-7  # relative to the largest slope of the matrix; within it no smaller step is tried
MIN_SCALE = 1e-4  # the least scale of errors: rounding dominates the differences of smaller slopes


@dataclass(frozen=True)
class GradientReport:
    """The errors of gradients.

    Attributes:
        errors: of each matrix, the largest difference between a gradient and its estimate, relative
            to the largest slope or gradient in the matrix. About 1e-6 or less if the gradient is
            right, 1 if it is missing, NaN if the loss is NaN.
    """

    errors: Mapping[str, float]

    @property
    def largest(self) -> float:
        """The largest error of all matrices; NaN if one is."""
        return float(np.max(list(self.errors.values()), initial=0.0))

    def __str__(self) -> str:
        width = max(map(len, self.errors), default=0)
        return "\n".join(f"{name:<{width}}  {error:.1e}" for name, error in self.errors.items())


@dataclass(frozen=True)
class ModelReport:
    """The errors of both implementations of a network's gradient.

    Attributes:
        graph: of the expression graph, the reference.
        kernels: of the compiled kernels.
    """

    graph: GradientReport
    kernels: GradientReport

    @property
    def largest(self) -> float:
        """The largest error of both; NaN if one is."""
        return float(np.max([self.graph.largest, self.kernels.largest]))

    def __str__(self) -> str:
        width = max(map(len, self.graph.errors))
        lines = [f"{'':<{width}}  {'graph':<7}  kernels"]
        for name, error in self.graph.errors.items():
            lines.append(f"{name:<{width}}  {error:.1e}  {self.kernels.errors[name]:.1e}")
        return "\n".join(lines)


def gradient_check(
    model: Network,
    sentence: str,
    numbers_per_matrix: int | None = None,
    seed: int | None = None,
) -> ModelReport:
    """Check both implementations of the gradient of a sentence's loss.

    The check runs on a copy in float64, with at least two evaluations of the loss per number.
    `numbers_per_matrix` limits it to this many random numbers of each matrix.

    Raises:
        TextError: the sentence is empty, or has an unknown character.
        SettingsError: `numbers_per_matrix` is below 1.
    """
    copy = Network(model.vocabulary, model.layout, model.params.astype(np.float64))

    def loss() -> float:
        return float(sentence_losses(copy, [sentence])[0])

    _, kernels = kernel_loss_and_gradient(copy, sentence)
    _, graph = reference_loss_and_gradient(copy, sentence)
    places = _places(copy.named_parameters(), numbers_per_matrix, seed)
    return ModelReport(*_reports(loss, copy.named_parameters(), [graph, kernels], places))


def graph_gradient_check(
    build: Callable[[], Mat],
    matrices: Mapping[str, Mat],
    numbers_per_matrix: int | None = None,
    seed: int | None = None,
) -> GradientReport:
    """Check the gradients of any expression.

    Args:
        build: computes the loss, (1, 1), from the matrices, on each call.
        matrices: the matrices to check; their data and gradients are restored.
        numbers_per_matrix: check only this many random numbers of each matrix.
        seed: of that choice; None for a different one each time.

    Raises:
        ShapeError: the loss is not one number.
        SettingsError: `numbers_per_matrix` is below 1.
    """
    values = {name: mat.data for name, mat in matrices.items()}

    def loss() -> float:
        with Graph():  # hides any open graph of the caller
            return float(build())

    places = _places(values, numbers_per_matrix, seed)
    [report] = _reports(loss, values, [_graph_gradient(build, matrices)], places)
    return report


def kernel_loss_and_gradient(
    model: Network, *sentences: str
) -> tuple[float, dict[str, FloatArray]]:
    """The sum of the losses of a batch of sentences, and their mean gradient by matrix.

    In the precision of the model: a float64 model compares with `reference_loss_and_gradient`.

    Raises:
        TextError: a sentence is empty, or has an unknown character.
    """
    longest_first = sorted(sentences, key=len, reverse=True)
    tokens, offsets = pack_sentences(model.vocabulary, longest_first)
    gradient = np.zeros_like(model.params)  # (parameters,)
    loss = add_gradient(model, gradient, tokens, offsets, np.arange(len(sentences)))
    return loss, model.layout.views(gradient)


def _graph_gradient(
    build: Callable[[], Mat], matrices: Mapping[str, Mat]
) -> dict[str, Float64Array]:
    """The gradients that `backward` computes; those of the matrices are restored."""
    with Graph() as graph:
        loss = build()
    before = {name: mat.grad for name, mat in matrices.items()}
    for mat in matrices.values():
        mat.grad = np.zeros_like(mat.data)
    try:
        graph.backward(loss)
        return {name: mat.grad for name, mat in matrices.items()}
    finally:
        for name, mat in matrices.items():
            mat.grad = before[name]


Index = tuple[int, ...]


def _places(
    matrices: Mapping[str, FloatArray], numbers: int | None, seed: int | None
) -> dict[str, list[Index]]:
    """The indices to check in each matrix: all, or this many random ones."""
    if numbers is not None and numbers < 1:
        raise SettingsError("invalid_numbers_per_matrix", "numbers_per_matrix", value=numbers)
    random = np.random.default_rng(seed)
    places = {}
    for name, matrix in matrices.items():
        drawn = np.arange(matrix.size)
        if numbers is not None and numbers < matrix.size:
            drawn = random.choice(matrix.size, size=numbers, replace=False)
        axes = np.unravel_index(drawn, matrix.shape)
        places[name] = list(zip(*(axis.tolist() for axis in axes), strict=True))
    return places


def _reports(
    loss: Callable[[], float],
    matrices: Mapping[str, FloatArray],
    gradients: Sequence[Mapping[str, FloatArray]],
    places: Mapping[str, list[Index]],
) -> list[GradientReport]:
    """One report for each of the G sets of gradients; changes the matrices temporarily."""
    errors = {
        name: _matrix_errors(
            loss,
            matrix,
            np.array([[each[name][place] for place in places[name]] for each in gradients]),
            places[name],
        )
        for name, matrix in matrices.items()
    }  # name: (G,)
    return [
        GradientReport({name: float(error[g]) for name, error in errors.items()})
        for g in range(len(gradients))
    ]


def _matrix_errors(
    loss: Callable[[], float], matrix: FloatArray, gradients: Float64Array, places: Sequence[Index]
) -> Float64Array:
    """The error of each set of gradients (G, places) of this matrix, (G,)."""
    here = loss()
    largest = np.maximum(np.abs(gradients).max(axis=1), MIN_SCALE)  # (G,)
    apart = np.zeros(len(gradients))  # (G,)
    for place, gradient in zip(places, gradients.T, strict=True):  # gradient: (G,)
        measure = partial(_slopes, loss, here, matrix, place)
        difference, slope = _compare(measure, gradient, RTOL * largest)
        apart = np.maximum(apart, difference)
        largest = np.maximum(largest, abs(slope))
    return np.asarray(apart / largest, dtype=np.float64)


def _compare(
    measure: Callable[[float], tuple[float, float]], gradient: Float64Array, close: Float64Array
) -> tuple[Float64Array, float]:
    """The distance of each gradient (G,) from the estimate, (G,), and the estimate.

    No smaller step is tried once all are within `close` (G,).
    """
    best = np.full(len(gradient), np.inf)  # (G,)
    for step in EPSILONS:
        below, above = measure(step)
        slope = (below + above) / 2  # the central difference
        best = np.minimum(best, np.abs(gradient - slope))
        if (best <= close).all():
            return best, slope
    # On a corner the one-sided slopes differ for any step: all slopes between them are right.
    beside = np.abs(gradient - slope) - abs(above - below) / 2
    return np.minimum(best, np.maximum(beside, 0.0)), slope


def _slopes(
    loss: Callable[[], float], here: float, matrix: FloatArray, place: Index, step: float
) -> tuple[float, float]:
    """The one-sided slopes below and above the number at `place`, where the loss is `here`."""
    value = matrix[place]
    try:
        matrix[place] = value - step
        below = (here - loss()) / step
        matrix[place] = value + step
        above = (loss() - here) / step
    finally:
        matrix[place] = value
    return below, above
