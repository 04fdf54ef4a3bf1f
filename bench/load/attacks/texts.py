"""Texts to attack with."""

from __future__ import annotations

import itertools


def distinct_characters(count: int) -> str:
    """So many characters, from the space on, without surrogates."""
    codes = (code for code in itertools.count(0x20) if not 0xD800 <= code < 0xE000)
    return "".join(map(chr, itertools.islice(codes, count)))


def in_lines(chars: str, width: int) -> str:
    """The characters in lines of this width."""
    return "\n".join(chars[at : at + width] for at in range(0, len(chars), width))
