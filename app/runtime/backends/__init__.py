"""Server backends: one eventlet thread, or a thread per connection."""

from __future__ import annotations

from app.runtime.backends.base import ServerBackend
from app.runtime.config import AsyncMode

__all__ = ["ServerBackend", "make_backend"]


def make_backend(async_mode: AsyncMode) -> ServerBackend:
    """The backend of a mode. Its module is imported only when needed."""
    if async_mode == "eventlet":
        from app.runtime.backends.eventlet import EventletBackend

        return EventletBackend()
    from app.runtime.backends.threading import ThreadingBackend

    return ThreadingBackend()
