"""Simple features of a text, and the units that correlate with them.

A. Karpathy, J. Johnson and L. Fei-Fei ("Visualizing and understanding recurrent networks", 2015)
found LSTM units that count characters or are active within quotes. A feature is one number after
each character; units are ranked by the correlation of their activations with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.kernels.types import Float64Array, FloatArray

OPENING, CLOSING = "([{", ")]}"
OPENING_QUOTES, CLOSING_QUOTES = "“«„", "”»"
STRAIGHT_QUOTE = '"'
LINE_END = "\n"


def word_position(characters: Sequence[str]) -> list[int]:
    """The number of letters of the current word; 0 between words."""
    positions, position = [], 0
    for character in characters:
        position = position + 1 if character.isalpha() else 0
        positions.append(position)
    return positions


def quotes(characters: Sequence[str]) -> list[int]:
    """1 within quotation marks, from the opening to before the closing one."""
    inside, values = False, []
    for character in characters:
        if character == STRAIGHT_QUOTE:
            inside = not inside
        elif character in OPENING_QUOTES:
            inside = True
        elif character in CLOSING_QUOTES:
            inside = False
        values.append(int(inside))
    return values


def brackets(characters: Sequence[str]) -> list[int]:
    """The number of open brackets."""
    depth, depths = 0, []
    for character in characters:
        if character in OPENING:
            depth += 1
        elif character in CLOSING:
            depth = max(depth - 1, 0)
        depths.append(depth)
    return depths


def digit(characters: Sequence[str]) -> list[int]:
    """1 after a digit, else 0."""
    return [int(character.isdigit()) for character in characters]


def sentence_position(characters: Sequence[str]) -> list[int]:
    """The number of characters of the sentence."""
    return list(range(1, len(characters) + 1))


def line_position(characters: Sequence[str]) -> list[int]:
    """The number of characters of the line; 0 after its end."""
    positions, position = [], 0
    for character in characters:
        position = 0 if character == LINE_END else position + 1
        positions.append(position)
    return positions


def indentation(characters: Sequence[str]) -> list[int]:
    """The number of spaces and tabs with which the line begins; 0 after its end."""
    depth, at_beginning, depths = 0, True, []
    for character in characters:
        if character == LINE_END:
            depth, at_beginning = 0, True
        elif at_beginning and character in " \t":
            depth += 1
        else:
            at_beginning = False
        depths.append(depth)
    return depths


def string(characters: Sequence[str]) -> list[int]:
    """1 within a string of source code, from the opening to before the last closing quote."""
    return _within(characters, "string", closed_by="'\"")


def comment(characters: Sequence[str]) -> list[int]:
    """1 within a comment of source code, from its # to the end of the line."""
    return _within(characters, "comment")


_TOKENS = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<string>(?P<triple>"{3}|'{3})(?:\\.|.)*?(?:(?P=triple)|\Z)
        | (?P<quote>["'])(?:\\[^\n]|(?!(?P=quote))[^\\\n])*(?:(?P=quote)|))""",
    re.DOTALL | re.VERBOSE,
)
"""Comments and strings of Python. A string ends with its line, unless it has three quotes."""


def _within(characters: Sequence[str], kind: str, closed_by: str = "") -> list[int]:
    """1 within the tokens of a kind, except for a last character that closes one; else 0."""
    text, values = "".join(characters), [0] * len(characters)
    for token in _TOKENS.finditer(text):
        start, end = token.span(kind)
        if end - start > 1 and text[end - 1] in closed_by:
            end -= 1
        values[start:end] = [1] * (end - start)
    return values


FEATURES: Mapping[str, Callable[[Sequence[str]], list[int]]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            *(word_position, quotes, brackets, digit, sentence_position),
            *(line_position, indentation, string, comment),
        )
    }
)
"""The features by name: functions of the characters (n,) of a sentence, or of a running text, that
return (n,) numbers."""


class UnitCorrelation(NamedTuple):
    """The correlation of a unit with a feature.

    Attributes:
        layer: its layer, from 0 at the bottom.
        unit: its index in the layer, from 0.
        correlation: Pearson's coefficient, from -1 to 1.
    """

    layer: int
    unit: int
    correlation: float


def most_correlated_units(
    feature: npt.ArrayLike, layers: Sequence[FloatArray], count: int
) -> list[UnitCorrelation]:
    """At most `count` units by descending |correlation| with a feature (N,).

    layers are activations (N, units). Units whose correlation is undefined are omitted: constant
    ones, those of a diverged network, and all if the feature is constant.
    """
    values = np.asarray(feature, dtype=np.float64)
    found = [
        UnitCorrelation(layer, unit, float(correlation))
        for layer, activations in enumerate(layers)
        for unit, correlation in enumerate(correlations(values, activations))
        if np.isfinite(correlation)
    ]
    return sorted(found, key=lambda each: -abs(each.correlation))[:count]


def correlations(feature: Float64Array, activations: FloatArray) -> Float64Array:
    """Pearson's correlation of a feature (N,) with activations (N, units), (units,).

    The covariance divided by the product of the standard deviations; NaN if one of these is zero.
    """
    with np.errstate(all="ignore"):
        from_mean = feature - feature.mean()
        units = activations.astype(np.float64)
        units -= units.mean(axis=0)
        spread = np.sqrt((from_mean**2).sum() * (units**2).sum(axis=0))  # (units,)
        found: Float64Array = np.where(spread > 0, from_mean @ units / spread, np.nan)
    return found
