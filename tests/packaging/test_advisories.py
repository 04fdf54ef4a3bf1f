"""The report of advisories in `make lint`."""

from __future__ import annotations

from tests.support.advisories import report


def test_vulnerabilities_are_reported_with_the_fixed_version() -> None:
    found = {"id": "PYSEC-2024-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}
    packages = [
        {"name": "sound", "version": "2.0", "vulns": []},
        {"name": "weak", "version": "1.0", "vulns": [found]},
        {"name": "unknown", "skip_reason": "Dependency not found"},
    ]
    (line,), unknown = report(packages)
    assert all(told in line for told in ("weak", "1.0", "PYSEC-2024-1", "1.1"))
    assert unknown == 1
