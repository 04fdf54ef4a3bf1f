"""The files in which models pass through a server."""

from __future__ import annotations

from pathlib import Path

from app.runtime.folder_lock import LOCK_FILE
from app.training.model_io import FOLDER


def transfer_files(data_dir: Path) -> list[Path]:
    """The model files in a data directory, without the lock of each process."""
    return [each for each in (data_dir / FOLDER).glob("*/*") if each.name != LOCK_FILE]
