"""Whether a network that has learnt sums has understood them, or knows them by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.texts import read

if TYPE_CHECKING:
    from model import CharModel

LONGEST_ANSWER = 3
"""Digits, of 99+99; a network may write one more, and is wrong then."""


def held_out() -> list[str]:
    """Sums that the text has neither so nor the other way round."""
    return read("sums.held_out.txt").splitlines()


def share_right(model: CharModel) -> float:
    """The share of the held-out sums that a network, given "7+5=", goes on with rightly.

    Raises:
        TextError: the network does not know the digits and signs.
    """
    asked = held_out()
    return sum(_is_right(model, each) for each in asked) / len(asked)


def _is_right(model: CharModel, held_out_sum: str) -> bool:
    question, equals, answer = held_out_sum.partition("=")
    return model.greedy(question + equals, LONGEST_ANSWER + 1) == answer
