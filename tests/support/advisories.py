"""Checks the packages of constraints.txt for known vulnerabilities, for `make lint`.

If the advisories are unreachable, it says so and succeeds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints.txt"
COMMAND = [
    *(sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS)),
    *("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"),
]
SECONDS = 120


def main() -> int:
    """Print the vulnerabilities; returns 1 if there are any."""
    try:
        audit = subprocess.run(
            COMMAND, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        packages = json.loads(audit.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        print("The advisories cannot be reached: no package was looked up.")
        return 0
    lines, unknown = report(packages)
    if lines:
        print(*lines, sep="\n")
    if unknown:
        print(f"No advisories are to be had here for {unknown} of {len(packages)} packages.")
    return 1 if lines else 0


def report(packages: list[dict[str, Any]]) -> tuple[list[str], int]:
    """A line for each known vulnerability, and how many packages could not be looked up."""
    lines = [
        f"{package['name']} {package['version']}: {found['id']}, "
        f"fixed in {', '.join(found['fix_versions']) or 'no version yet'}"
        for package in packages
        for found in package.get("vulns", [])
    ]
    return lines, sum("skip_reason" in package for package in packages)


if __name__ == "__main__":
    sys.exit(main())
