"""Identifiers of sessions and shared copies, and the paths of copies."""

from __future__ import annotations

import hashlib
import re
import secrets
import time

_TIME_DIGITS = 8
_SESSION_ID_LENGTH = 32


def new_session_id() -> str:
    """An id that cannot be guessed: the Unix time in hexadecimal, and 18 random bytes."""
    return f"{int(time.time()):0{_TIME_DIGITS}x}{secrets.token_urlsafe(18)}"


def session_created_at(session_id: str) -> float:
    """The Unix time at which an id was made; 0 for the ids of earlier versions, without a time."""
    if len(session_id) != _SESSION_ID_LENGTH:
        return 0.0
    try:
        return float(int(session_id[:_TIME_DIGITS], 16))
    except ValueError:
        return 0.0


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
