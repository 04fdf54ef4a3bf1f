"""The command line, run in this process."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner, Result

from app.cli import main


def charnn(*words: object, **options: Any) -> Result:
    """What `charnn` with these arguments does; `options` are those of click's runner."""
    return CliRunner().invoke(main, [str(word) for word in words], **options)
