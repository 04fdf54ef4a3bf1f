"""Locks on folders, which end with the process that holds them, however it ends."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import IO

LOCK_FILE = "lock"
RETRY_SECONDS = 0.1


class FolderInUse(Exception):  # noqa: N818  (what happened)
    """Another process holds the lock of a folder."""


def lock_folder(folder: Path, patience: float = 0.0) -> IO[bytes]:
    """Lock a folder, which is created if needed; closing the returned file unlocks it.

    Raises:
        FolderInUse: another process still holds the lock after `patience` seconds.
        OSError: the folder cannot be created or written to.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (folder / LOCK_FILE).open("ab")
    until = time.monotonic() + patience
    while True:
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):
            if time.monotonic() >= until:
                file.close()
                raise FolderInUse(str(folder)) from None
            time.sleep(RETRY_SECONDS)
        except BaseException:
            file.close()
            raise
        else:
            return file


def _lock(file: IO[bytes]) -> None:
    """Lock a file.

    Raises:
        BlockingIOError: another process has locked it; `PermissionError` on Windows.
    """
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
