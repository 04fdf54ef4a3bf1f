"""A network as a file of safetensors: PyTorch's weights, and what is needed to build their modules.

Its header says the rest, as text: `kind`, `hidden_sizes` and `embedding_size`, the `vocabulary` (a
JSON list of the characters, which are numbered from 1 in its order) and what `index_0` means.
"""

from __future__ import annotations

import json
from importlib import resources

import safetensors.numpy

from model.formats.recurrentjs_json import check_finite
from model.formats.torch_weights import torch_weights
from model.network import Network

ALIGNMENT = 8
"""Bytes: weights begin at a multiple of these, spaces fill the header up."""
EXAMPLE_NAME = '"model.safetensors"'
"""The file as `load_in_torch.py` names it."""


def safetensors_file(network: Network) -> bytes:
    """The file's content.

    Raises:
        FormatError: the network has diverged.
    """
    check_finite(network)
    return _in_order(safetensors.numpy.save(torch_weights(network), metadata=_about(network)))


def loading_lines(name: str) -> str:
    """The lines that load the file of this name into PyTorch: a script that runs as it is."""
    lines = resources.files("model.formats.templates").joinpath("load_in_torch.py")
    return lines.read_text(encoding="utf-8").replace(EXAMPLE_NAME, repr(name))


def _about(network: Network) -> dict[str, str]:
    return {
        "format": "pt",  # as PyTorch's own files of this format have it, and some loaders demand
        "kind": network.cell,
        "hidden_sizes": json.dumps([int(size) for size in network.hidden_sizes]),
        "letter_size": str(network.embedding_size),
        "vocabulary": json.dumps(network.vocabulary.chars),
        "index_0": "START as an input, END as an output",
    }


def _in_order(file: bytes) -> bytes:
    """The file with its header sorted, so that the same network is the same file every time.

    It is the header's length in 8 bytes, the header as JSON, and the weights. The library writes
    the header's entries in the order of a hash table.
    """
    begin = 8 + int.from_bytes(file[:8], "little")
    entries = json.loads(file[8:begin])
    header = json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()
    header = header.ljust(-(-len(header) // ALIGNMENT) * ALIGNMENT)
    return len(header).to_bytes(8, "little") + header + file[begin:]
