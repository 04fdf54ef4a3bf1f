"""A folder is used by one process at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from app.runtime.folder_lock import FolderInUse, lock_folder


def test_the_second_lock_of_a_folder_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with lock_folder(folder), pytest.raises(FolderInUse):
        lock_folder(folder)
    lock_folder(folder).close()


def test_a_lock_that_ends_soon_is_waited_for(tmp_path: Path) -> None:
    first = lock_folder(tmp_path)
    threading.Timer(0.2, first.close).start()
    lock_folder(tmp_path, patience=60.0).close()
