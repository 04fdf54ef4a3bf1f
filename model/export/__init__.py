"""A network for elsewhere: as weights that PyTorch loads, and as a program of its own.

For example::

from model.export import python_file, safetensors_file

Path("model.safetensors").write_bytes(safetensors_file(model))
Path("model.py").write_bytes(python_file(model))
"""

from model.export.python_file import python_file
from model.export.safetensors_file import loading_lines, safetensors_file

__all__ = ["loading_lines", "python_file", "safetensors_file"]
