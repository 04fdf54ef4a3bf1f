"""Server backends: one eventlet thread, or a thread per connection."""

from __future__ import annotations

from app.runtime.backends.base import CountRefusal, ServerBackend, ignore
from app.runtime.config import AsyncMode

__all__ = ["ServerBackend", "make_backend"]


def make_backend(
    async_mode: AsyncMode, *, behind_proxy: bool = False, refused: CountRefusal = ignore
) -> ServerBackend:
    """The backend of a mode. Its module is imported only when needed.

    Args:
        async_mode: the name of the mode.
        behind_proxy: whether all connections come from one proxy; otherwise eventlet limits those
            of one address.
        refused: called with the code of each refused connection or request.
    """
    if async_mode == "eventlet":
        from app.runtime.backends.eventlet import EventletBackend

        return EventletBackend(behind_proxy=behind_proxy, refused=refused)
    from app.runtime.backends.threading import ThreadingBackend

    return ThreadingBackend(refused=refused)
