"""How a network goes on from a beginning, in no more time than others can wait."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import UserError
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


@dataclass(frozen=True)
class Completion:
    """What may come after a beginning.

    Attributes:
        text: without the beginning.
        log_probability: natural logarithm of its probability after the beginning; None where it
            was drawn.
        cut: it was long enough and would go on.
    """

    text: str
    log_probability: float | None
    cut: bool


def drawn(
    model: CharModel, prime: str, temperature: float, top_k: int | None, top_p: float | None
) -> list[Completion]:
    """A few sentences drawn after the beginning.

    Raises:
        UserError: the beginning is too long for this network.
        TextError: it holds a character that the network does not know.
    """
    most = _most_characters(model, prime, SAMPLES)
    texts = model.samples(SAMPLES, temperature, prime, top_k, top_p, most)
    return [Completion(text, None, _is_cut(model, text, most)) for text in texts]


def likeliest(model: CharModel, prime: str, width: int) -> list[Completion]:
    """The likeliest sentences that a beam of this width finds after the beginning, best first.

    Raises:
        UserError: the beginning is too long for this network.
        TextError: it holds a character that the network does not know.
    """
    most = _most_characters(model, prime, width)
    return [
        Completion(text, log_probability, _is_cut(model, text, most))
        for text, log_probability in model.beam_search(width, prime, most)
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


def _is_cut(model: CharModel, text: str, most: int) -> bool:
    return len(model.vocabulary.units(text)) >= most
