"""What the documentation says of the code's layout is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`((?:app|bench|model|static|templates|tests|deploy|docs)/[\w./-]+)`")


def test_every_path_that_the_documents_name_exists() -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    missing = [
        f"{document.name}: {path}"
        for document in documents
        for path in NAMED.findall(document.read_text(encoding="utf-8"))
        if not (ROOT / path).exists() and not path.startswith("static/vendor")
    ]
    assert missing == []


def test_every_box_of_the_drawing_names_files_that_exist() -> None:
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawing = drawing.partition("```mermaid\n")[2].partition("```")[0]
    folder, boxes = ROOT, []
    for line in drawing.splitlines():
        if group := re.match(r'\s*subgraph \w+\[".*: (.*)"\]', line):
            folder = ROOT / group[1]
        elif box := re.match(r'\s*\w+\["(.*)"\]', line):
            boxes += [folder / name for name in box[1].split(", ") if name != "..."]
    assert len(boxes) > 20
    assert [box for box in boxes if not box.exists()] == []
