"""The signed cookie that identifies a session."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from flask import Response
from itsdangerous import BadSignature, Signer

from app.protocol.ids import new_session_id

COOKIE = "charnn_session"
COOKIE_SECONDS = 365 * 24 * 3600
SECRET_FILE = "secret"  # noqa: S105  (a file name)


class SessionCookie:
    """Sets and verifies the session cookie."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, salt="charnn session")

    def session_id(self, cookies: Mapping[str, str]) -> str | None:
        """The session id in the cookies; None if it is missing or forged."""
        try:
            return self._signer.unsign(cookies.get(COOKIE, "")).decode()
        except (BadSignature, UnicodeError):
            return None

    def set(self, response: Response, session_id: str | None, secure: bool) -> None:
        """Set the cookie of a session, or of a new one if `session_id` is None."""
        response.set_cookie(
            COOKIE,
            self._signer.sign(session_id or new_session_id()).decode(),
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=secure,
        )


def read_secret(data_dir: Path) -> bytes:
    """The server's secret, created on first use in a file that only its owner can read."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = data_dir / SECRET_FILE
    if not file.exists():
        _create_secret(file)
    return file.read_bytes()


def _create_secret(file: Path) -> None:
    """Create the secret atomically, also when two servers start at once."""
    fresh = file.with_name(f"{SECRET_FILE}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        out.write(secrets.token_bytes(32))
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass  # the other server was first
    finally:
        fresh.unlink()
