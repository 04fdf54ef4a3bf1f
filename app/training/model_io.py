"""Load and save model files without blocking the event loop."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from app.errors import BusyError, UserError, from_model
from app.runtime.executors import BoundedExecutor
from app.runtime.folder_lock import FolderInUse, lock_folder
from app.runtime.worker_process import WorkerDied, WorkerProcess
from model import ModelError
from model.formats.checkpoint import ModelCheckpoint, load_model

log = logging.getLogger(__name__)

T = TypeVar("T")
Content = Callable[[ModelCheckpoint], bytes]

SMALL_FILE = 1_000_000
"""Bytes of JSON that are parsed in this process, which holds the GIL for some ten milliseconds."""
SMALL_MODEL = 50_000
"""Numbers of a model that is serialised in this process."""
MAX_PENDING = 8
"""Large models that may be queued: each is in memory, or in a file."""
THREADS = 2
MEMORY_PER_BYTE = 14
"""Bytes of memory per byte of JSON: eight for parsed numbers, the rest for copies."""
MIN_MEMORY = 256_000_000

FOLDER = "passing-through"


def saved_of(text: str | bytes) -> ModelCheckpoint:
    """The model in a JSON text.

    Raises:
        UserError: the text is not a valid model.
    """
    try:
        return load_model(text)
    except ModelError as error:
        raise from_model(error, "json") from None


def json_of(saved: ModelCheckpoint) -> str:
    """A model as JSON.

    Encoding is incremental, because a single call would hold the GIL until its end.

    Raises:
        UserError: the network has diverged.
    """
    try:
        mapping = saved.to_json()
    except ModelError as error:
        raise from_model(error, "json") from None
    return "".join(json.JSONEncoder(separators=(",", ":")).iterencode(mapping))


def as_json(saved: ModelCheckpoint) -> bytes:
    """A model as the bytes of its JSON. Call this in the worker process for large models.

    Raises:
        UserError, ModelError: the network has diverged.
    """
    return (json_of(saved) if is_small(saved) else _json_at_once(saved)).encode()


def is_small(saved: ModelCheckpoint) -> bool:
    """Whether a model is small enough to be serialised in this process."""
    return numbers_of(saved) <= SMALL_MODEL


def numbers_of(saved: ModelCheckpoint) -> int:
    """How many numbers a model's JSON has."""
    model, optimizer, sampler_state, _ = saved
    state_size = 0
    if optimizer is not None:
        state_size = (2 if hasattr(optimizer, "grad_avg") else 1) * model.params.size
    lists = [each for each in (sampler_state or {}).values() if isinstance(each, list)]
    return int(model.params.size) + state_size + sum(map(len, lists))


def _json_at_once(saved: ModelCheckpoint) -> str:
    """Like `json_of`, in one call: faster, but it holds the GIL."""
    return json.dumps(saved.to_json(), separators=(",", ":"))


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of processes that have ended."""
    for folder in parent.iterdir() if parent.is_dir() else ():
        with contextlib.suppress(FolderInUse, OSError), lock_folder(folder):
            shutil.rmtree(folder)


class ModelIO:
    """Loads and saves small models on threads of this process, large ones in a worker process.

    Large models pass through files in a folder of this process, which it removes at the end.
    """

    def __init__(self, data_dir: Path, upload: int) -> None:
        parent = data_dir / FOLDER
        _remove_abandoned(parent)
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(dir=parent))
        self._lock = lock_folder(self._folder)
        self.worker = WorkerProcess("model-io", MIN_MEMORY + MEMORY_PER_BYTE * upload)
        self._threads = ThreadPoolExecutor(THREADS, "model-io")
        self._large = BoundedExecutor("models", 1, MAX_PENDING, "models_full", "server_stopping")

    def new_file(self) -> Path:
        """A new empty file in the private folder.

        Raises:
            BusyError: the disk is full.
        """
        try:
            handle, name = tempfile.mkstemp(dir=self._folder)
        except OSError:
            log.warning("cannot create a file in %s", self._folder)
            raise BusyError("disk_full") from None
        os.close(handle)
        return Path(name)

    def read(self, path: Path) -> Future[ModelCheckpoint]:
        """Load a model from a file; fails with a `UserError` if it is invalid."""
        if path.stat().st_size <= SMALL_FILE:
            return self._threads.submit(_translate_errors, read_file, path)
        return self._in_worker(read_file, path)

    def read_text(self, text: str) -> Future[ModelCheckpoint]:
        """Load a model from a short JSON text; fails with a `UserError` if it is invalid."""
        return self._threads.submit(_translate_errors, saved_of, text)

    def write(self, saved: ModelCheckpoint, content: Content = as_json) -> Future[Path]:
        """Save a model to a new file, which the caller removes; as JSON by default.

        `content` must be picklable, because the worker process may call it.
        """
        path = self.new_file()
        if is_small(saved):
            future = self._threads.submit(_translate_errors, write_file, saved, path, content)
        else:
            future = self._in_worker(write_file, saved, path, content)
        future.add_done_callback(lambda done: _remove_if_failed(done, path))
        return future

    def write_text(self, saved: ModelCheckpoint) -> Future[str]:
        """A small model as JSON."""
        return self._threads.submit(_translate_errors, json_of, saved)

    def remove(self, path: Path) -> None:
        """Remove a file on another thread: on a busy disk this may block."""
        with contextlib.suppress(RuntimeError):  # closed: the whole folder is removed
            self._threads.submit(path.unlink, missing_ok=True)

    def close(self) -> None:
        """Stop the threads and the worker process; pending calls fail."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._large.close()
        self.worker.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.close()

    def _in_worker(self, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Call a function in the worker process, in the order of submission."""
        return self._large.submit(_translate_errors, self.worker.call, function, *arguments)


def read_file(path: Path) -> ModelCheckpoint:
    """The model in a file.

    Raises:
        UserError: the file holds no valid model.
    """
    return saved_of(path.read_bytes())


def write_file(saved: ModelCheckpoint, path: Path, content: Content) -> Path:
    """Write a model into a file.

    Raises:
        UserError: the network has diverged.
    """
    try:
        path.write_bytes(content(saved))
    except ModelError as error:
        raise from_model(error, "json") from None
    return path


def _translate_errors(function: Callable[..., T], *arguments: object) -> T:
    """The result of a function, with every exception translated to a `UserError`."""
    try:
        return function(*arguments)
    except UserError:
        raise
    except MemoryError:
        raise UserError("model_memory", "json") from None
    except WorkerDied:
        log.info("the worker process for model files died")
        raise BusyError("unexpected") from None
    except OSError as error:
        log.warning("a model could not be read or written: %s", error.strerror or error)
        raise BusyError("disk_full") from None
    except Exception:
        log.exception("a model could not be read or written")
        raise UserError("unexpected") from None


def discard(future: Future[Path]) -> None:
    """Remove the file of an abandoned save as soon as it is written."""

    def remove(done: Future[Path]) -> None:
        if not done.cancelled() and done.exception() is None:
            done.result().unlink(missing_ok=True)

    future.add_done_callback(remove)


def _remove_if_failed(future: Future[Path], path: Path) -> None:
    if future.cancelled() or future.exception() is not None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
