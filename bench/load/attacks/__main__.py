"""All attacks, or those named: `python -m bench.load.attacks`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import click

from bench.harness.checks import Checks
from bench.load.attacks import access, connections, memory, share
from bench.load.attacks.measure import measure, table

ATTACKS = (*connections.ATTACKS, *memory.ATTACKS, *access.ATTACKS, *share.ATTACKS)


@click.command()
@click.argument("words", nargs=-1)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures there.")
def main(words: tuple[str, ...], json_file: Path | None) -> None:
    """Attack servers from one address, and measure what another visitor notices.

    WORDS select the attacks that have one of them in their names; without any, all are run.
    """
    checks, impacts = Checks(), []
    for attack in ATTACKS:
        if words and not any(word in attack.name for word in words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            impacts.append(asyncio.run(measure(attack, Path(folder))))
        impacts[-1].check(checks)
    print(table(impacts))
    if json_file is not None:
        json_file.write_text(checks.as_json())
    sys.exit(0 if checks.all_passed else 1)


if __name__ == "__main__":
    main()
