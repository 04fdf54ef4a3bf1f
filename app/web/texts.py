"""Reads, stores and finds the texts of a web process, without blocking the event loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple, TypeVar

from app.errors import BusyError, LimitExceeded, UserError, from_model
from app.protocol import StoredText, TextFile
from app.protocol.limits import MAX_BOX_TEXT, Limits
from app.runtime.executors import BoundedExecutor, charged
from app.runtime.peers import AddressRateLimiter, network_of
from app.runtime.worker_process import Charge, ignore
from app.sessions.snapshot import MAX_BEGINNING
from app.storage import DamagedCheckpoint, StoreError, TextStore
from model import ModelError, TextError, decode_text
from model.text.characters import is_blank
from model.text.limits import count_characters, rare_characters
from model.text.reader import encoding_remark

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_FILES = 8
"""Text files that are received or read at a time."""
MAX_LOOKUPS = 32
"""Texts that may be looked up at a time."""
MAX_RARE_SENT = 200
TEXTS_PER_HOUR = 60
"""Large texts that an address may upload in an hour."""


class UploadedText(NamedTuple):
    """A file with a text, and how to read it.

    Attributes:
        path: the file.
        name: its name, for messages.
        encoding: its encoding; detected if empty.
        whole: whether the answer has all of the text, and nothing is stored.
        address: that it came from.
    """

    path: Path
    name: str
    encoding: str
    whole: bool
    address: str


class TextLibrary:
    """Reads text files, one at a time, and stores those that are too large for a page."""

    def __init__(self, store: TextStore, limits: Limits) -> None:
        self._store = store
        self._limits = limits.of_text
        self._uploads = AddressRateLimiter.hourly(TEXTS_PER_HOUR)
        codes = ("text_files_full", "server_stopping", "text")
        self._reader = BoundedExecutor("text-files", 1, MAX_FILES, *codes, per_owner=MAX_FILES // 2)
        self._lookups = BoundedExecutor("texts", 1, MAX_LOOKUPS, *codes)

    def read(self, upload: UploadedText, charge: Charge = ignore) -> Future[TextFile]:
        """The text of a file; fails with a `UserError` at the field `text`."""
        size = upload.path.stat().st_size
        owner = network_of(upload.address)
        return self._reader.submit(
            _translate_errors, charged, charge, self._read, upload, owner=owner, cost=size
        )

    def store(self, read: Callable[[], str]) -> Future[tuple[str, StoredText]]:
        """Store the text that a function reads; returns its beginning, and what it has become."""
        return self._lookups.submit(_translate_errors, self._store_read, read)

    def find(self, checksum: str) -> Future[str]:
        """The text with this checksum; fails with a `UserError` if there is none."""
        return self._lookups.submit(_translate_errors, self._find, checksum)

    def close(self) -> None:
        """Refuse further texts; one that is being read is finished."""
        self._reader.close()
        self._lookups.close()

    def _read(self, upload: UploadedText) -> TextFile:
        limits, name = self._limits, upload.name
        content = upload.path.read_bytes()
        text, encoding = decode_text(content, name, upload.encoding or None, limits.bytes)
        del content
        limits.check_running_text(text)
        if is_blank(text[:MAX_BOX_TEXT]) and is_blank(text):
            raise TextError("no_sentences")
        stored = None
        if len(text) > MAX_BOX_TEXT and not upload.whole:
            if not self._uploads.take(upload.address, time.monotonic()):
                raise LimitExceeded("texts_per_address", "text", limit=TEXTS_PER_HOUR)
            stored = self._stored(text)
        remark = None if upload.encoding else encoding_remark(name, encoding)
        return {
            "ok": True,
            "text": text if stored is None else text[:MAX_BEGINNING],
            "stored": stored,
            "encoding": encoding,
            "remarks": [] if remark is None else [remark],
        }

    def _store_read(self, read: Callable[[], str]) -> tuple[str, StoredText]:
        text = read()
        return text[:MAX_BEGINNING], self._stored(text)

    def _stored(self, text: str) -> StoredText:
        counts = count_characters(text)
        rare = rare_characters(counts)
        return {
            "checksum": self._store.put(text, time.time()),
            "characters": len(text),
            "lines": counts.get("\n", 0) + (not text.endswith("\n")),
            "distinct": len(counts),
            "rare": rare[:MAX_RARE_SENT],
            "rare_count": len(rare),
        }

    def _find(self, checksum: str) -> str:
        text = self._store.get(checksum)
        if text is None:
            raise UserError("text_gone", "text")
        return text


def _translate_errors(function: Callable[..., T], *arguments: object) -> T:
    """The result of a function, with every exception translated to a `UserError`."""
    try:
        return function(*arguments)
    except UserError:
        raise
    except ModelError as error:
        raise from_model(error, "text") from None
    except DamagedCheckpoint:
        log.exception("a stored text is damaged")
        raise UserError("text_gone", "text") from None
    except StoreError as error:
        log.warning("texts are unreachable: %s", error)
        raise BusyError("store_unreachable", "text") from None
    except Exception:
        log.exception("a text could not be read")
        raise UserError("unexpected", "text") from None
