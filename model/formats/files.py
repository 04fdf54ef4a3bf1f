"""Writing files so that nothing that exists is lost."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file atomically; a device or a pipe is written to.

    A symbolic link is followed. The mode and, where permitted, the owner of an existing file stay.

    Raises:
        OSError: the file cannot be written; the old content is unchanged.
    """
    before = status(path)
    if is_replaced(before):
        _replace(Path(os.path.realpath(path)), content, before)
        return
    Path(path).write_bytes(content)


def status(path: str | os.PathLike[str]) -> os.stat_result | None:
    """The status of a file, or of what a link points to; None if it does not exist."""
    try:
        return Path(path).stat()
    except FileNotFoundError:
        return None


def is_replaced(before: os.stat_result | None) -> bool:
    """Whether writing to a path with this status replaces a file, and does not add to a stream."""
    return before is None or stat.S_ISREG(before.st_mode)


def new_part(folder: Path) -> tuple[Path, int]:
    """A new file for a part of the content, and its descriptor.

    Raises:
        OSError: the folder does not exist, or is not writable.
    """
    part = folder / f".charnn-{secrets.token_hex(8)}"
    binary = getattr(os, "O_BINARY", 0)  # on Windows, where text is the default
    return part, os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | binary, 0o666)


def _replace(path: Path, content: bytes, before: os.stat_result | None) -> None:
    part, descriptor = new_part(path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if before is not None:
            _take_over(part, before)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _take_over(part: Path, before: os.stat_result) -> None:
    """Give a file the owner and the mode of another."""
    if hasattr(os, "chown"):
        with contextlib.suppress(PermissionError):  # only root may give a file away
            os.chown(part, before.st_uid, before.st_gid)
    part.chmod(stat.S_IMODE(before.st_mode))
