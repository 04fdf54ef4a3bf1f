"""Shares networks: frozen copies into the store and out of it, and nobody waits for it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from app.errors import BusyError, UserError
from app.protocol.ids import is_copy_id, new_copy_id, short_id
from app.runtime.metrics import Metrics
from app.storage import Copied, DamagedCheckpoint, Store, StoreError
from app.training.checkpoint import Checkpoint
from model import sentences_from_text

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_COPIES = 20
"""Of one session: each is as large as the session itself."""
MOST_WAITING = 8
"""Copies on their way into the store or out of it: each is in memory."""
MOST_LOOKS = 256
"""Questions about copies that wait for the store, none of which takes long."""


class Sharing:
    """Does what has to do with copies on threads of its own.

    What is large is done on one thread, a copy at a time; whoever only looks need not wait for it.
    Every future fails with a `UserError` at `id` where it cannot be done.
    """

    def __init__(self, store: Store, metrics: Metrics | None = None) -> None:
        self._copies = store.copies
        self._metrics = metrics or Metrics()
        self._carrier = _Thread("sharing", MOST_WAITING)
        self._looker = _Thread("sharing-looks", MOST_LOOKS)

    def share(
        self, owner_id: str, checkpoint: Checkpoint, seen: float | None = None
    ) -> Future[str]:
        """Keep a copy, and tell its name; its perplexity is what was seen, or its curve's last."""
        return self._carrier.ask(self._share, owner_id, checkpoint, seen)

    def fetch(self, copy_id: str) -> Future[Checkpoint]:
        """What was shared under this name."""
        return self._carrier.ask(self._fetch, copy_id)

    def is_there(self, copy_id: str) -> Future[bool]:
        """Whether there is a copy of this name."""
        return self._looker.ask(self._is_there, copy_id)

    def of(self, owner_id: str) -> Future[list[Copied]]:
        """What a session has shared, the newest first."""
        return self._looker.ask(self._of, owner_id)

    def withdraw(self, owner_id: str, copy_id: str) -> Future[None]:
        """Forget a copy of the session's own."""
        return self._looker.ask(self._withdraw, owner_id, copy_id)

    def close(self) -> None:
        """Let go of the threads; what has not been begun fails."""
        self._carrier.close()
        self._looker.close()

    def _share(self, owner_id: str, checkpoint: Checkpoint, seen: float | None) -> str:
        about = _about(checkpoint, seen)
        with self._metrics.store("share"):
            copy_id = self._copies.keep(owner_id, _frozen(checkpoint), about, MOST_COPIES)
        if copy_id is None:
            raise UserError("too_many_copies", "id", limit=MOST_COPIES)
        _note("a copy was shared", copy_id, session=short_id(owner_id))
        return copy_id

    def _fetch(self, copy_id: str) -> Checkpoint:
        try:
            with self._metrics.store("open"):
                copy = self._copies.fetch(copy_id, time.time()) if is_copy_id(copy_id) else None
        except DamagedCheckpoint:
            log.exception("a shared copy is damaged", extra={"copy": short_id(copy_id)})
            raise UserError("copy_damaged", "id") from None
        if copy is None:
            raise UserError("no_such_copy", "id")
        _note("a copy was opened", copy_id)
        return copy

    def _is_there(self, copy_id: str) -> bool:
        with self._metrics.store("look"):
            return self._copies.has(copy_id)

    def _of(self, owner_id: str) -> list[Copied]:
        with self._metrics.store("look"):
            return self._copies.of(owner_id)

    def _withdraw(self, owner_id: str, copy_id: str) -> None:
        with self._metrics.store("withdraw"):
            withdrawn = self._copies.withdraw(owner_id, copy_id)
        if not withdrawn:
            raise UserError("not_your_copy", "id")
        _note("a copy was withdrawn", copy_id, session=short_id(owner_id))


class _Thread:
    """Does one thing after the other, and takes on no more than so many."""

    def __init__(self, name: str, most: int) -> None:
        self._pool = ThreadPoolExecutor(1, name)
        self._waiting = threading.BoundedSemaphore(most)

    def ask(self, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Have it done in the order of asking."""
        if not self._waiting.acquire(blocking=False):
            return _failed(BusyError("copies_full", "id", limit=MOST_WAITING))
        try:
            future = self._pool.submit(_refusing, function, *arguments)
        except RuntimeError:  # closed
            self._waiting.release()
            return _failed(BusyError("copies_unreachable", "id"))
        future.add_done_callback(lambda _: self._waiting.release())
        return future

    def close(self) -> None:
        """Finish what is under way, and nothing else."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _refusing(function: Callable[..., T], *arguments: object) -> T:
    """What a function returns; whatever goes wrong as a sentence for the person who asked."""
    try:
        return function(*arguments)
    except UserError:
        raise
    except StoreError as error:
        log.warning("a shared copy could not be reached: %s", error)
        raise BusyError("copies_unreachable", "id") from None
    except Exception:
        log.exception("a shared copy could not be used")
        raise UserError("unexpected", "id") from None


def _failed(error: UserError) -> Future[T]:
    future: Future[T] = Future()
    future.set_exception(error)
    return future


def _frozen(checkpoint: Checkpoint) -> Checkpoint:
    """The network, and nothing of what its session counts: two alike are the same copy."""
    return replace(checkpoint, session_id="", version=0, curve_version=0, learning=True)


def _about(checkpoint: Checkpoint, seen: float | None) -> Copied:
    last = checkpoint.points[-1].perplexity if checkpoint.points else math.inf
    perplexity = last if seen is None else seen
    return Copied(
        copy_id=new_copy_id(),
        created_at=time.time(),
        steps=checkpoint.totals.steps,
        sentences=len(sentences_from_text(checkpoint.text)),
        perplexity=perplexity if math.isfinite(perplexity) else None,
    )


def _note(what: str, copy_id: str, **more: str) -> None:
    """For the log: the name itself would open the copy."""
    log.info(what, extra={"copy": short_id(copy_id), **more})
