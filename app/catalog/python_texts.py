"""Texts that every Python brings along, read from its own files when they are chosen."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from app.protocol.hyperparameters import Hyperparameters

TOPICS = "pydoc_data.topics"
"""The module with the reference, as `help("topics")` lists it."""
MODULES = (
    *("argparse", "ast", "base64", "bisect", "calendar", "cmd", "codecs", "configparser"),
    *("contextlib", "copy", "csv", "dataclasses", "difflib", "dis", "enum", "fileinput", "fnmatch"),
    *("fractions", "functools", "getopt", "gettext", "glob", "graphlib", "gzip", "heapq"),
    *("inspect", "ipaddress", "linecache", "mimetypes", "numbers", "operator", "os"),
    *("pickle", "pkgutil", "pprint", "queue", "random", "reprlib", "sched"),
    *("selectors", "shelve", "shlex", "shutil", "socketserver", "statistics", "string"),
    *("subprocess", "tempfile", "textwrap", "threading", "timeit", "tokenize"),
    *("traceback", "types", "typing", "uuid", "warnings", "weakref"),
)
"""Modules of the standard library that are one file, with few tables; some Pythons lack some."""
MIN_SOURCE = 1_000_000
"""Bytes of source without which it is not offered."""


@dataclass(frozen=True)
class PythonText:
    """A text that is read when it is chosen.

    Attributes:
        name: name in URLs.
        title: displayed name.
        expect: the expected result, in one line.
        options: the recommended options.
        is_available: whether this Python has the files.
        read: the text; takes a moment.
    """

    name: str
    title: str
    expect: str
    options: Hyperparameters
    is_available: Callable[[], bool]
    read: Callable[[], str]


def _has_reference() -> bool:
    try:
        return find_spec(TOPICS) is not None
    except ImportError:
        return False


def _reference() -> str:
    topics: dict[str, str] = import_module(TOPICS).topics
    return "\n\n".join(topics[name].strip("\n") for name in sorted(topics)) + "\n"


def _files() -> list[Path]:
    folder = Path(sysconfig.get_path("stdlib"))
    return [path for name in MODULES if (path := folder / f"{name}.py").is_file()]


def _has_source() -> bool:
    return sum(path.stat().st_size for path in _files()) >= MIN_SOURCE


def _source() -> str:
    sources = (path.read_text(encoding="utf-8") for path in _files())
    return "\n\n".join(source for source in sources if source.isascii())


RUNNING_TEXT = Hyperparameters(
    mode="text",
    hidden_sizes=(128,),
    letter_size=24,
    sequence_length=64,
    batch_size=16,
    optimizer="adamw",
    l2=0.01,
    learning_rate=0.004,
    clip=1.0,
    clip_norm=True,
    warmup_steps=100,
)
PYTHON_TEXTS = (
    PythonText(
        "python-reference",
        "The Python language reference",
        "Words and headings within a minute, then rules of grammar and indented examples.",
        RUNNING_TEXT,
        _has_reference,
        _reference,
    ),
    PythonText(
        "python-source",
        "Python's own source",
        "Indentation first, then brackets that close and def lines, then docstrings and comments.",
        RUNNING_TEXT,
        _has_source,
        _source,
    ),
)


@cache
def python_texts() -> dict[str, PythonText]:
    """The texts that this Python has, by name."""
    return {each.name: each for each in PYTHON_TEXTS if each.is_available()}
