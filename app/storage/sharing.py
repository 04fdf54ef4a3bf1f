"""Shares networks: saves and loads frozen copies without blocking the event loop."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from app.errors import BusyError, UserError
from app.protocol.ids import is_share_id, new_share_id, short_id
from app.protocol.requests import Complete
from app.protocol.results import Completion
from app.runtime.compile_process import compile_missing
from app.runtime.executors import BoundedExecutor
from app.runtime.metrics import Metrics
from app.storage import DamagedCheckpoint, ShareInfo, Store, StoreError
from app.training.checkpoint import Checkpoint
from app.training.completion import complete
from model import sentences_from_text

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_SHARES = 20
"""Copies per session: each is as large as the session itself."""
MAX_PENDING = 8
"""Copies that may be queued for saving or loading: each is in memory."""
MAX_LOOKUPS = 256
"""Short queries that may be queued."""


class Sharing:
    """Saves, loads and lists shared copies on background threads.

    Copies are transferred one at a time on one thread; short queries run on another. Futures fail
    with a `UserError` at the field `id`.
    """

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._shares = store.shares
        self._has_session = store.has
        self._capacity = store.capacity
        self._metrics = metrics
        codes = ("copies_full", "copies_unreachable", "id")
        self._transfers = BoundedExecutor("sharing", 1, MAX_PENDING, *codes)
        self._lookups = BoundedExecutor("sharing-lookups", 1, MAX_LOOKUPS, *codes)

    def share(
        self, owner_id: str, checkpoint: Checkpoint, seen: float | None = None
    ) -> Future[str]:
        """Save a copy; returns its id. `seen` is its perplexity; by default the curve's last."""
        return self._transfers.submit(_translate_errors, self._share, owner_id, checkpoint, seen)

    def fetch(self, share_id: str) -> Future[Checkpoint]:
        """The checkpoint of a copy."""
        return self._transfers.submit(_translate_errors, self._fetch, share_id)

    def sample(self, share_id: str, request: Complete) -> Future[list[Completion]]:
        """Completions of a prompt by the network of a copy."""
        return self._transfers.submit(_translate_errors, self._sample, share_id, request)

    def is_there(self, share_id: str) -> Future[bool]:
        """Whether there is a copy with this id."""
        return self._lookups.submit(_translate_errors, self._is_there, share_id)

    def is_stored(self, session_id: str) -> Future[bool]:
        """Whether the store has this session."""
        return self._lookups.submit(_translate_errors, self._is_stored, session_id)

    def of(self, owner_id: str) -> Future[list[ShareInfo]]:
        """The copies that a session has shared, newest first."""
        return self._lookups.submit(_translate_errors, self._of, owner_id)

    def withdraw(self, owner_id: str, share_id: str) -> Future[None]:
        """Delete a copy of this owner."""
        return self._lookups.submit(_translate_errors, self._withdraw, owner_id, share_id)

    def close(self) -> None:
        """Stop the threads; calls that have not begun fail."""
        self._transfers.close()
        self._lookups.close()

    def _share(self, owner_id: str, checkpoint: Checkpoint, seen: float | None) -> str:
        info = _info(checkpoint, seen)
        self._capacity.check_new()
        with self._metrics.store("share"):
            share_id = self._shares.save(owner_id, _frozen(checkpoint), info, MAX_SHARES)
        if share_id is None:
            raise UserError("too_many_copies", "id", limit=MAX_SHARES)
        _log("a copy was shared", share_id, session=short_id(owner_id))
        return share_id

    def _fetch(self, share_id: str) -> Checkpoint:
        try:
            with self._metrics.store("open"):
                copy = self._shares.fetch(share_id, time.time()) if is_share_id(share_id) else None
        except DamagedCheckpoint:
            log.exception("a shared copy is damaged", extra={"copy": short_id(share_id)})
            raise UserError("copy_damaged", "id") from None
        if copy is None:
            raise UserError("no_such_copy", "id")
        _log("a copy was opened", share_id)
        return copy

    def _sample(self, share_id: str, request: Complete) -> list[Completion]:
        copy = self._fetch(share_id)
        kernels = "beam_search" if request.method == "beam" else "inference"
        compile_missing(kernels, copy.options.kind)
        saved = copy.saved
        if request.weights == "best":
            if saved.best is None:
                raise UserError("no_best_weights", "weights")
            saved = saved.with_best_weights()
        return complete(saved.model, request)

    def _is_there(self, share_id: str) -> bool:
        with self._metrics.store("look"):
            return self._shares.has(share_id)

    def _is_stored(self, session_id: str) -> bool:
        with self._metrics.store("look"):
            return self._has_session(session_id)

    def _of(self, owner_id: str) -> list[ShareInfo]:
        with self._metrics.store("look"):
            return self._shares.of(owner_id)

    def _withdraw(self, owner_id: str, share_id: str) -> None:
        with self._metrics.store("withdraw"):
            withdrawn = self._shares.withdraw(owner_id, share_id)
        if not withdrawn:
            raise UserError("not_your_copy", "id")
        _log("a copy was withdrawn", share_id, session=short_id(owner_id))


def _translate_errors(function: Callable[..., T], *arguments: object) -> T:
    """The result of a function, with every exception translated to a `UserError`."""
    try:
        return function(*arguments)
    except UserError:
        raise
    except StoreError as error:
        log.warning("shared copies are unreachable: %s", error)
        raise BusyError("copies_unreachable", "id") from None
    except Exception:
        log.exception("an operation on a shared copy failed")
        raise UserError("unexpected", "id") from None


def _frozen(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint without its session's counters, so that identical copies compare equal."""
    return replace(checkpoint, session_id="", version=0, curve_version=0, learning=True)


def _info(checkpoint: Checkpoint, seen: float | None) -> ShareInfo:
    last = checkpoint.points[-1].perplexity if checkpoint.points else math.inf
    perplexity = last if seen is None else seen
    return ShareInfo(
        share_id=new_share_id(),
        created_at=time.time(),
        steps=checkpoint.totals.steps,
        sentences=len(sentences_from_text(checkpoint.text)),
        perplexity=perplexity if math.isfinite(perplexity) else None,
    )


def _log(what: str, share_id: str, **more: str) -> None:
    """Log an event with the copy's short id: the share id would grant access."""
    log.info(what, extra={"copy": short_id(share_id), **more})
