"""Sampling, greedy decoding and beam search: the arguments of the kernels."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from model.errors import SettingsError, TextError, is_integer, is_number
from model.kernels import entry_points
from model.kernels.beam_search import Beam, Ranking
from model.kernels.sampling import SamplingParams
from model.kernels.types import Float64Array
from model.network import Network, is_size

MAX_BATCH = 256
"""Sentences per call of the kernel: more need memory and save no time."""
MAX_BATCH_CHARACTERS = 1_000_000
"""Characters per call of the kernel, unless a single sentence needs more."""
GROWTH = 4
"""How much larger each batch of a stream is than the one before."""
MAX_BEAM_WIDTH = 20

GREEDY = SamplingParams(temperature=0.0, top_k=1, top_p=1.0)
"""The most probable token at each step."""


def sampling_params(
    network: Network, temperature: float, top_k: int | None, top_p: float | None
) -> SamplingParams:
    """The validated parameters of sampling; None for `top_k` and `top_p` means no limit.

    Raises:
        SettingsError: the temperature is not above 0, top_k is not an integer of at least 1, or
            top_p is not above 0 and at most 1.
    """
    if not (is_number(temperature) and math.isfinite(temperature) and temperature > 0):
        raise SettingsError("invalid_temperature", "temperature", value=temperature)
    if not (top_k is None or is_size(top_k)):
        raise SettingsError("invalid_top_k", "top_k", value=top_k)
    if not (top_p is None or (is_number(top_p) and 0 < top_p <= 1)):  # false for NaN
        raise SettingsError("invalid_top_p", "top_p", value=top_p)
    min_temperature = float(np.finfo(network.params.dtype).tiny)  # less is 0 in the kernel
    tokens = network.layout.inputs
    return SamplingParams(
        max(float(temperature), min_temperature),
        tokens if top_k is None else min(int(top_k), tokens),
        1.0 if top_p is None else float(top_p),
    )


def generate(
    network: Network,
    count: int,
    prompt: str,
    sampling: SamplingParams,
    max_chars: int,
    random: np.random.Generator | None = None,
) -> list[str]:
    """`count` continuations of the prompt; greedy decoding needs no `random`.

    Raises:
        SettingsError: the count is not an integer of at least 1, or max_chars is below 0.
        TextError: the prompt has an unknown character.
    """
    return list(stream(network, count, prompt, sampling, max_chars, random, first=MAX_BATCH))


def stream(
    network: Network,
    count: int,
    prompt: str,
    sampling: SamplingParams,
    max_chars: int,
    random: np.random.Generator | None = None,
    first: int = 1,
) -> Iterator[str]:
    """The sentences of `generate` one by one: `first` in the first call of the kernel, then more.

    Raises:
        SettingsError, TextError: as `generate` does.
    """
    if not is_size(count):
        raise SettingsError("invalid_count", "count", value=count)
    _check_max_chars(max_chars)
    prompt_tokens = _prompt_tokens(network, prompt)
    sampling = sampling._replace(ends=network.mode == "lines")

    def sentences() -> Iterator[str]:
        for rows in _batches(count, max_chars, first):
            shape = (rows, max_chars)
            uniforms = np.zeros(shape) if random is None else random.random(shape)
            yield from _generate_batch(network, prompt_tokens, sampling, uniforms)

    return sentences()


def beam_search(
    network: Network, width: int, prompt: str, max_chars: int
) -> list[tuple[str, float]]:
    """Sentences and their log-probabilities; see `CharModel.beam_search`.

    Raises:
        SettingsError: the width is not an integer from 1 to 20, or max_chars is below 0.
        TextError: the prompt has an unknown character.
    """
    if not (is_size(width) and width <= MAX_BEAM_WIDTH):
        raise SettingsError("invalid_width", "width", value=width, most=MAX_BEAM_WIDTH)
    _check_max_chars(max_chars)
    prompt_tokens = _prompt_tokens(network, prompt)
    state = network.zero_state(width)
    beam = Beam(
        scores=np.zeros(width),
        last_tokens=np.zeros(width, dtype=np.int64),
        tokens=np.zeros((max_chars, width), dtype=np.int64),
        parents=np.zeros((max_chars, width), dtype=np.int64),
        continuations=_ranking(2 * width),
        state_scratch=np.zeros_like(state),
    )
    hypotheses = _ranking(width)
    out = np.zeros((width, max_chars), dtype=np.int32)
    entry_points.beam_search(
        *network.kernel_args,
        prompt_tokens,
        network.mode == "lines",
        state,
        network.work_space(width, width),
        np.zeros(width + 2, dtype=np.int64),
        beam,
        hypotheses,
        out,
    )
    return [
        (network.vocabulary.decode(out[n, : hypotheses.payloads[n]]), float(score))
        for n, score in enumerate(hypotheses.scores)
        if np.isfinite(score)
    ]


def _batches(count: int, max_chars: int, size: int) -> Iterator[int]:
    """The number of sentences of each call of the kernel, at first `size`, then more each time."""
    most = max(1, min(MAX_BATCH, MAX_BATCH_CHARACTERS // max(max_chars, 1)))
    while count > 0:
        rows = min(size, most, count)
        yield rows
        count -= rows
        size *= GROWTH


def _generate_batch(
    network: Network,
    prompt_tokens: npt.NDArray[np.int64],
    sampling: SamplingParams,
    uniforms: Float64Array,
) -> list[str]:
    """One sentence for each row of uniforms (sentences, max_chars)."""
    rows = len(uniforms)
    out = np.zeros(uniforms.shape, dtype=np.int32)
    lengths = np.zeros(rows, dtype=np.int64)
    entry_points.generate(
        *network.kernel_args,
        prompt_tokens,
        sampling,
        uniforms,
        network.zero_state(rows),
        network.work_space(rows, rows),
        np.zeros((1, network.layout.inputs), network.params.dtype),
        np.zeros(3 * rows + network.layout.inputs + 2, dtype=np.int64),
        out,
        lengths,
    )
    return [
        network.vocabulary.decode(tokens[:length])
        for tokens, length in zip(out, lengths, strict=True)
    ]


def _prompt_tokens(network: Network, prompt: str) -> npt.NDArray[np.int64]:
    """The token before a text and the tokens of the prompt, (1 + characters,)."""
    try:
        tokens = network.vocabulary.encode(prompt)
        return np.concatenate(([network.start_token], tokens)).astype(np.int64)
    except TextError as error:
        error.field = "prime"  # the public name of the option
        raise


def _ranking(places: int) -> Ranking:
    return Ranking(np.full(places, -np.inf), *np.zeros((2, places), dtype=np.int64))


def _check_max_chars(max_chars: int) -> None:
    if not (is_integer(max_chars) and max_chars >= 0):
        raise SettingsError("invalid_max_chars", "max_chars", value=max_chars)
