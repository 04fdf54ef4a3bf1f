"""Accuracy of a network on sums that it was not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.texts import read

if TYPE_CHECKING:
    from model import CharModel

LONGEST_ANSWER = 3
"""Digits of 99+99. A network may write one more; its answer is then wrong."""


def held_out() -> list[str]:
    """The sums that the text contains in neither order."""
    return read("sums.held_out.txt").splitlines()


def share_right(model: CharModel) -> float:
    """The share of held-out sums that a network completes correctly from a prompt such as "7+5=".

    Raises:
        TextError: the network's vocabulary lacks a digit or sign.
    """
    asked = held_out()
    return sum(_is_right(model, each) for each in asked) / len(asked)


def _is_right(model: CharModel, held_out_sum: str) -> bool:
    question, equals, answer = held_out_sum.partition("=")
    return model.greedy(question + equals, LONGEST_ANSWER + 1) == answer
