"""The contents of the wheel, and serving from it."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from bench.harness.server import ROOT
from tests.support.server import running_server

pytestmark = pytest.mark.extended


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this tree, built with the installed packages."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True)
    return zipfile.ZipFile(next(folder.glob("charnn-*.whl")))


@pytest.mark.parametrize("folder", ["static/bundle", "templates"])
def test_the_wheel_contains_the_page(wheel: zipfile.ZipFile, folder: str) -> None:
    expected = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert expected
    assert {f"app/{path.as_posix()}" for path in expected} <= set(wheel.namelist())


def test_the_wheel_contains_the_texts_and_no_tests(wheel: zipfile.ZipFile) -> None:
    texts = ROOT / "app" / "catalog" / "data" / "texts"
    brought = {*texts.glob("*.txt"), texts / "catalogue.toml"}
    assert {path.relative_to(ROOT).as_posix() for path in brought} <= set(wheel.namelist())
    folders = {Path(name).parts[0] for name in wheel.namelist()}
    assert not {"tests", "tools"} & folders


def test_the_wheel_contains_the_migrations(wheel: zipfile.ZipFile) -> None:
    folder = ROOT / "app" / "storage" / "migrations"
    expected = {path.relative_to(ROOT).as_posix() for path in folder.rglob("*.py")}
    assert any("0001" in path for path in expected)
    assert expected <= set(wheel.namelist())


def test_the_wheel_serves_the_page(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    wheel.extractall(installed)
    (installed / "app" / "static" / "bundle" / "mark.txt").write_text(
        "from the wheel", encoding="utf-8"
    )
    # The wheel's packages and not this tree's, though the server starts in this tree.
    environment = {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    with running_server(tmp_path / "server", environment=environment) as server:
        assert fetched(f"{server.url}/static/mark.txt") == "from the wheel"
        assert "<!doctype html>" in fetched(f"{server.url}/").lower()
        assert fetched(f"{server.url}/static/main.js")


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310, our own server
        return str(answer.read().decode())
