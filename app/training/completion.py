"""Completions of a prompt, with a bound on the time they take."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import from_model
from app.protocol.requests import MAX_CHARACTERS, Complete
from app.protocol.results import Completion
from app.training.work import check_readable, generated_characters
from model import CharModel, TextError


def complete(model: CharModel, request: Complete) -> list[Completion]:
    """Completions of a prompt: samples, or what a beam search finds, best first.

    Raises:
        UserError: the prompt is too long for this network, or has a character unknown to it.
    """
    sentences = request.width if request.method == "beam" else request.count
    check_readable(model.layout, request.prime, "prime")
    limit = min(request.length, generated_characters(model.layout, sentences, MAX_CHARACTERS))
    try:
        found = _generate(model, request, limit)
    except TextError as error:
        raise from_model(error) from None
    return [
        {
            "text": text,
            "log_probability": log_probability,
            "cut": len(model.vocabulary.tokenize(text)) >= limit,
        }
        for text, log_probability in found
    ]


def _generate(
    model: CharModel, request: Complete, limit: int
) -> Sequence[tuple[str, float | None]]:
    """The completions, at most `limit` characters each, with their log probabilities if known."""
    if request.method == "beam":
        return model.beam_search(request.width, request.prime, limit)
    texts = model.samples(
        request.count, request.temperature, request.prime, request.top_k, request.top_p, limit
    )
    return [(text, None) for text in texts]
