"""The file formats in which a model can be saved or exported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model.formats import file_kinds
from model.formats.checkpoint import ModelCheckpoint
from model.formats.file_kinds import FileKind


@dataclass(frozen=True)
class ExportFormat:
    """A file format.

    Attributes:
        suffix: the suffix of the file name and of the download URL.
        mimetype: the MIME type.
        content: serializes a model; picklable, because a worker process may call it.
        kind: recognises such a file.
    """

    suffix: str
    mimetype: str
    content: Callable[[ModelCheckpoint], bytes]
    kind: FileKind

    @property
    def name(self) -> str:
        """The file name of a download."""
        return f"charnn-model{self.suffix}"


def _as_json(saved: ModelCheckpoint) -> bytes:
    from app.training.model_io import as_json  # which needs a Unix system

    return as_json(saved)


def _as_safetensors(saved: ModelCheckpoint) -> bytes:
    from model.formats import safetensors_file

    return safetensors_file(saved.model)


def _as_python(saved: ModelCheckpoint) -> bytes:
    from model.formats import python_file

    return python_file(saved.model)


JSON = ExportFormat(".json", "application/json", _as_json, file_kinds.MODEL_JSON)
"""The only format that can be loaded again; it includes the optimizer state."""
SAFETENSORS = ExportFormat(
    ".safetensors", "application/octet-stream", _as_safetensors, file_kinds.SAFETENSORS
)
PYTHON = ExportFormat(".py", "text/x-python", _as_python, file_kinds.PROGRAM)

EXPORT_FORMATS = (JSON, SAFETENSORS, PYTHON)
