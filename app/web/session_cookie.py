"""The signed cookie that identifies a session."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from itsdangerous import Signer
from werkzeug.wrappers import Request, Response

from app.protocol.ids import new_session_id
from app.web.cookies import SignedCookie

COOKIE = "charnn_session"
SECRET_FILE = "secret"  # noqa: S105  (a file name)
SECRET_BYTES = 32


class SessionCookie:
    """Sets and verifies the session cookie."""

    def __init__(self, secret: bytes, *, embedded: bool = False) -> None:
        signer = Signer(secret, salt="charnn session")
        self._cookie = SignedCookie(COOKIE, signer, embedded=embedded)

    def session_id(self, request: Request) -> str | None:
        """The session id in the cookies of a request; None if it is missing or forged."""
        return self._cookie.read(request)

    def set(self, request: Request, response: Response, session_id: str | None) -> None:
        """Set the cookie of a session, or of a new one if `session_id` is None."""
        self._cookie.set(request, response, session_id or new_session_id())


class SecretError(Exception):
    """The secret file cannot be trusted; the message says what to do."""


def read_secret(data_dir: Path) -> bytes:
    """The server's secret, created on first use in a file that only its owner can read.

    An empty file, which a full disk may have left, is replaced.

    Raises:
        SecretError: the file is a link, too short, or other users can read it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    file = data_dir / SECRET_FILE
    if file.is_symlink():
        raise SecretError(f"{file} is a symbolic link. Replace it with the file it points to.")
    if not file.exists() or not file.stat().st_size:
        _create_secret(file)
    if os.name == "posix" and file.stat().st_mode & 0o077:  # Windows has other permissions
        raise SecretError(f"Other users can read {file}. Run `chmod 600 {file}`.")
    secret = file.read_bytes()
    if len(secret) < SECRET_BYTES:
        raise SecretError(
            f"{file} has fewer than {SECRET_BYTES} bytes and could be guessed. Delete it: a new "
            "secret is created, and visitors get new sessions."
        )
    return secret


def _create_secret(file: Path) -> None:
    """Create the secret atomically, also when two servers start at once or the disk is full."""
    fresh = file.with_name(f"{SECRET_FILE}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(secrets.token_bytes(SECRET_BYTES))
        if file.exists():
            fresh.replace(file)  # in place of an empty one
        else:
            os.link(fresh, file)
    except FileExistsError:
        pass  # another server was first
    finally:
        fresh.unlink(missing_ok=True)
