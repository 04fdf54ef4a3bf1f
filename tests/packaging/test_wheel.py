"""The frame: what a wheel carries, how the page's libraries arrive, how a browser is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import browser
from tests.support.server import running_server

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from this tree with what is installed already."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True)
    return zipfile.ZipFile(next(folder.glob("charnn-*.whl")))


@pytest.fixture
def build_hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    import hatch_build

    return hatch_build


@pytest.mark.parametrize("folder", ["static", "templates"])
def test_a_wheel_carries_the_page_beside_the_application(
    wheel: zipfile.ZipFile, folder: str
) -> None:
    expected = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert expected
    assert {f"app/{path.as_posix()}" for path in expected} <= set(wheel.namelist())


def test_a_wheel_carries_the_page_s_libraries_with_their_licences(wheel: zipfile.ZipFile) -> None:
    names = {Path(name).name for name in wheel.namelist() if name.startswith("app/static/vendor/")}
    assert {"socket.io.esm.min.js", "socket.io.LICENSE.txt"} <= names
    assert {"uPlot.esm.min.js", "uPlot.min.css", "uPlot.LICENSE.txt"} <= names


def test_a_wheel_carries_the_starting_text_and_nothing_of_the_tests(wheel: zipfile.ZipFile) -> None:
    texts = ROOT / "app" / "texts"
    brought = {*texts.glob("*.txt"), texts / "catalogue.toml"}
    assert {path.relative_to(ROOT).as_posix() for path in brought} <= set(wheel.namelist())
    assert not any("test" in Path(name).parts[0] for name in wheel.namelist())


def test_a_wheel_carries_the_migrations_of_the_store(wheel: zipfile.ZipFile) -> None:
    folder = ROOT / "app" / "store" / "migrations"
    expected = {path.relative_to(ROOT).as_posix() for path in folder.rglob("*.py")}
    assert any("0001" in path for path in expected)
    assert expected <= set(wheel.namelist())


def test_a_wheel_serves_the_page_by_itself(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    wheel.extractall(installed)
    (installed / "app" / "static" / "mark.txt").write_text("from the wheel", encoding="utf-8")
    # The wheel's packages and not this tree's, though the server starts in this tree.
    environment = {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    with running_server(tmp_path / "server", environment=environment) as server:
        assert fetched(f"{server.url}/static/mark.txt") == "from the wheel"
        assert "<!doctype html>" in fetched(f"{server.url}/").lower()
        assert fetched(f"{server.url}/static/vendor/uPlot.esm.min.js")


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310, our own server
        return str(answer.read().decode())


def test_the_page_s_libraries_are_those_of_the_lock_file(build_hook: ModuleType) -> None:
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


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A system with no browser, where nothing can be installed."""
    monkeypatch.setattr(browser, "COMMANDS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHARNN_BROWSER", raising=False)


@pytest.mark.usefixtures("no_browser")
def test_without_a_browser_the_setup_stops_and_says_what_to_install() -> None:
    with pytest.raises(browser.BrowserMissingError, match="Install one"):
        browser.find_browser()


def test_a_chosen_browser_that_does_not_start_is_named() -> None:
    setup = subprocess.run(
        [sys.executable, ROOT / "tests" / "browser.py"],
        env={**os.environ, "CHARNN_BROWSER": "/no/such/browser"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert setup.returncode != 0
    assert setup.stdout == ""
    assert "/no/such/browser" in setup.stderr
