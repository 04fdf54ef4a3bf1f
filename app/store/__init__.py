"""Where sessions are kept, and what they have shared: SQLite in a file, or PostgreSQL."""

from app.store.copies import Copied, Copies
from app.store.errors import DamagedCheckpoint, StoreError
from app.store.store import Store, Stored, default_url

__all__ = ["Copied", "Copies", "DamagedCheckpoint", "Store", "StoreError", "Stored", "default_url"]
