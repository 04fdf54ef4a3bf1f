"""Estimates of how long a network computes, to keep what can't be interrupted short.

Work is counted in weights: one character takes a weight about 0.05 to 0.16 ns forward, and twice
that in training, measured on one core for networks of all shapes.
"""

from __future__ import annotations

from typing import Literal

from app.errors import UserError
from app.protocol.limits import MAX_LAYERS
from model.network import Mode, ParameterLayout

OUTPUT = 20
"""Work of a character in the vocabulary beyond its weights: an exponential."""
LAYER = 1_000
"""Work of a layer beyond its weights: its loops begin anew for each character."""

MAX_STEP_WORK = 1_000_000_000
"""Limit of a training step, which cannot be interrupted: at most a third of a second."""
LARGE_BATCH, BATCH_SPEEDUP = 8, 2
"""From this batch size on, a character takes half of the time: weights are read once for all rows.
"""
MAX_WORKSPACE = 32_000_000
"""Limit of the numbers of scratch space for a step, 128 MB: each training thread has its own."""
MAX_READING_WORK = 400_000_000
"""Limit of reading a text, in at most two time slices: 1,000 characters with up to 400,000 weights,
200 with 2,000,000."""
MAX_GENERATION_WORK = 800_000_000
"""Limit of all sentences generated at once, in about two time slices."""
MIN_CHARACTERS = 8
"""Characters that a network generates, however large it is: less would be of no use."""


def work_per_character(layout: ParameterLayout) -> int:
    """The work of reading or generating one character."""
    return layout.num_parameters + OUTPUT * layout.inputs + LAYER * len(layout.hidden_sizes)


def generated_characters(layout: ParameterLayout, sentences: int, limit: int) -> int:
    """Maximum length of sentences generated at once; at most `limit`."""
    affordable = MAX_GENERATION_WORK // (work_per_character(layout) * sentences)
    return max(MIN_CHARACTERS, min(limit, affordable))


def check_readable(layout: ParameterLayout, text: str, field: Literal["text", "prime"]) -> None:
    """Check whether a network can read a probe text, or a prompt, at once.

    Raises:
        UserError: it would take too long.
    """
    limit = MAX_READING_WORK // work_per_character(layout)
    if len(text) > limit:
        raise UserError(
            "prime_too_long_for_network" if field == "prime" else "probe_too_long_for_network",
            field,
            characters=len(text),
            weights=layout.num_parameters,
            limit=limit,
        )


def check_trainable(
    layout: ParameterLayout,
    longest: int,
    batch_size: int = 1,
    mode: Mode = "lines",
    field: str | None = None,
) -> None:
    """Check whether a network can train on sequences of at most `longest` characters.

    Raises:
        UserError: it has too many layers, or a step would take too long or too much memory.
    """
    check_layers(layout, field)
    largest = max_batch_size(layout, longest)
    if batch_size <= largest:
        return
    code = "line_too_long_for_network" if mode == "lines" else "sequence_too_long_for_network"
    raise UserError(
        "batch_too_large_for_network" if largest else code,
        field,
        batch_size=batch_size,
        characters=longest,
        weights=layout.num_parameters,
        limit=largest or _max_characters(layout),
    )


def max_batch_size(layout: ParameterLayout, longest: int) -> int:
    """Number of sequences of `longest` characters in the largest step; 0 if one is too much."""
    alone = _max_characters(layout) // max(longest, 1)
    together = _max_characters(layout, BATCH_SPEEDUP) // max(longest, 1)
    return together if together >= LARGE_BATCH else alone


def _max_characters(layout: ParameterLayout, speedup: int = 1) -> int:
    """Characters of the longest step."""
    return min(
        speedup * MAX_STEP_WORK // work_per_character(layout),
        MAX_WORKSPACE // layout.work_size(1) - 1,
    )


def check_layers(layout: ParameterLayout, field: str | None = None) -> None:
    """Check the number of layers.

    Raises:
        UserError: there are too many.
    """
    count = len(layout.hidden_sizes)
    if count > MAX_LAYERS:
        raise UserError("too_many_layers", field, count=count, limit=MAX_LAYERS)
