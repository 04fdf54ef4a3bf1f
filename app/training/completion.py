"""Completions of a prompt, with a bound on the time they take."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import UserError
from app.protocol.requests import Complete
from app.protocol.results import Completion
from model import CharModel

SAMPLES = 3
MAX_CHARACTERS = 100
"""Maximum length of a completion, as of every sample on the page."""
MIN_CHARACTERS = 8
"""Minimum of that limit, however large the network is: less would be of no use."""
MAX_PROMPT_WORK = 800_000_000
"""Limit of weights times characters of a prompt, which is read without interruption, in about 50
ms: 1,000 characters with up to 800,000 weights, 400 with 2,000,000."""
MAX_GENERATION_WORK = 1_600_000_000
"""Limit of weights times sentences times generated characters: wide beams in large networks, which
would take longer than some 50 ms, are truncated. With 2,000,000 weights, a beam of 20 is truncated
at 40 characters."""


def complete(model: CharModel, request: Complete) -> list[Completion]:
    """Completions of a prompt: a few samples, or what a beam search finds, best first.

    Raises:
        UserError: the prompt is too long for this network.
        TextError: it holds a character that the network does not know.
    """
    found: Sequence[tuple[str, float | None]]
    if request.method == "beam":
        limit = _max_characters(model, request.prime, request.width)
        found = model.beam_search(request.width, request.prime, limit)
    else:
        limit = _max_characters(model, request.prime, SAMPLES)
        texts = model.samples(
            SAMPLES, request.temperature, request.prime, request.top_k, request.top_p, limit
        )
        found = [(text, None) for text in texts]
    return [
        {
            "text": text,
            "log_probability": log_probability,
            "cut": len(model.vocabulary.tokenize(text)) >= limit,
        }
        for text, log_probability in found
    ]


def _max_characters(model: CharModel, prime: str, sentences: int) -> int:
    max_prompt = MAX_PROMPT_WORK // model.num_parameters
    if len(prime) > max_prompt:
        raise UserError(
            "prime_too_long_for_network",
            "prime",
            characters=len(prime),
            weights=model.num_parameters,
            limit=max_prompt,
        )
    limit = MAX_GENERATION_WORK // (model.num_parameters * sentences)
    return max(MIN_CHARACTERS, min(MAX_CHARACTERS, limit))
