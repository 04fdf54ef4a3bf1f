"""What `make lint` makes of the advisories."""

from __future__ import annotations

from tests.support.advisories import report


def test_a_known_vulnerability_is_named_with_the_version_that_mends_it() -> None:
    found = {"id": "PYSEC-2024-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}
    packages = [
        {"name": "sound", "version": "2.0", "vulns": []},
        {"name": "weak", "version": "1.0", "vulns": [found]},
        {"name": "unknown", "skip_reason": "Dependency not found"},
    ]
    assert report(packages) == (["weak 1.0: PYSEC-2024-1, fixed in 1.1"], 1)
