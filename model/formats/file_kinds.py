"""The kinds of files that are recognised: our own, and those of other programs, which are refused.

docs/cli.md lists them; `python -m tools.generate_cli_docs` writes it from the declarations here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.errors import FormatError

HEAD = 4096
"""Bytes at the beginning of a file that are enough to recognise it."""


@dataclass(frozen=True)
class FileKind:
    """A kind of file.

    Attributes:
        name: what the file is, for a message.
        matches: whether these are the first `HEAD` bytes, or more, of such a file.
        instead: what to do where a model is wanted and this is given; empty where it may be.
    """

    name: str
    matches: Callable[[bytes], bool]
    instead: str = ""


@dataclass(frozen=True)
class JsonKind:
    """A kind of JSON that is not ours.

    Attributes:
        name: what it is, for a message.
        matches: whether this is the decoded object.
        instead: what to do where a model is wanted and this is given.
    """

    name: str
    matches: Callable[[Mapping[str, Any]], bool]
    instead: str


def starts_with(*beginnings: bytes) -> Callable[[bytes], bool]:
    """A test whether a file has one of these beginnings."""
    return lambda head: head.startswith(beginnings)


_OUR_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:hidden_sizes|generator|letter_size)"')
_TORCH_PICKLE = bytes.fromhex("80028a0a6cfc9c46f9206aa85019")  # the magic number of torch.save


def _is_safetensors(head: bytes) -> bool:
    """Whether the length of a JSON header in 8 bytes is followed by a header."""
    return head[8:9] == b"{" and 0 < int.from_bytes(head[:8], "little") < 100_000_000


def _is_our_safetensors(head: bytes) -> bool:
    return _is_safetensors(head) and b'"letter_size"' in head


def _is_our_program(head: bytes) -> bool:
    return head.startswith(b'"""Generates sentences with a network that charnn has trained.')


def _is_zip_with(*names: bytes) -> Callable[[bytes], bool]:
    """A test whether a file is a zip archive with one of these names at its beginning."""
    return lambda head: head.startswith(b"PK\x03\x04") and any(name in head for name in names)


MODEL_JSON = FileKind("a saved model (JSON)", lambda head: bool(_OUR_JSON.match(head)))
SAFETENSORS = FileKind(
    "an export of charnn to safetensors",
    _is_our_safetensors,
    "load the JSON that it was exported from",
)
PROGRAM = FileKind(
    "an exported program", _is_our_program, "load the JSON that it was exported from"
)

CHOOSE = "choose the JSON file of a model"
CONVERT = "save its weights in the JSON of a model, or train a new model on the text"
UNPACK = "unpack it first"

GZIP = FileKind("compressed by gzip (.gz)", starts_with(b"\x1f\x8b"), UNPACK)
BZIP2 = FileKind("compressed by bzip2 (.bz2)", starts_with(b"BZh"), UNPACK)
XZ = FileKind("compressed by xz (.xz)", starts_with(b"\xfd7zXZ\0"), UNPACK)
COMPRESSED: tuple[FileKind, ...] = (GZIP, BZIP2, XZ)
"""Compressed files, which a text may be, but once only."""

BINARY: tuple[FileKind, ...] = (
    SAFETENSORS,
    FileKind("a safetensors file", _is_safetensors, CONVERT),
    FileKind("a PyTorch checkpoint (.pt)", _is_zip_with(b"/data.pkl", b"/version"), CONVERT),
    FileKind("a PyTorch checkpoint (.pt)", starts_with(_TORCH_PICKLE), CONVERT),
    FileKind("a Keras model (.keras)", _is_zip_with(b"metadata.json", b"config.json"), CONVERT),
    FileKind("a Keras model (.h5)", starts_with(b"\x89HDF\r\n\x1a\n"), CONVERT),
    FileKind("a checkpoint of char-rnn (.t7)", starts_with(b"\x03\0\0\0\x01\0\0\0"), CONVERT),
    FileKind("a Python pickle", starts_with(*(bytes((0x80, n)) for n in range(2, 6))), CONVERT),
    FileKind("a NumPy array (.npy)", starts_with(b"\x93NUMPY"), CONVERT),
    FileKind("NumPy arrays (.npz)", _is_zip_with(b".npy"), CONVERT),
    FileKind("a GGUF model", starts_with(*(b"GGUF" + bytes((n, 0)) for n in range(1, 4))), CONVERT),
    *COMPRESSED,
    FileKind("compressed by Zstandard (.zst)", starts_with(b"\x28\xb5\x2f\xfd"), UNPACK),
    FileKind("a RAR archive", starts_with(b"Rar!\x1a\x07"), UNPACK),
    FileKind("a 7z archive", starts_with(b"7z\xbc\xaf\x27\x1c"), UNPACK),
    FileKind("a tar archive", lambda head: head[257:262] == b"ustar", UNPACK),
    FileKind("a ZIP archive, as .docx, .odt and .epub files are", _is_zip_with(b""), UNPACK),
    FileKind("a document of an old Office", starts_with(b"\xd0\xcf\x11\xe0"), CHOOSE),
    FileKind("an RTF document", starts_with(b"{\\rtf"), CHOOSE),
    FileKind("a PDF", starts_with(b"%PDF"), CHOOSE),
    FileKind("a picture", starts_with(b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a"), CHOOSE),
    FileKind("a program", starts_with(b"\x7fELF"), CHOOSE),
    FileKind("a database", starts_with(b"SQLite format 3\0"), CHOOSE),
)
"""The files that are neither a text nor a model that can be loaded; the first match counts."""

FOREIGN: tuple[FileKind, ...] = (
    *BINARY,
    PROGRAM,
    FileKind(
        "a checkpoint of char-rnn (.t7, text)", starts_with(b"4\n1\n3\nV 1\n", b"3\n1\n"), CONVERT
    ),
)
"""The files that are no model that can be loaded, texts among them."""


def _is_ml5_manifest(decoded: Mapping[str, Any]) -> bool:
    """Whether each entry names the file and the shape of a matrix."""
    entries = decoded.values()
    return bool(decoded) and all(
        isinstance(entry, Mapping) and {"filename", "shape"} <= set(entry) for entry in entries
    )


FOREIGN_JSON: tuple[JsonKind, ...] = (
    JsonKind(
        "a recurrent network of brain.js",
        lambda decoded: {"hiddenLayers", "outputConnector"} <= set(decoded),
        CONVERT,
    ),
    JsonKind("a network of brain.js", lambda decoded: {"sizes", "layers"} <= set(decoded), CONVERT),
    JsonKind("the manifest of an ml5.js charRNN", _is_ml5_manifest, CONVERT),
    JsonKind(
        "a model of TensorFlow.js or ml5.js",
        lambda decoded: "weightsManifest" in decoded or "modelTopology" in decoded,
        CONVERT,
    ),
    JsonKind(
        "the architecture of a Keras model",
        lambda decoded: {"class_name", "config"} <= set(decoded),
        CONVERT,
    ),
)
"""The JSON of other programs; the first match counts."""


def kind_of(content: bytes, kinds: Sequence[FileKind]) -> FileKind | None:
    """The first of these kinds that the content of a file is of; None if it is of none."""
    head = content[:HEAD]
    return next((kind for kind in kinds if kind.matches(head)), None)


def refuse_foreign_file(content: bytes) -> None:
    """Check that the content of a file is not that of another program.

    Raises:
        FormatError: it is; the message names the kind.
    """
    kind = kind_of(content, FOREIGN)
    if kind is not None:
        raise FormatError("foreign_file", kind=kind.name, instead=kind.instead)


def refuse_foreign_json(decoded: Mapping[str, Any]) -> None:
    """Check that decoded JSON is not that of another program.

    Raises:
        FormatError: it is; the message names the kind.
    """
    for kind in FOREIGN_JSON:
        if kind.matches(decoded):
            raise FormatError("foreign_file", kind=kind.name, instead=kind.instead)
