"""The cost of the inspection panels for training: `make looking`.

A page in training alternates between sending the requests of all panels and sending none, so that
other load on the machine affects both alike.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from bench.harness.checks import Checks
from bench.harness.server import LiveServer
from bench.harness.socketio_client import PageClient

PANELS: dict[str, tuple[float, dict[str, Any]]] = {
    "surprise": (0.5, {"text": "the best thing to do is to ask the people who will use it"}),
    "units": (0.5, {"text": "the best thing to do is to ask the people who will use it"}),
    "find_units": (1.0, {"feature": "word_position"}),
    "letters": (0.5, {}),
    "weights": (0.5, {}),
    "network": (0.5, {"text": "the best thing to do is to ask the people", "at": 12, "cell": 5}),
}
"""Interval in seconds and payload of each panel's event."""
REST_FACTOR = 100
"""The pause between requests, in multiples of the last response time, as on the page."""
SETTLE_SECONDS = 5.0


@click.command()
@click.option("--rounds", default=10, show_default=True, help="Open and closed, so many times.")
@click.option("--seconds", default=4.0, show_default=True, help="Length of each measurement.")
@click.option("--hidden-sizes", default="20, 20", show_default=True)
def main(rounds: int, seconds: float, hidden_sizes: str) -> None:
    """Measure how much open inspection panels slow training down."""
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder, LiveServer(Path(folder) / "server") as server:
        asyncio.run(_measure(checks, server.url, rounds, seconds, hidden_sizes))
    sys.exit(0 if checks.all_passed else 1)


async def _measure(
    checks: Checks, url: str, rounds: int, seconds: float, hidden_sizes: str
) -> None:
    page = PageClient(url)
    await page.open()
    await page.wait_until(lambda state: state["steps"] > 0, seconds=60)
    _, text = await page.get("/api/text")
    answer = await page.ask(
        "learn", {"text": json.loads(text)["text"], "options": {"hidden_sizes": hidden_sizes}}
    )
    if not answer["ok"]:
        raise click.UsageError(answer["error"])
    await asyncio.sleep(SETTLE_SECONDS)
    largest: dict[str, int] = dict.fromkeys(PANELS, 0)
    shares = [await _round(page, seconds, largest) for _ in range(rounds)]
    await page.close()
    name = f"[{hidden_sizes}]:"
    median = statistics.median(shares)
    checks.at_least(f"{name} speed with all panels open, median of {rounds}", median, 0.9)
    checks.info(f"{name} least and most", f"{min(shares):.3f} {max(shares):.3f}")
    for event, size in largest.items():
        checks.at_most(f"{name} largest answer to {event}", size / 1024, 16, " KB")


async def _round(page: PageClient, seconds: float, largest: dict[str, int]) -> float:
    """The speed with panels open over the mean speed before and after."""
    before = await _speed(page, seconds / 2)
    panels = [asyncio.create_task(_keep_asking(page, event, largest)) for event in PANELS]
    looked_into = await _speed(page, seconds)
    for panel in panels:
        panel.cancel()
    return looked_into / statistics.mean((before, await _speed(page, seconds / 2)))


async def _speed(page: PageClient, seconds: float) -> float:
    """Steps per second."""
    began, steps = time.monotonic(), page.state["steps"]
    await asyncio.sleep(seconds)
    passed = time.monotonic() - began
    speed: float = (page.state["steps"] - steps) / passed
    return speed


async def _keep_asking(page: PageClient, event: str, largest: dict[str, int]) -> None:
    pace, question = PANELS[event]
    while True:
        answer = await page.ask(event, question)
        if not answer["ok"]:
            raise click.ClickException(answer["error"])
        largest[event] = max(largest[event], len(json.dumps(answer, separators=(",", ":"))))
        await asyncio.sleep(max(pace, REST_FACTOR * answer["took"] / 1000))


if __name__ == "__main__":
    main()
