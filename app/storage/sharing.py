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
from app.runtime.executors import BoundedExecutor
from app.runtime.metrics import Metrics
from app.storage import DamagedCheckpoint, ShareInfo, Store, StoreError
from app.training.checkpoint import Checkpoint
from model import sentences_from_text

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_SHARES = 20
"""Of one session: each is as large as the session itself."""
MAX_PENDING = 8
"""Copies on their way into the store or out of it: each is in memory."""
MAX_LOOKUPS = 256
"""Questions about copies that wait for the store, none of which takes long."""


class Sharing:
    """Does what has to do with copies on threads of its own.

    Large copies are handled one at a time on one thread; queries do not wait for it.
    Every future fails with a `UserError` at `id` where it cannot be done.
    """

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._copies = store.shares
        self._metrics = metrics
        codes = ("copies_full", "copies_unreachable", "id")
        self._transfers = BoundedExecutor("sharing", 1, MAX_PENDING, *codes)
        self._lookups = BoundedExecutor("sharing-lookups", 1, MAX_LOOKUPS, *codes)

    def share(
        self, owner_id: str, checkpoint: Checkpoint, seen: float | None = None
    ) -> Future[str]:
        """Keep a copy, and tell its name; its perplexity is what was seen, or its curve's last."""
        return self._transfers.submit(_translate_errors, self._share, owner_id, checkpoint, seen)

    def fetch(self, share_id: str) -> Future[Checkpoint]:
        """What was shared under this name."""
        return self._transfers.submit(_translate_errors, self._fetch, share_id)

    def is_there(self, share_id: str) -> Future[bool]:
        """Whether there is a copy of this name."""
        return self._lookups.submit(_translate_errors, self._is_there, share_id)

    def of(self, owner_id: str) -> Future[list[ShareInfo]]:
        """What a session has shared, the newest first."""
        return self._lookups.submit(_translate_errors, self._of, owner_id)

    def withdraw(self, owner_id: str, share_id: str) -> Future[None]:
        """Forget a copy of the session's own."""
        return self._lookups.submit(_translate_errors, self._withdraw, owner_id, share_id)

    def close(self) -> None:
        """Stop the threads; calls that have not begun fail."""
        self._transfers.close()
        self._lookups.close()

    def _share(self, owner_id: str, checkpoint: Checkpoint, seen: float | None) -> str:
        about = _about(checkpoint, seen)
        with self._metrics.store("share"):
            share_id = self._copies.keep(owner_id, _frozen(checkpoint), about, MAX_SHARES)
        if share_id is None:
            raise UserError("too_many_copies", "id", limit=MAX_SHARES)
        _log("a copy was shared", share_id, session=short_id(owner_id))
        return share_id

    def _fetch(self, share_id: str) -> Checkpoint:
        try:
            with self._metrics.store("open"):
                copy = self._copies.fetch(share_id, time.time()) if is_share_id(share_id) else None
        except DamagedCheckpoint:
            log.exception("a shared copy is damaged", extra={"copy": short_id(share_id)})
            raise UserError("copy_damaged", "id") from None
        if copy is None:
            raise UserError("no_such_copy", "id")
        _log("a copy was opened", share_id)
        return copy

    def _is_there(self, share_id: str) -> bool:
        with self._metrics.store("look"):
            return self._copies.has(share_id)

    def _of(self, owner_id: str) -> list[ShareInfo]:
        with self._metrics.store("look"):
            return self._copies.of(owner_id)

    def _withdraw(self, owner_id: str, share_id: str) -> None:
        with self._metrics.store("withdraw"):
            withdrawn = self._copies.withdraw(owner_id, share_id)
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
        log.warning("a shared copy could not be reached: %s", error)
        raise BusyError("copies_unreachable", "id") from None
    except Exception:
        log.exception("a shared copy could not be used")
        raise UserError("unexpected", "id") from None


def _frozen(checkpoint: Checkpoint) -> Checkpoint:
    """The network, and nothing of what its session counts: two alike are the same copy."""
    return replace(checkpoint, session_id="", version=0, curve_version=0, learning=True)


def _about(checkpoint: Checkpoint, seen: float | None) -> ShareInfo:
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
    """For the log: the name itself would open the copy."""
    log.info(what, extra={"copy": short_id(share_id), **more})
