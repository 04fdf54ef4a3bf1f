"""The names of sessions: a secret one for the visitor's cookie, a short one for everybody."""

from __future__ import annotations

import hashlib
import secrets


def new_session_id() -> str:
    """A name that nobody can guess."""
    return secrets.token_urlsafe(18)


def short_id(session_id: str) -> str:
    """A name for logs and pages that gives the session's own away to nobody."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:8]
