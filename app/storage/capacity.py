"""The size of the store, and its limit."""

from __future__ import annotations

import logging
import threading
import time

import sqlalchemy as sa

from app.errors import BusyError
from app.storage.database import READING
from app.storage.errors import StoreError, translate_db_errors
from app.storage.schema import metadata

log = logging.getLogger(__name__)

WARNING_SHARE = 0.9
"""Share of the limit from which on the log warns."""
RESERVE = 1.1
"""Sessions that are stored already may use this share of the limit: they grow as they train."""
MEASURE_SECONDS = 5.0
"""How long a measurement holds."""

SQLITE_BYTES = sa.text(
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
    "pragma_freelist_count, pragma_page_size"
)
POSTGRESQL_BYTES = sa.text(
    "SELECT "
    + " + ".join(f"pg_total_relation_size('{table}')" for table in sorted(metadata.tables))
)


class StoreFull(StoreError):  # noqa: N818  (what it is, not that it is an error)
    """The store has no space left, not even for sessions that it has."""


class StoreCapacity:
    """Measures the store every few seconds of use, and refuses what does not fit; thread-safe.

    Attributes:
        limit: bytes from which on the store takes no new sessions and copies; None for no limit.
        used: bytes of the store when it was last measured.
    """

    def __init__(self, engine: sa.Engine, limit: int | None = None) -> None:
        self.limit = limit
        self.used = 0
        self._engine = engine
        self._lock = threading.Lock()
        self._measured_at = -MEASURE_SECONDS
        self._warned = False

    def check_new(self) -> None:
        """Check that a new session or copy may be stored.

        Raises:
            BusyError: the store is full.
            StoreError: the store cannot be reached.
        """
        self._measure()
        if self.limit is not None and self.used >= self.limit:
            raise BusyError("store_full")

    def check_existing(self) -> None:
        """Check that sessions that are stored may be stored anew.

        Raises:
            StoreFull: the reserve is used up as well.
        """
        self._measure()
        if self.limit is not None and self.used >= RESERVE * self.limit:
            raise StoreFull(f"The store has reached its limit of {self.limit:,} bytes.")

    def _measure(self) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._measured_at < MEASURE_SECONDS:
                return
            postgres = self._engine.dialect.name == "postgresql"
            query = POSTGRESQL_BYTES if postgres else SQLITE_BYTES
            with translate_db_errors(), self._engine.connect() as connection:
                connection.execution_options(**{READING: True})
                self.used = int(connection.execute(query).scalar_one())
            self._measured_at = now
            self._warn()

    def _warn(self) -> None:
        """Log once when the store gets nearly full, and again after it was not."""
        nearly_full = self.limit is not None and self.used >= WARNING_SHARE * self.limit
        if nearly_full and not self._warned:
            log.warning(
                "the store is nearly full: raise --max-store, or lower --keep-days",
                extra={"bytes": self.used, "limit": self.limit},
            )
        self._warned = nearly_full
