"""Identifiers of sessions and shared copies, and the paths of copies."""

from __future__ import annotations

import hashlib
import re
import secrets


def new_session_id() -> str:
    """A random id that cannot be guessed."""
    return secrets.token_urlsafe(18)


def short_id(session_id: str) -> str:
    """A short id for logs and pages that does not reveal the session id."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:8]


SHARE_PREFIX = "/s/"
_SHARE_ID = re.compile(r"[A-Za-z0-9_-]{22}")


def new_share_id() -> str:
    """A random id that cannot be guessed: it grants access to the copy."""
    return secrets.token_urlsafe(16)


def is_share_id(name: str) -> bool:
    """Whether a name has the form of a share id."""
    return _SHARE_ID.fullmatch(name) is not None


def share_path(share_id: str) -> str:
    """The URL path of a shared copy."""
    return SHARE_PREFIX + share_id


def is_share_path(path: str) -> bool:
    """Whether this is the path of a shared copy, existing or not."""
    return path.startswith(SHARE_PREFIX) and is_share_id(path.removeprefix(SHARE_PREFIX))
