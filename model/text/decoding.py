"""The text of a file's bytes, in whatever encoding and compression they are."""

from __future__ import annotations

import bz2
import codecs
import lzma
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from model.errors import SettingsError, TextError
from model.formats.file_kinds import (
    BINARY,
    BZIP2,
    GZIP,
    MODEL_JSON,
    XZ,
    FileKind,
    kind_of,
)
from model.text.sentences import BYTE_ORDER_MARK

THE_FILE = "The file"
"""The name of a file in messages, if it has none."""

XZ_MEMORY = 128_000_000
"""Bytes that decompression of .xz may take: a tiny file can demand gigabytes."""

_DECOMPRESSORS: Mapping[FileKind, Callable[[], Any]] = {
    GZIP: lambda: zlib.decompressobj(wbits=31),
    BZIP2: bz2.BZ2Decompressor,
    XZ: lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY),
}
"""What decompresses each kind of compressed file."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
MAX_HIGH_SHARE = 1 / 3
"""Share of the visible bytes of a Windows-1252 text that may be no ASCII. Texts in other scripts,
which it would turn into nonsense, have far more."""
MIN_NUL_SHARE = 1 / 4
"""Share of NULs in Latin text in UTF-16 or UTF-32. In other scripts they are fewer, but then it has
other control characters as well, or is no valid UTF-8."""
VALID_PER_INVALID = 3
"""Valid sequences of UTF-8 for each invalid one: with more it is damaged UTF-8. Texts in other
encodings have some that are valid by chance."""
REPLACEMENT = "\ufffd"
"""What Python decodes invalid bytes as."""


class Decoded(NamedTuple):
    """A text, and the encoding it was in."""

    text: str
    encoding: str


def decode_text(
    content: bytes, name: str = THE_FILE, encoding: str | None = None, max_bytes: int = 1 << 30
) -> Decoded:
    r"""The text of a file's content, with \n as the end of a line and no byte order marks.

    The content may be compressed: .gz, .bz2 or .xz. Without an `encoding` it is UTF-8, UTF-16 or
    UTF-32, with or without a byte order mark, or else Windows-1252.

    Args:
        content: the bytes of the file.
        name: of the file, for messages.
        encoding: a name that Python knows; detected if None.
        max_bytes: of the content, decompressed.

    Raises:
        TextError: it is no text, its encoding cannot be told or is another than the given one, or
            it is too large.
        SettingsError: there is no such encoding; the field is "encoding".
    """
    content = _decompress(content, name, max_bytes)
    if len(content) > max_bytes:
        raise TextError("file_too_large", name=name, limit=max_bytes)
    _check_is_text(content, name)
    encoding = encoding or _detect(content, name)
    try:
        text = content.decode(encoding)
    except UnicodeError:
        raise TextError("wrong_encoding", name=name, encoding=encoding) from None
    except LookupError:
        raise SettingsError("unknown_encoding", "encoding", encoding=encoding) from None
    if "\0" in text:
        raise TextError("not_a_text", name=name, kind="binary data")
    text = text.replace(BYTE_ORDER_MARK, "").replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text, encoding)


def _decompress(content: bytes, name: str, max_bytes: int) -> bytes:
    """The content, decompressed if it is compressed, and at most one byte above the limit."""
    kind = kind_of(content, tuple(_DECOMPRESSORS))
    if kind is None:
        return content
    pieces, size, rest = [], 0, content
    try:
        while rest and size <= max_bytes:  # a file may have several streams, one after the other
            stream = _DECOMPRESSORS[kind]()
            piece = stream.decompress(rest, max_bytes + 1 - size)
            pieces.append(piece)
            size += len(piece)
            if not stream.eof and size <= max_bytes:
                raise TextError("compression_damaged", name=name)
            rest = stream.unused_data.lstrip(b"\0")  # tapes pad with zeros
    except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError) as error:
        if isinstance(error, TextError):
            raise
        raise TextError("compression_damaged", name=name) from None
    return b"".join(pieces)


def _check_is_text(content: bytes, name: str) -> None:
    kind = kind_of(content, (MODEL_JSON, *BINARY))
    if kind is MODEL_JSON:
        raise TextError("text_is_model", name=name)
    if kind is not None:
        raise TextError("not_a_text", name=name, kind=kind.name)


def _detect(content: bytes, name: str) -> str:
    """The name of the encoding of a text."""
    marked = next((found for mark, found in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    if marked is not None:
        return marked
    is_utf8 = _can_decode(content, "utf-8")
    nuls = content.count(0)
    if nuls:
        controls = len(content) - len(content.translate(None, _CONTROLS))
        has_strays = is_utf8 and nuls == controls < MIN_NUL_SHARE * len(content)
        candidates = () if has_strays else _UNMARKED
        found = next((each for each in candidates if _reads_as(content, each)), None)
    else:
        found = "utf-8" if is_utf8 else _detect_8_bit(content, name)
    if found is None:
        raise TextError("not_a_text", name=name, kind="binary data")
    return found


def _detect_8_bit(content: bytes, name: str) -> str | None:
    """Windows-1252; None if the content is no text."""
    if content.translate(None, _CONTROLS) != content:
        return None
    _check_not_damaged(content, name)
    visible = content.translate(None, b" \t\r\n")
    high = len(visible) - len(visible.decode("ascii", "ignore"))
    if high > MAX_HIGH_SHARE * len(visible) or not _can_decode(content, "cp1252"):
        raise TextError("encoding_not_known", name=name)
    return "cp1252"


def _check_not_damaged(content: bytes, name: str) -> None:
    """Refuse UTF-8 with a few invalid bytes: in another encoding all of it would be wrong."""
    text = content.decode("utf-8", "replace")
    invalid = text.count(REPLACEMENT)
    valid = len(text) - len(text.encode("ascii", "ignore")) - invalid
    if valid > VALID_PER_INVALID * invalid:
        line = text.count("\n", 0, text.index(REPLACEMENT)) + 1
        raise TextError("utf8_damaged", name=name, line=line)


def _can_decode(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True


def _reads_as(content: bytes, encoding: str) -> bool:
    """Whether it is a text in an encoding: valid, with spaces or lines, of assigned characters."""
    try:
        chars = set(content.decode(encoding))
    except UnicodeError:
        return False
    categories = {unicodedata.category(char) for char in chars - set("\t\n\v\f\r\x1b")}
    return bool(chars & {" ", "\n", "\r"}) and not categories & {"Cc", "Cn", "Co"}
