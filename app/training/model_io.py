"""Reads and writes models, and holds up nobody with it."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from app.errors import BusyError, UserError, from_model
from app.runtime.worker_process import OtherProcess, ProcessLost
from app.training.model_json import as_json, is_small, json_of, saved_of
from model import ModelError
from model.formats.checkpoint import ModelCheckpoint

log = logging.getLogger(__name__)

T = TypeVar("T")
Content = Callable[[ModelCheckpoint], bytes]

SMALL_FILE = 1_000_000
"""Bytes of JSON that are read within this process: some ten milliseconds of its lock."""
MOST_WAITING = 8
"""Large models that may wait for their turn: each is in memory, or in a file."""
THREADS = 2
MEMORY_PER_BYTE = 14
"""Bytes of memory for a byte of JSON; numbers take eight, and what they are copied to the rest."""
LEAST_MEMORY = 256_000_000

FOLDER = "passing-through"


class Clerk:
    """Small models are read and written on a thread of this process, large ones in another.

    Large ones pass through files in a folder of the clerk's own, which is emptied at the start.
    """

    def __init__(self, data_dir: Path, upload: int) -> None:
        self._folder = data_dir / FOLDER
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.other = OtherProcess("clerk", LEAST_MEMORY + MEMORY_PER_BYTE * upload)
        self._threads = ThreadPoolExecutor(THREADS, "clerk")
        self._asker = ThreadPoolExecutor(1, "clerk-asker")
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    def new_file(self) -> Path:
        """An empty file that nobody else sees.

        Raises:
            BusyError: there is no room for it.
        """
        try:
            handle, name = tempfile.mkstemp(dir=self._folder)
        except OSError:
            log.warning("there is no room in %s", self._folder)
            raise BusyError("disk_full") from None
        os.close(handle)
        return Path(name)

    def read(self, path: Path) -> Future[ModelCheckpoint]:
        """The model in a file; fails with a `UserError` where there is none."""
        if path.stat().st_size <= SMALL_FILE:
            return self._threads.submit(_refusing, read_file, path)
        return self._elsewhere(read_file, path)

    def read_text(self, text: str) -> Future[ModelCheckpoint]:
        """The model in a short text; fails with a `UserError` where there is none."""
        return self._threads.submit(_refusing, saved_of, text)

    def write(self, saved: ModelCheckpoint, content: Content = as_json) -> Future[Path]:
        """A model in a file, which is the asker's to remove: as JSON, or as `content` makes it.

        The latter is a function that another process can be asked to call.
        """
        path = self.new_file()
        if is_small(saved):
            future = self._threads.submit(_refusing, write_file, saved, path, content)
        else:
            future = self._elsewhere(write_file, saved, path, content)
        future.add_done_callback(lambda done: _remove_if_failed(done, path))
        return future

    def write_text(self, saved: ModelCheckpoint) -> Future[str]:
        """A small model as JSON."""
        return self._threads.submit(_refusing, json_of, saved)

    def remove(self, path: Path) -> None:
        """Remove a file; on a busy disk that may take longer than anybody should wait."""
        with contextlib.suppress(RuntimeError):  # closed: the folder goes with all that is in it
            self._threads.submit(path.unlink, missing_ok=True)

    def close(self) -> None:
        """Let go of the threads and of the other process; what was asked fails."""
        self.other.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._asker.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _elsewhere(self, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Have it done in the other process, in the order of asking."""
        if not self._waiting.acquire(blocking=False):
            future: Future[T] = Future()
            future.set_exception(BusyError("models_full", limit=MOST_WAITING))
            return future
        future = self._asker.submit(_refusing, self.other.call, function, *arguments)
        future.add_done_callback(lambda _: self._waiting.release())
        return future


def read_file(path: Path) -> ModelCheckpoint:
    """The model in a file.

    Raises:
        UserError: there is none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError("model_not_utf8", "json") from None
    return saved_of(text)


def write_file(saved: ModelCheckpoint, path: Path, content: Content) -> Path:
    """Write a model into a file.

    Raises:
        UserError: there is nothing to save.
    """
    try:
        path.write_bytes(content(saved))
    except ModelError as error:
        raise from_model(error, "json") from None
    return path


def _refusing(function: Callable[..., T], *arguments: object) -> T:
    """What a function returns; whatever goes wrong as a sentence for the person who asked."""
    try:
        return function(*arguments)
    except UserError:
        raise
    except MemoryError:
        raise UserError("model_memory", "json") from None
    except ProcessLost:
        log.info("the process that reads and writes large models was lost")
        raise BusyError("unexpected") from None
    except OSError as error:
        log.warning("a model could not be read or written: %s", error.strerror or error)
        raise BusyError("disk_full") from None
    except Exception:
        log.exception("a model could not be read or written")
        raise UserError("unexpected") from None


def discard(future: Future[Path]) -> None:
    """Remove the file that nobody waits for any more, as soon as it is written."""

    def remove(done: Future[Path]) -> None:
        if not done.cancelled() and done.exception() is None:
            done.result().unlink(missing_ok=True)

    future.add_done_callback(remove)


def _remove_if_failed(future: Future[Path], path: Path) -> None:
    if future.cancelled() or future.exception() is not None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
