"""Characters: which cannot be seen, what they are called, and which look alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MAX_SHOWN = 10
"""Characters named in a message before it says "and N more"."""

_IGNORABLE_RANGES = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Default_Ignorable_Code_Point of Unicode 16, DerivedCoreProperties.txt: nothing is drawn."""

IGNORABLE = frozenset(
    chr(code) for first, last in _IGNORABLE_RANGES for code in range(first, last + 1)
)
"""Characters that are not drawn, such as zero-width spaces and joiners."""

_CATEGORY_NAMES = {
    "Cc": "control character",
    "Cn": "unassigned character",
    "Co": "private-use character",
    "Cs": "half of a surrogate pair",
}

_LOOK_ALIKE = (
    "'’‘ʼ′`´＇",
    '"“”„‟″＂',
    "-‐‑‒–—―−﹣－",
    " \u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "·•∙⋅",
    *("AАΑ", "BВΒ", "CС", "EЕΕ", "HНΗ", "IІΙ", "JЈ", "KКΚ", "MМΜ", "NΝ", "OОΟ", "PРΡ", "SЅ"),
    *("TТΤ", "XХΧ", "YУΥ", "ZΖ", "aа", "cс", "eе", "iі", "jј", "oоο", "pр", "sѕ", "vν", "xх", "yу"),
)
"""Punctuation that programs replace, and letters of Latin, Cyrillic and Greek: the part of
Unicode's confusables.txt (UTS #39) that texts and keyboards mix."""


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen: it has whitespace and zero-width characters only."""
    return all(char in IGNORABLE or char.isspace() for char in text)


def quoted(char: str) -> str:
    """The character in quotes, or its code point and name if it cannot be seen by itself."""
    category = unicodedata.category(char)
    if char.isprintable() and char not in IGNORABLE and not category.startswith("M"):
        return repr(char)
    name = unicodedata.name(char, "") or _CATEGORY_NAMES.get(category, "character")
    return f"U+{ord(char):04X} {name}"


def format_chars(characters: Sequence[str]) -> str:
    """A list of characters for a message: the first ones quoted or named, the rest counted."""
    return join_quoted([quoted(char) for char in characters[:MAX_SHOWN]], len(characters))


def join_quoted(shown: Sequence[str], count: int) -> str:
    """A list for a message of `count` characters, of which these are shown."""
    more = count - len(shown)
    noun = "the character" if count == 1 else "the characters"
    return f"{noun} {', '.join(shown)}" + (f" and {more:,} more" if more > 0 else "")


def look_alikes(char: str) -> list[str]:
    """Characters, or sequences of them, that look like this one or mean the same; best first.

    They are look-alikes proper, its forms by Unicode normalisation (é as e and an accent, … as
    three dots), the letter without its accents, and the other case.
    """
    groups = [group for group in _LOOK_ALIKE if char in group]
    forms = [unicodedata.normalize(form, char) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    base = "".join(each for each in forms[-1] if not unicodedata.combining(each))
    found = dict.fromkeys([*"".join(groups), *forms, base, char.swapcase()])
    return [each for each in found if each not in ("", char)]
