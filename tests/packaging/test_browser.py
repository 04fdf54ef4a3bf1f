"""Finding a browser for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import browser

STARTS = "#!/bin/sh\necho Chromium 1.0\n"
ADVISES = "#!/bin/sh\necho install it with snap\n"


@pytest.fixture(autouse=True)
def nothing_can_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "install_chromium", lambda: False)
    monkeypatch.delenv("CHARNN_BROWSER", raising=False)


def program(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)
    return str(folder / name)


def test_the_first_working_browser_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in = program(tmp_path, "chromium", ADVISES)
    there = program(tmp_path, "chrome", STARTS)
    monkeypatch.setattr(browser, "COMMANDS", (str(tmp_path / "absent"), stand_in, there))
    assert browser.find_browser() == there
    monkeypatch.setattr(browser, "COMMANDS", (str(tmp_path / "absent"), stand_in))
    with pytest.raises(browser.BrowserMissingError):
        browser.find_browser()


def test_charnn_browser_is_used_or_named_if_it_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = program(tmp_path, "chosen", STARTS)
    monkeypatch.setenv("CHARNN_BROWSER", chosen)
    assert browser.find_browser() == chosen
    monkeypatch.setenv("CHARNN_BROWSER", "/no/such/browser")
    with pytest.raises(browser.BrowserMissingError, match="/no/such/browser"):
        browser.find_browser()
