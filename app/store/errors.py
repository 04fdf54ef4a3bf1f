"""What may go wrong with a store."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used now; the message says why, and holds no password."""


class DamagedCheckpoint(StoreError):  # noqa: N818  (what it is, not that it is an error)
    """What the store holds of a session cannot be read; the rest of the store can."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"What the store holds of a session cannot be read: {why}. Begin a new network, or "
            "bring the database back from a backup."
        )
