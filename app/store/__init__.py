"""Where sessions are kept: SQLite in a file, or PostgreSQL."""

from app.store.errors import DamagedCheckpoint, StoreError
from app.store.store import Store, Stored, default_url

__all__ = ["DamagedCheckpoint", "Store", "StoreError", "Stored", "default_url"]
