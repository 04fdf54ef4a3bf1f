"""Identifiers of sessions and of shared copies, and the addresses of the latter."""

from __future__ import annotations

import hashlib
import re
import secrets


def new_session_id() -> str:
    """A name that nobody can guess."""
    return secrets.token_urlsafe(18)


def short_id(session_id: str) -> str:
    """A name for logs and pages that gives the session's own away to nobody."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:8]


FOLDER = "/s/"
_NAME = re.compile(r"[A-Za-z0-9_-]{22}")


def new_copy_id() -> str:
    """A name that nobody can guess: who has it may open the copy."""
    return secrets.token_urlsafe(16)


def is_copy_id(name: str) -> bool:
    """Whether a copy could have this name; nothing else is worth looking for."""
    return _NAME.fullmatch(name) is not None


def path_of(copy_id: str) -> str:
    """The address of a copy on this server."""
    return FOLDER + copy_id


def is_path(path: str) -> bool:
    """Whether this is the address of a copy, known or not, and of nothing else."""
    return path.startswith(FOLDER) and is_copy_id(path.removeprefix(FOLDER))
