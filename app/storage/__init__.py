"""The database of sessions and shared copies: an SQLite file, or PostgreSQL."""

from app.storage.capacity import StoreCapacity
from app.storage.errors import DamagedCheckpoint, NewerCheckpoint, StoreError
from app.storage.session_store import Store, StoredSession, default_url
from app.storage.share_store import ShareInfo, ShareStore
from app.storage.text_store import TextStore

__all__ = [
    "DamagedCheckpoint",
    "NewerCheckpoint",
    "ShareInfo",
    "ShareStore",
    "Store",
    "StoreCapacity",
    "StoreError",
    "StoredSession",
    "TextStore",
    "default_url",
]
