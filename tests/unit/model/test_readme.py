"""The examples in the documentation, each run as a program."""

from __future__ import annotations

import math
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENTS = ["README.md", "docs/graph.md", "docs/learning-to-write.md", "docs/mathematics.md"]

PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MEASURE = re.compile(r"\b(?:loss|perplexity) (\S+)")
# Samples are ignored: an untrained network may generate "nan".
QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")


def examples() -> list[tuple[str, str]]:
    """The Python blocks of the documents, with names."""
    return [
        (f"{document} {number}", source)
        for document in DOCUMENTS
        for number, source in enumerate(PYTHON_BLOCK.findall((ROOT / document).read_text()), 1)
    ]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("source", [pytest.param(source, id=name) for name, source in examples()])
def test_an_example_runs_and_its_perplexity_falls(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "example.py"
    program.write_text(source, encoding="utf-8")
    runpy.run_path(str(program), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed
    told = QUOTED.sub("", printed)
    assert not re.search(r"\b(nan|inf)\b", told, re.IGNORECASE), printed
    measures = [float(number) for number in MEASURE.findall(printed)]
    if ".backward(" in source or ".train" in source:
        assert len(measures) >= 2, "the example must print its progress"
    if measures:
        assert all(map(math.isfinite, measures))
        assert measures[-1] < 0.8 * measures[0]


def test_every_document_has_an_example() -> None:
    named = {name.split()[0] for name, _ in examples()}
    assert named == set(DOCUMENTS)
