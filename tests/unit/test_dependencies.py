"""pyproject.toml declares every package that the code imports."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = {"app", "bench", "model"}
TYPES_ONLY = {"_typeshed"}
EXTRAS = ("bench", "postgres", "ray")
"""Those that users install."""
DISTRIBUTIONS = packages_distributions()


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    """The distributions that the application or one of the extras requires."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    required = [*project["dependencies"], *(each for extra in EXTRAS for each in extras[extra])]
    return {normalized(re.split(r"[\[<>=;~! ]", each)[0]) for each in required}


def imports(source: str) -> Iterator[str]:
    """The top-level package of each import, also of those inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_every_import_is_a_declared_dependency() -> None:
    known, ignored = declared(), sys.stdlib_module_names | OWN | TYPES_ONLY
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("app", "model")
        for path in (ROOT / folder).rglob("*.py")
        for name in set(imports(path.read_text(encoding="utf-8"))) - ignored
        if not known & {normalized(each) for each in DISTRIBUTIONS.get(name, [name])}
    }
    assert undeclared == set()
