"""The file with the secret that signs cookies."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.web import session_cookie
from app.web.session_cookie import SECRET_BYTES, SECRET_FILE, SecretError, read_secret


def test_a_secret_is_created_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    secret = read_secret(tmp_path / "new")
    file = tmp_path / "new" / SECRET_FILE
    assert len(secret) == SECRET_BYTES
    assert read_secret(tmp_path / "new") == secret
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_an_empty_secret_is_replaced(tmp_path: Path) -> None:
    (tmp_path / SECRET_FILE).touch(mode=0o600)
    secret = read_secret(tmp_path)
    assert len(secret) == SECRET_BYTES
    assert read_secret(tmp_path) == secret


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_secret_that_others_can_access_is_refused(tmp_path: Path, mode: int) -> None:
    read_secret(tmp_path)
    (tmp_path / SECRET_FILE).chmod(mode)
    with pytest.raises(SecretError):
        read_secret(tmp_path)


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    read_secret(tmp_path)
    (tmp_path / SECRET_FILE).write_bytes(b"short")
    with pytest.raises(SecretError):
        read_secret(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    read_secret(tmp_path / "elsewhere")
    (tmp_path / SECRET_FILE).symlink_to(tmp_path / "elsewhere" / SECRET_FILE)
    with pytest.raises(SecretError):
        read_secret(tmp_path)


def test_a_full_disk_leaves_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_count: int) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(session_cookie.secrets, "token_bytes", fail)
    with pytest.raises(OSError, match="space"):
        read_secret(tmp_path)
    assert list(tmp_path.iterdir()) == []
