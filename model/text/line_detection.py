"""Whether the lines of a text are sentences, or the text runs on over them."""

from __future__ import annotations

HEAD = 500_000
"""Characters at the beginning of a text that are looked at."""
MIN_LINES = 100
"""A text with fewer lines may have blank and indented ones by chance."""
MAX_SENTENCE = 1_000
"""Characters of a line that can be one sentence."""
MAX_SHARE = 0.05
"""The share of the lines that may be blank, indented, or the rest of a sentence."""


def lines_are_sentences(text: str) -> bool:
    """Whether each line of a text stands for itself, as in a list of names or of sentences.

    It does, unless a line has more than 1,000 characters, or 100 or more lines have one of these
    marks of running text: more than 5 % of them are blank, which separates paragraphs; more than
    5 % are indented, as in source code and poems; or 5 to 95 % begin in lower case, as do lines
    that are broken within sentences, where those of a list all begin alike.
    """
    head = text[:HEAD].strip("\n")
    lines = head.split("\n")
    if any(len(line) > MAX_SENTENCE for line in lines):
        return False
    if len(lines) < MIN_LINES:
        return True
    blank = sum(not line.strip() for line in lines)
    indented = sum(line[:1] in " \t" for line in lines if line.strip())
    if max(blank, indented) > MAX_SHARE * len(lines):
        return False
    lower = sum(line[:1].islower() for line in lines)
    upper = sum(line[:1].isupper() for line in lines)
    return min(lower, upper) <= MAX_SHARE * (lower + upper)
