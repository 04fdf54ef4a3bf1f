"""The paths that the documentation names exist."""

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
        if not (ROOT / path).exists() and path != "static/bundle"
    ]
    assert missing == []
