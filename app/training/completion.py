"""Completions of a prompt, with a bound on the time they take."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import UserError
from app.protocol.requests import Complete
from app.protocol.results import Completion
from app.training.work import generated_characters, readable_characters
from model import CharModel

SAMPLES = 3
MAX_CHARACTERS = 100
"""Maximum length of a completion, as of every sample on the page."""


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
    max_prompt = readable_characters(model.layout)
    if len(prime) > max_prompt:
        raise UserError(
            "prime_too_long_for_network",
            "prime",
            characters=len(prime),
            weights=model.num_parameters,
            limit=max_prompt,
        )
    return generated_characters(model.layout, sentences, MAX_CHARACTERS)
