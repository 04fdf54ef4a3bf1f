"""Gradient checks: gradients compared with measured slopes of the loss.

The slope by one number is measured by central differences: move the number a step up and a step
down, and divide the difference of the two losses by the distance. A long step measures a curve
badly, a short one drowns in rounding, and a step across the corner of a rectifier measures neither
side. So a number that does not agree is measured again with shorter steps, and its best agreement
counts: a wrong gradient agrees with none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from model.autograd.graph import Graph, Mat
from model.autograd.reference_cells import reference_loss_and_gradient
from model.dataset import pack_sentences
from model.errors import SettingsError
from model.kernels import entry_points, workspace
from model.kernels.types import Float64Array, FloatArray
from model.metrics import sentence_losses
from model.network import Network

EPSILONS = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
RTOL = 1e-7  # as a share of the matrix's largest slope: no shorter step is tried
MIN_SCALE = 1e-4  # smaller ones are compared on this scale: rounding hides them from a difference


@dataclass(frozen=True)
class GradientReport:
    """How well gradients agree with the measured slopes.

    Attributes:
        errors: of each matrix, the largest difference between a gradient and its slope, as a share
            of the largest slope or gradient in the matrix. Around 1e-6 or less where all is right,
            1 where a gradient is missing, NaN where the loss is no number.
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
    """Both implementations of a model's gradient, compared with the same measured slopes.

    Attributes:
        graph: of the expression graph, the reference.
        kernels: of the compiled kernels, which train.
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
    """Check the gradient of a sentence's loss, by every matrix, of graph and kernels.

    The model is left as it is: all happens on a copy in float64. A large network takes a while,
    two evaluations for every number; `numbers_per_matrix` draws so many of each matrix instead.

    Raises:
        TextError: the sentence is empty, or holds a character that the model does not know.
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
    """Check the gradients of any expression: `build` computes its loss, (1, 1), anew every time.

    `matrices` are those that it is computed from and that are to be checked. Their values and
    gradients are afterwards what they were.

    Raises:
        ShapeError: the loss is more than one number.
        SettingsError: `numbers_per_matrix` is below 1.
    """
    values = {name: mat.data for name, mat in matrices.items()}

    def loss() -> float:
        with Graph():  # so that a graph which the caller has open records nothing of this
            return float(build())

    places = _places(values, numbers_per_matrix, seed)
    [report] = _reports(loss, values, [_graph_gradient(build, matrices)], places)
    return report


def kernel_loss_and_gradient(
    model: Network, *sentences: str
) -> tuple[float, dict[str, FloatArray]]:
    """The sum of the sentences' losses, and their mean gradient by every matrix, as in training.

    The sentences are one batch. In the model's own precision: take a float64 model to compare with
    `reference_loss_and_gradient`.

    Raises:
        TextError: a sentence is empty, or holds a character that the model does not know.
    """
    longest_first = sorted(sentences, key=len, reverse=True)
    tokens, offsets = pack_sentences(model.vocabulary, longest_first)
    rows, batch = int(offsets[-1]), len(sentences)
    gradient = np.zeros_like(model.params)  # (parameters,)
    loss = entry_points.loss_and_gradient(
        *model.kernel_args,
        gradient,
        tokens,
        offsets,
        np.arange(batch),
        model.work_space(rows, batch),
        workspace.batch_scratch(rows),
    )
    return float(loss), model.layout.views(gradient)


def _graph_gradient(
    build: Callable[[], Mat], matrices: Mapping[str, Mat]
) -> dict[str, Float64Array]:
    """What `backward` adds to the gradients of the matrices; which stay as they were."""
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
    """Which numbers of each matrix are checked: all, or so many drawn at random."""
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
    """One report for each set of gradients (G sets); the matrices are moved, and put back."""
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
    """The error of each set of gradients (G, places) in this matrix, (G,)."""
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
    """How far each gradient (G,) is from the measured slope, (G,), and that slope.

    No shorter step is tried when all are as close as `close` (G,).
    """
    best = np.full(len(gradient), np.inf)  # (G,)
    for step in EPSILONS:
        below, above = measure(step)
        slope = (below + above) / 2  # the central difference
        best = np.minimum(best, np.abs(gradient - slope))
        if (best <= close).all():
            return best, slope
    # Right on a corner the shortest step still finds two slopes: any between them is right.
    beside = np.abs(gradient - slope) - abs(above - below) / 2
    return np.minimum(best, np.maximum(beside, 0.0)), slope


def _slopes(
    loss: Callable[[], float], here: float, matrix: FloatArray, place: Index, step: float
) -> tuple[float, float]:
    """The slopes below and above the number at `place`, where the loss is `here`."""
    value = matrix[place]
    try:
        matrix[place] = value - step
        below = (here - loss()) / step
        matrix[place] = value + step
        above = (loss() - here) / step
    finally:
        matrix[place] = value
    return below, above
