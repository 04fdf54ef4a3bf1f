"""File formats of networks: JSON checkpoints, safetensors and standalone Python programs.

For example::

    from model.formats import python_file, safetensors_file

    Path("model.safetensors").write_bytes(safetensors_file(model))
    Path("model.py").write_bytes(python_file(model))
"""

from model.formats.safetensors_export import loading_lines, safetensors_file
from model.formats.standalone_export import python_file

__all__ = ["loading_lines", "python_file", "safetensors_file"]
