"""Export to a standalone program: one Python file that generates sentences with NumPy only.

Its code is `standalone_program.py` without the other cells, followed by the network.
"""

from __future__ import annotations

import ast
import base64
from collections.abc import Iterator, Mapping
from importlib import resources
from types import MappingProxyType

from model.formats.recurrentjs_json import check_finite
from model.kernels.types import FloatArray
from model.network import Network

FORMULAS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "lstm": frozenset({"lstm", "sigmoid"}),
        "gru": frozenset({"gru", "sigmoid"}),
        "rnn": frozenset({"rnn"}),
    }
)
"""The functions of the program that a cell needs."""

CHARS_PER_LINE = 60
BLANK_LINES = 2  # after each function


def python_file(network: Network) -> bytes:
    """The content of the file.

    Raises:
        FormatError: the network has diverged.
    """
    check_finite(network)
    return (_code(network.cell) + "".join(_network(network))).encode()


def _code(cell: str) -> str:
    """The program without a network, with the formulas of this cell."""
    program = resources.files("model.formats.templates").joinpath("standalone_program.py")
    source = program.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    others = frozenset().union(*FORMULAS.values()) - FORMULAS[cell]
    for part in reversed(ast.parse(source).body):
        if isinstance(part, ast.FunctionDef) and part.name in others:
            end = part.end_lineno or part.lineno
            del lines[part.lineno - 1 : end + BLANK_LINES]
    return "".join(lines)


def _network(network: Network) -> Iterator[str]:
    """The lines after the code: the network, and the call of main."""
    chars = "".join(network.vocabulary.chars)
    yield "\n\nNETWORK = Network(\n    chars=(\n"
    for at in range(0, len(chars), CHARS_PER_LINE):
        yield f"        {chars[at : at + CHARS_PER_LINE]!r}\n"
    yield f"    ),\n    cell={network.cell},\n    layers={len(network.hidden_sizes)},\n"
    yield f"    start={network.start_token},\n    ends={network.mode == 'lines'},\n"
    yield "    matrices={\n"
    for name, matrix in network.named_parameters().items():
        yield _matrix(name, matrix)
    yield '    },\n)\n\nif __name__ == "__main__":\n    main(NETWORK)\n'


def _matrix(name: str, matrix: FloatArray) -> str:
    """One entry of `matrices`; columns become vectors."""
    values = matrix[:, 0] if name.startswith("b") else matrix
    numbers = base64.encodebytes(values.astype("<f4").tobytes()).decode("ascii")
    return f'        "{name}": array({values.shape}, """\n{numbers}"""),\n'
