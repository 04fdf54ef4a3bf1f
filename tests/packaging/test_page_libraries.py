"""The build hook and the lock file of the page's libraries."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from bench.harness.server import ROOT


@pytest.fixture
def build_hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    import hatch_build

    return hatch_build


def test_page_libraries_match_the_lock_file(build_hook: ModuleType) -> None:
    assert build_hook.Vendor(ROOT).is_current()


def test_a_newer_lock_file_makes_the_libraries_stale(
    build_hook: ModuleType, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "static" / "vendor", tmp_path / "static" / "vendor")
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    lock["packages"]["node_modules/uplot"]["version"] = "999.0.0"
    (tmp_path / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    assert not build_hook.Vendor(tmp_path).is_current()


def test_a_library_missing_from_the_folder_makes_it_stale(
    build_hook: ModuleType, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "static" / "vendor", tmp_path / "static" / "vendor")
    shutil.copy(ROOT / "package-lock.json", tmp_path)
    (tmp_path / "static" / "vendor" / "uPlot.esm.min.js").unlink()
    assert not build_hook.Vendor(tmp_path).is_current()


def test_the_lock_file_records_no_download_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert not any("resolved" in package for package in lock["packages"].values())
