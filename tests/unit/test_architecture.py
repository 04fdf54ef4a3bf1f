"""The drawing of how the code is laid out says what is so."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRAWING = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DRAWING = DRAWING.partition("```mermaid\n")[2].partition("```")[0]

Group = tuple[Path, ...]
"""The files, or the folder, of one box."""


def boxes() -> dict[str, Group]:
    """Every box by its name, with the files that it stands for."""
    found: dict[str, Group] = {}
    folder = ROOT
    for line in DRAWING.splitlines():
        if opened := re.match(r'\s*subgraph \w+\[".*: (.*)"\]', line):
            folder = ROOT / opened[1]
        elif box := re.match(r'\s*(\w+)\["(.*)"\]', line):
            found[box[1]] = tuple(folder / name for name in box[2].split(", ") if name != "...")
    return found


def arrows(kind: str) -> list[tuple[str, str]]:
    """From which box to which the arrows of a kind go."""
    found = re.findall(rf"^\s*(\w+) {re.escape(kind)}(?:\|.*?\|)? (\w+)$", DRAWING, re.MULTILINE)
    return [(start, end) for start, end in found]


KEYWORDS = {
    "graph",
    "flowchart",
    "subgraph",
    "end",
    "style",
    "class",
    "click",
    "default",
    "direction",
}
"""Of Mermaid's: a box of such a name breaks the whole drawing."""
BOXES, IMPORTS, TALKS = boxes(), arrows("-->"), arrows("-.->")


def files(group: Group) -> set[Path]:
    return {file for each in group for file in ([each] if each.is_file() else each.rglob("*.py"))}


@cache
def imported_by(file: Path) -> set[Path]:
    """The project's files that a file imports."""
    source = file.read_text(encoding="utf-8")
    if file.suffix == ".js":
        return {(file.parent / name).resolve() for name in re.findall(r'from "(\.[^"]+)"', source)}
    return {
        defining(ROOT.joinpath(*node.module.split(".")), name.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for name in node.names
    }


@cache
def defining(module: Path, name: str) -> Path:
    """The file that has what `from module import name` brings."""
    if not module.is_dir():
        return module.with_suffix(".py")
    if (module / f"{name}.py").is_file():
        return module / f"{name}.py"
    for node in ast.parse((module / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return defining(ROOT.joinpath(*(node.module or "").split(".")), name)
    folder = module / name
    return folder if folder.is_dir() else module / "__init__.py"


def test_the_drawing_is_one_that_mermaid_draws() -> None:
    assert len(BOXES) > 20
    assert len(IMPORTS) + len(TALKS) == DRAWING.count("->")
    assert not KEYWORDS & BOXES.keys()


def test_every_file_and_folder_that_is_drawn_is_there() -> None:
    assert all(BOXES.values())
    assert [path for box in BOXES.values() for path in box if not path.exists()] == []


def test_every_solid_arrow_is_an_import() -> None:
    def is_import(start: str, end: str) -> bool:
        imported = {path for file in files(BOXES[start]) for path in imported_by(file)}
        return bool(imported & files(BOXES[end]))

    assert [arrow for arrow in IMPORTS if not is_import(*arrow)] == []


def test_every_dotted_arrow_joins_what_is_drawn() -> None:
    assert {name for arrow in TALKS for name in arrow} <= BOXES.keys()
