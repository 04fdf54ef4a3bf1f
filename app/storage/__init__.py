"""Where sessions are kept, and what they have shared: SQLite in a file, or PostgreSQL."""

from app.storage.errors import DamagedCheckpoint, StoreError
from app.storage.session_store import Store, Stored, default_url
from app.storage.share_store import Copied, Copies

__all__ = ["Copied", "Copies", "DamagedCheckpoint", "Store", "StoreError", "Stored", "default_url"]
