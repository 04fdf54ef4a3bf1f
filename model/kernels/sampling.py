"""Choosing the next token from the logits."""

from __future__ import annotations

import math
from typing import NamedTuple

from model.kernels.compile import kernel
from model.kernels.linalg.activations import exp, largest
from model.kernels.types import BOUNDARY, FloatArray, IntArray


class SamplingParams(NamedTuple):
    """The parameters of sampling.

    Attributes:
        temperature: divides the logits before the softmax; 0 selects the most probable token.
        top_k: number of candidates, the most probable tokens, 1 to V.
        top_p: probability that the candidates reach together, above 0 and up to 1: the nucleus of
            A. Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020.
        ends: whether the boundary token may be chosen.
    """

    temperature: float
    top_k: int
    top_p: float
    ends: bool = True


@kernel
def sample_token(
    logits: FloatArray, sampling: SamplingParams, uniform: float, order: IntArray
) -> int:
    """The next token for logits (V,), which are overwritten.

    uniform, in [0, 1), is the random number that selects it; order (V,) is scratch space.
    """
    if not sampling.ends:
        logits[BOUNDARY] = -math.inf
    if sampling.temperature == 0.0:
        return argmax(logits)
    if sampling.top_k >= logits.shape[0] and sampling.top_p >= 1.0:
        softmax_inplace(logits, sampling.temperature)
        return sample_categorical(logits, uniform)
    # By logits: different ones may have equal probabilities at a high temperature.
    argsort_descending(logits, order)
    softmax_inplace(logits, sampling.temperature)
    kept = truncate_top_k_top_p(logits, order, sampling.top_k, sampling.top_p)
    return sample_categorical(logits, uniform * kept)


@kernel
def argmax(logits: FloatArray) -> int:
    """The index of the largest of logits (V,), the first if several are equal."""
    best = 0
    for j in range(1, logits.shape[0]):
        if logits[j] > logits[best]:
            best = j
    return best


@kernel
def softmax_inplace(logits: FloatArray, temperature: float) -> None:
    """Turn logits (V,) into the softmax of logits / temperature, in place.

    The boundary token may have a logit of -infinity, which `exp` does not turn into 0.
    """
    shift = largest(logits)
    total = logits.dtype.type(0)
    divisor = logits.dtype.type(temperature)
    excluded = logits[BOUNDARY] == -math.inf
    for j in range(logits.shape[0]):
        logits[j] = exp((logits[j] - shift) / divisor)
        total += logits[j]
    if excluded:
        logits[BOUNDARY] = 0
    for j in range(logits.shape[0]):
        logits[j] /= total


@kernel
def sample_categorical(probabilities: FloatArray, uniform: float) -> int:
    """The index in probabilities (V,) whose cumulative sum first exceeds `uniform`.

    If rounding leaves the sum below `uniform`, it is the last index of a positive probability; if
    there is none, as in a diverged network, END.
    """
    total, last = 0.0, 0
    for j in range(probabilities.shape[0]):
        if probabilities[j] > 0:
            total += probabilities[j]
            last = j
            if uniform < total:
                break
    return last


@kernel
def truncate_top_k_top_p(
    probabilities: FloatArray, order: IntArray, top_k: int, top_p: float
) -> float:
    """Set all probabilities (V,) but those of the candidates to zero; returns the sum of the rest.

    The candidates are the most probable tokens: at most top_k, and no more than it takes to reach
    top_p. order (V,) lists the tokens by descending probability.
    """
    total, count = 0.0, 0
    while count < top_k and (count == 0 or total < top_p):
        total += probabilities[order[count]]
        count += 1
    for n in range(count, order.shape[0]):
        probabilities[order[n]] = 0
    return total


@kernel
def argsort_descending(logits: FloatArray, order: IntArray) -> None:
    """Fill order (V,) with the indices of logits (V,), largest first; equal ones by index.

    Heapsort (J. W. J. Williams, 1964): in place, O(V log V) in the worst case.
    """
    count = order.shape[0]
    for j in range(count):
        order[j] = j
    for root in range(count // 2 - 1, -1, -1):
        sift_down(logits, order, root, count)
    for end in range(count - 1, 0, -1):
        order[0], order[end] = order[end], order[0]
        sift_down(logits, order, 0, end)


@kernel
def sift_down(logits: FloatArray, order: IntArray, root: int, end: int) -> None:
    """Restore the heap order[root:end], smallest logit on top, after a change of its root."""
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and comes_later(logits, order[child + 1], order[child]):
            child += 1
        if not comes_later(logits, order[child], order[root]):
            return
        order[root], order[child] = order[child], order[root]
        root = child


@kernel
def comes_later(logits: FloatArray, a: int, b: int) -> bool:
    """Whether index a sorts after b: its logit is smaller, or equal and a is larger."""
    return logits[a] < logits[b] or (logits[a] == logits[b] and a > b)
