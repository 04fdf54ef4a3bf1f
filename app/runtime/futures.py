"""Helpers for futures without an executor."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def completed(result: T) -> Future[T]:
    """A future with this result."""
    future: Future[T] = Future()
    future.set_result(result)
    return future


def failed(error: BaseException) -> Future[T]:
    """A future that failed with this error."""
    future: Future[T] = Future()
    future.set_exception(error)
    return future


def resolve(future: Future[T], result: T, error: BaseException | None) -> None:
    """Complete a future with an error or, if that is None, a result; unless it was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
