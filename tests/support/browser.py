"""Finds Chromium or Chrome for the browser tests, and installs Debian's if permitted.

As a script it prints the browser's path, or fails with advice: browser tests are not skipped
silently.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

ADVICE = (
    "The browser tests need Chromium or Google Chrome, and there is none here that starts.\n"
    "Install one (on Debian: apt-get install chromium), or set CHARNN_BROWSER to its path."
)


class BrowserMissingError(Exception):
    """No browser was found or could be installed."""


def find_browser() -> str:
    """Return the path of a browser that starts, installing one if need be."""
    chosen = os.environ.get("CHARNN_BROWSER")
    if chosen:
        if starts(chosen):
            return chosen
        raise BrowserMissingError(f"CHARNN_BROWSER is {chosen!r}, which does not start.")
    browser = installed_browser()
    if browser is None and install_chromium():
        browser = installed_browser()
    if browser is None:
        raise BrowserMissingError(ADVICE)
    return browser


def installed_browser() -> str | None:
    """Return the first installed browser that starts."""
    found = (shutil.which(command) for command in COMMANDS)
    return next((path for path in found if path and starts(path)), None)


def starts(path: str) -> bool:
    """Tell whether the browser prints its version: some systems ship a stub."""
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return "Chrom" in answer.stdout


def install_chromium() -> bool:
    """Install Debian's chromium, if we may install packages here; tell whether that went well."""
    apt_get = apt_get_as_root()
    if apt_get is None:
        return False
    # If the update fails, the existing package lists may do.
    runs([*apt_get, "update"])
    return runs([*apt_get, "install", "--no-install-recommends", "chromium", "fonts-liberation"])


def apt_get_as_root() -> list[str] | None:
    """Return the start of a command that installs packages without asking, or None."""
    if shutil.which("apt-get") is None:
        return None
    apt_get = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    if os.geteuid() == 0:
        return apt_get
    if shutil.which("sudo") and runs(["sudo", "-n", "true"]):
        return ["sudo", "-n", *apt_get]
    return None


def runs(command: list[str]) -> bool:
    """Run a command and tell whether it succeeded; stderr shows it, as stdout holds the answer."""
    print("+", *command, file=sys.stderr)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    try:
        print(find_browser())
    except BrowserMissingError as error:
        sys.exit(str(error))
