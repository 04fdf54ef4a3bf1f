"""The file formats in which a model can be saved or exported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.training.model_io import as_json
from model.formats.checkpoint import ModelCheckpoint


@dataclass(frozen=True)
class ExportFormat:
    """A file format.

    Attributes:
        suffix: the suffix of the file name and of the download URL.
        mimetype: the MIME type.
        content: serializes a model; picklable, because a worker process may call it.
    """

    suffix: str
    mimetype: str
    content: Callable[[ModelCheckpoint], bytes]

    @property
    def name(self) -> str:
        """The file name of a download."""
        return f"charnn-model{self.suffix}"


def _as_safetensors(saved: ModelCheckpoint) -> bytes:
    from model.formats import safetensors_file

    return safetensors_file(saved.model)


def _as_python(saved: ModelCheckpoint) -> bytes:
    from model.formats import python_file

    return python_file(saved.model)


JSON = ExportFormat(".json", "application/json", as_json)
"""The only format that can be loaded again; it includes the optimizer state."""
SAFETENSORS = ExportFormat(".safetensors", "application/octet-stream", _as_safetensors)
PYTHON = ExportFormat(".py", "text/x-python", _as_python)

EXPORT_FORMATS = (JSON, SAFETENSORS, PYTHON)
