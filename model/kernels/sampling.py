"""Choosing the next token from the logits."""

from __future__ import annotations

from typing import NamedTuple

from model.kernels.compile import kernel
from model.kernels.linalg.activations import exp
from model.kernels.types import FloatArray, IntArray


class SamplingParams(NamedTuple):
    """How tokens are chosen.

    Attributes:
        temperature: logits are divided by it before the softmax; 0 takes the most probable token.
        top_k: how many of the most probable tokens are candidates, 1 to V.
        top_p: the candidates are the most probable tokens that together reach this probability,
            above 0 and up to 1: the nucleus of A. Holtzman et al., "The Curious
            Case of Neural Text Degeneration", 2020.
    """

    temperature: float
    top_k: int
    top_p: float


@kernel
def sample_token(
    logits: FloatArray, sampling: SamplingParams, uniform: float, order: IntArray
) -> int:
    """The next token, given its logits (V,), which are overwritten; uniform is in [0, 1).

    order (V,) is work space.
    """
    if sampling.temperature == 0.0:
        return argmax(logits)
    if sampling.top_k >= logits.shape[0] and sampling.top_p >= 1.0:
        softmax_inplace(logits, sampling.temperature)
        return sample_categorical(logits, uniform)
    # By logits: two that differ may have one and the same probability at a high temperature.
    argsort_descending(logits, order)
    softmax_inplace(logits, sampling.temperature)
    kept = truncate_top_k_top_p(logits, order, sampling.top_k, sampling.top_p)
    return sample_categorical(logits, uniform * kept)


@kernel
def argmax(logits: FloatArray) -> int:
    """The place of the largest of logits (V,), the first of several."""
    best = 0
    for j in range(1, logits.shape[0]):
        if logits[j] > logits[best]:
            best = j
    return best


@kernel
def softmax_inplace(logits: FloatArray, temperature: float) -> None:
    """Turn logits (V,) into the softmax of logits / temperature, in place."""
    largest = logits[0]
    for j in range(1, logits.shape[0]):
        largest = max(largest, logits[j])
    total = logits.dtype.type(0)
    warmth = logits.dtype.type(temperature)
    for j in range(logits.shape[0]):
        logits[j] = exp((logits[j] - largest) / warmth)
        total += logits[j]
    for j in range(logits.shape[0]):
        logits[j] /= total


@kernel
def sample_categorical(probabilities: FloatArray, uniform: float) -> int:
    """The place in probabilities (V,) that a number from 0 to below their sum falls on.

    Rounding may leave the sum short of the number: that falls on the last place with any
    probability. Where nothing has one, as in a diverged network, it is END.
    """
    reached, last = 0.0, 0
    for j in range(probabilities.shape[0]):
        if probabilities[j] > 0:
            reached += probabilities[j]
            last = j
            if uniform < reached:
                break
    return last


@kernel
def truncate_top_k_top_p(
    probabilities: FloatArray, order: IntArray, top_k: int, top_p: float
) -> float:
    """Set probabilities (V,) to zero but for the likeliest; returns what those have together.

    They are no more than top_k, and no more than it takes to reach top_p. order (V,) has the
    places, likeliest first.
    """
    kept, count = 0.0, 0
    while count < top_k and (count == 0 or kept < top_p):
        kept += probabilities[order[count]]
        count += 1
    for n in range(count, order.shape[0]):
        probabilities[order[n]] = 0
    return kept


@kernel
def argsort_descending(logits: FloatArray, order: IntArray) -> None:
    """Fill order (V,) with the places in logits (V,), largest first; the lower of two equal ones.

    Heapsort (J. W. J. Williams, 1964): in place, and never slow.
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
    """Make order[root:end] a heap again, the least likely on top, if only its root is not."""
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
    """Whether place a is less likely than b, or as likely and higher."""
    return logits[a] < logits[b] or (logits[a] == logits[b] and a > b)
