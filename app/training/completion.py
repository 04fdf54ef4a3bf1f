"""How a network goes on from a beginning, in no more time than others can wait."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import UserError
from app.protocol.requests import Complete
from app.protocol.results import Completion
from model import CharModel

SAMPLES = 3
LONGEST = 100
"""Characters that are written after a beginning, as in every sample on the page."""
SHORTEST = 8
"""Fewer would say nothing, however large the network is."""
READING_WORK = 800_000_000
"""Weights times characters of a beginning. It is read at one go, while others wait for the thread:
all 1,000 by a network of up to 800,000 weights, 400 by one of 2,000,000, in about 50 ms."""
WRITING_WORK = 1_600_000_000
"""Weights times sentences times characters that are written: where a wide beam in a large network
would take longer than some 50 ms, its sentences are cut short. With 2,000,000 weights, a beam of 20
is cut at 40 characters."""


def complete(model: CharModel, request: Complete) -> list[Completion]:
    """Completions of a prompt: a few samples, or what a beam search finds, best first.

    Raises:
        UserError: the prompt is too long for this network.
        TextError: it holds a character that the network does not know.
    """
    found: Sequence[tuple[str, float | None]]
    if request.method == "beam":
        most = _most_characters(model, request.prime, request.width)
        found = model.beam_search(request.width, request.prime, most)
    else:
        most = _most_characters(model, request.prime, SAMPLES)
        texts = model.samples(
            SAMPLES, request.temperature, request.prime, request.top_k, request.top_p, most
        )
        found = [(text, None) for text in texts]
    return [
        {
            "text": text,
            "log_probability": log_probability,
            "cut": len(model.vocabulary.tokenize(text)) >= most,
        }
        for text, log_probability in found
    ]


def _most_characters(model: CharModel, prime: str, sentences: int) -> int:
    readable = READING_WORK // model.num_parameters
    if len(prime) > readable:
        raise UserError(
            "prime_too_long_for_network",
            "prime",
            characters=len(prime),
            weights=model.num_parameters,
            limit=readable,
        )
    return max(SHORTEST, min(LONGEST, WRITING_WORK // (model.num_parameters * sentences)))
