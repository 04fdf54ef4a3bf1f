"""What a large text costs the other visitors: one uploads and learns it while others move sliders.

`python -m bench.load.large_text` prints the latency of their `set` events and the rate of their
frames, before and meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
import time
from http import HTTPStatus
from pathlib import Path

from bench.harness.crowd import PageStats, open_pages, p99, sliders_moving
from bench.harness.server import LiveServer
from bench.harness.socketio_client import PageClient

CHARACTERS = 20_000_000
PAGES = 8
BEFORE_SECONDS = 20.0
UPLOADS = 3
EVERY = 0.25
"""Mean seconds between two `set` events of a page."""
OPTIONS = {"mode": "text", "hidden_sizes": "64", "batch_size": "16", "optimizer": "adamw"}


def made_up_text(number: int) -> bytes:
    """A text of `CHARACTERS` characters in lines of words."""
    random.seed(number)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = [
        "".join(random.choices(letters, range(26, 0, -1), k=random.randint(1, 9)))  # noqa: S311
        for _ in range(20_000)
    ]
    ends = [" "] * 9 + ["\n"]
    chosen = zip(
        random.choices(words, k=CHARACTERS // 5),  # noqa: S311
        random.choices(ends, k=CHARACTERS // 5),  # noqa: S311
        strict=True,
    )
    return "".join(word + end for word, end in chosen)[:CHARACTERS].encode()


async def measure() -> None:
    """Measure alone, and while texts are uploaded and learned."""
    texts = [made_up_text(number) for number in range(UPLOADS)]
    with tempfile.TemporaryDirectory() as folder, LiveServer(Path(folder)) as server:
        pages = await open_pages(server.url, PAGES)
        visitor = PageClient(server.url)
        await visitor.open()
        async with sliders_moving(pages, EVERY):
            await asyncio.sleep(2)
            stats, began = [PageStats(page) for page in pages], time.monotonic()
            await asyncio.sleep(BEFORE_SECONDS)
            report("before", stats, time.monotonic() - began)
            stats, began = [PageStats(page) for page in pages], time.monotonic()
            for text in texts:
                await upload_and_learn(visitor, text)
            report("meanwhile", stats, time.monotonic() - began)
        print(f"server: {server.resident_mb:.0f} MB, at most {server.peak_resident_mb:.0f} MB")
        for page in (*pages, visitor):
            await page.close()


async def upload_and_learn(visitor: PageClient, text: bytes) -> None:
    """Upload a text, learn it, and wait until the network trains."""
    began = time.monotonic()
    status = await visitor.put("/api/text-file?name=large.txt", text)
    if status != HTTPStatus.OK:
        raise RuntimeError(f"the upload was refused with {status}")
    uploaded, checksum = time.monotonic(), hashlib.sha256(text).hexdigest()
    payload = {"text": "", "checksum": checksum, "options": OPTIONS}
    answer = await visitor.ask("learn", payload)
    if not answer["ok"]:
        raise RuntimeError(answer["error"])
    await visitor.wait_until(
        lambda state: state["text"]["checksum"] == checksum and state["steps"] > 0, 60
    )
    done = time.monotonic()
    print(f"uploaded and read in {uploaded - began:.1f} s, trains after {done - uploaded:.1f} s")


def report(when: str, stats: list[PageStats], seconds: float) -> None:
    """Print the latency of `set` and the rate of frames of all pages."""
    waits = sorted(1000 * wait for each in stats for wait in each.page.waits)
    frames = min(each.seen for each in stats) / seconds
    print(
        f"{when}: {len(waits)} set in {seconds:.0f} s, median {waits[len(waits) // 2]:.0f} ms, "
        f"p99 {p99(waits):.0f} ms, longest {waits[-1]:.0f} ms; "
        f"frames of the slowest page {frames:.1f}/s"
    )


if __name__ == "__main__":
    asyncio.run(measure())
