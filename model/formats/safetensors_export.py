"""Export to safetensors: weights for PyTorch, and metadata to build the modules.

The metadata is text: `kind`, `hidden_sizes`, `letter_size`, the `vocabulary` (a JSON list of the
characters, which are numbered from 1), the meaning of `index_0`, the `mode`, and `start`, the token
before a text.
"""

from __future__ import annotations

import json
from importlib import resources

import safetensors.numpy

from model.formats.recurrentjs_json import check_finite
from model.formats.torch_weights import torch_weights
from model.network import Network

ALIGNMENT = 8
"""In bytes: spaces pad the header to a multiple of it."""
EXAMPLE_NAME = '"model.safetensors"'
"""The name of the file in `load_in_torch.py`."""


def safetensors_file(network: Network) -> bytes:
    """The content of the file.

    Raises:
        FormatError: the network has diverged.
    """
    check_finite(network)
    return _in_order(safetensors.numpy.save(torch_weights(network), metadata=_about(network)))


def loading_lines(name: str) -> str:
    """A script that loads the file of this name into PyTorch."""
    lines = resources.files("model.formats.templates").joinpath("load_in_torch.py")
    return lines.read_text(encoding="utf-8").replace(EXAMPLE_NAME, repr(name))


def _about(network: Network) -> dict[str, str]:
    return {
        "format": "pt",  # as in files of PyTorch; some loaders require it
        "kind": network.cell,
        "hidden_sizes": json.dumps([int(size) for size in network.hidden_sizes]),
        "letter_size": str(network.embedding_size),
        "vocabulary": json.dumps(network.vocabulary.chars),
        "index_0": "START as an input, END as an output",
        "mode": network.mode,
        "start": str(network.start_token),  # the token before a text
    }


def _in_order(file: bytes) -> bytes:
    """The file with a sorted header, so that equal networks have equal files.

    A file is the length of the header in 8 bytes, the header as JSON, and the weights. The library
    writes the entries of the header in no fixed order.
    """
    begin = 8 + int.from_bytes(file[:8], "little")
    entries = json.loads(file[8:begin])
    header = json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()
    header = header.ljust(-(-len(header) // ALIGNMENT) * ALIGNMENT)
    return len(header).to_bytes(8, "little") + header + file[begin:]
