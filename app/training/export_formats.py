"""The files as which a model can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.training.model_io import as_json
from model.formats.checkpoint import ModelCheckpoint


@dataclass(frozen=True)
class ExportFormat:
    """One of them.

    Attributes:
        suffix: how its name ends, and its address.
        mimetype: what a browser is told that it is.
        content: makes it; a function that another process can be asked to call.
    """

    suffix: str
    mimetype: str
    content: Callable[[ModelCheckpoint], bytes]

    @property
    def name(self) -> str:
        """What the file is called when it is downloaded."""
        return f"charnn-model{self.suffix}"


def _as_safetensors(saved: ModelCheckpoint) -> bytes:
    from model.formats import safetensors_file

    return safetensors_file(saved.model)


def _as_python(saved: ModelCheckpoint) -> bytes:
    from model.formats import python_file

    return python_file(saved.model)


JSON = ExportFormat(".json", "application/json", as_json)
"""The one that comes back: all that is needed to go on."""
SAFETENSORS = ExportFormat(".safetensors", "application/octet-stream", _as_safetensors)
PYTHON = ExportFormat(".py", "text/x-python", _as_python)

EXPORT_FORMATS = (JSON, SAFETENSORS, PYTHON)
