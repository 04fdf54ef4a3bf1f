"""The bundle of the page, which the build hook and `make` keep current, and its lock file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bench.harness.server import ROOT
from tools.bundle_page import PageBundle

MANIFESTS = ("package.json", "package-lock.json")


@pytest.fixture
def copy(tmp_path: Path) -> PageBundle:
    """The bundle and its sources in another folder, without its packages."""
    shutil.copytree(ROOT / "static", tmp_path / "static")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "bundle_page.mjs", tmp_path / "tools")
    for name in MANIFESTS:
        shutil.copy(ROOT / name, tmp_path)
    return PageBundle(tmp_path)


def test_the_bundle_is_current_wherever_it_is(copy: PageBundle) -> None:
    """An sdist is installed without Node: its bundle is not built again."""
    assert copy.is_current()
    copy.update()


@pytest.mark.parametrize(
    "source", ["static/js/main.js", "static/css/tokens.css", "tools/bundle_page.mjs"]
)
def test_a_changed_source_makes_the_bundle_stale(copy: PageBundle, source: str) -> None:
    with (copy.root / source).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert not copy.is_current()


def test_a_new_or_a_missing_module_makes_the_bundle_stale(copy: PageBundle) -> None:
    module = copy.root / "static" / "js" / "new.js"
    module.touch()
    assert not copy.is_current()
    module.unlink()
    assert copy.is_current()
    (copy.root / "static" / "js" / "main.js").unlink()
    assert not copy.is_current()


def test_only_the_packages_of_the_page_count(copy: PageBundle) -> None:
    lock_file = copy.root / "package-lock.json"
    lock = json.loads(lock_file.read_text(encoding="utf-8"))
    for name, is_current in {"eslint": True, "uplot": False}.items():
        lock["packages"][f"node_modules/{name}"]["version"] = "999.0.0"
        lock_file.write_text(json.dumps(lock), encoding="utf-8")
        assert copy.is_current() is is_current, name


def test_an_interrupted_build_is_repeated(copy: PageBundle) -> None:
    (copy.folder / "built_from.txt").unlink()
    assert not copy.is_current()


def test_the_lock_file_records_no_download_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert not any("resolved" in package for package in lock["packages"].values())
