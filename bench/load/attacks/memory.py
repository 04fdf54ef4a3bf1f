"""Attacks on memory and on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
from collections.abc import Iterable

import aiohttp

from bench.harness.socketio_client import CONNECT_FRAME, SOCKET_PATH, UPGRADE
from bench.load.attacks.attack import CLIENT_ERRORS, SHARE_OF_FIVE, Attack, Attacker
from bench.load.attacks.texts import distinct_characters, in_lines

PAGES = 31
TEXT = 2_000_000
MOST_DISTINCT, LONGEST_LINE = 9_990, 3_000
"""Distinct characters that a text may have, and characters of a line that has so many."""
TEXT_FILES = 12
"""More than the server reads at a time."""


async def pages_that_read_nothing(attacker: Attacker) -> None:
    """Let pages without a reader watch a session with a long text, which is replaced repeatedly."""
    page = await attacker.open_page()
    for _ in range(PAGES):
        await _open_without_reading(attacker, page.cookie)
    lines = ["the quick brown fox jumps over the lazy dog", "pack my box with five dozen jugs"]
    number = 0
    while True:
        number += 1
        text = "\n".join([f"text {number}", *lines * 30_000])[:TEXT]
        await attacker.ask(page, "learn", {"text": text})


async def _open_without_reading(attacker: Attacker, cookie: str) -> None:
    """A page that connects, and then reads nothing."""
    reader, writer = await attacker.request(SOCKET_PATH, cookie, UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(CONNECT_FRAME)
    await writer.drain()


async def texts_not_read(attacker: Attacker) -> None:
    """Fetch a long text on many connections without reading it, and replace it repeatedly."""
    page = await attacker.open_page()
    number = 0
    while True:
        number += 1
        text = f"{number}\n" + "\U0001f642 \u65e5\u672c\n" * (TEXT // 6)
        await attacker.ask(page, "learn", {"text": text})
        for _ in range(PAGES):
            await attacker.request("/api/text", page.cookie)


async def largest_networks(attacker: Attacker) -> None:
    """Create networks of the maximum size in new sessions, until they are refused."""
    options = {"hidden_sizes": [700]}
    while True:
        page = await attacker.open_page()
        answer = await attacker.ask(page, "learn", {"text": "ab\nba", "options": options})
        if not answer["ok"]:
            await asyncio.sleep(1)


async def many_distinct_characters(attacker: Attacker) -> None:
    """Train on as many distinct characters as a text may have, in lines as long as may be.

    More are refused, and so are longer lines.
    """
    page = await attacker.open_page()
    options = {"hidden_sizes": [1], "letter_size": 1}
    for count, width in ((600_000, 9_000), (MOST_DISTINCT, 9_000)):
        text = in_lines(distinct_characters(count), width)
        await attacker.ask(page, "learn", {"text": text, "options": options})
    sessions = [page, *[await attacker.open_page() for _ in range(3)]]
    text = in_lines(distinct_characters(MOST_DISTINCT) * (TEXT // MOST_DISTINCT - 1), LONGEST_LINE)
    payload = json.dumps({"text": text, "options": options}, ensure_ascii=False)
    while True:
        for page in sessions:
            await attacker.repeat(page, "learn", [payload])
            await asyncio.sleep(1)


async def text_files(attacker: Attacker) -> None:
    """Upload the largest text files, and compressed ones, without an end."""
    page = await attacker.open_page()
    line = "\u65e5\u672c\u8a9e " * 10 + "\n"
    content = (line * (TEXT // len(line))).encode()
    bodies = (content, gzip.compress(content), gzip.compress(bytes(100 * TEXT)))
    async with attacker.http() as http:
        uploads = (_upload_texts(attacker, http, page.cookie, bodies) for _ in range(TEXT_FILES))
        await asyncio.gather(*uploads)


async def text_files_not_read(attacker: Attacker) -> None:
    """Upload text files on many connections without reading the answers."""
    page = await attacker.open_page()
    line = "\u65e5\u672c\u8a9e " * 10 + "\n"
    content = (line * (TEXT // len(line))).encode()
    headers = f"Content-Length: {len(content)}\r\n"
    while True:
        with contextlib.suppress(*CLIENT_ERRORS):
            _, writer = await attacker.request("/api/text-file", page.cookie, headers, "PUT")
            writer.write(content)
            await writer.drain()
            attacker.outcomes["sent"] += 1


async def _upload_texts(
    attacker: Attacker, http: aiohttp.ClientSession, cookie: str, bodies: Iterable[bytes]
) -> None:
    for body in itertools.cycle(bodies):
        with contextlib.suppress(*CLIENT_ERRORS):
            async with http.put(
                "/api/text-file", data=body, headers={"Cookie": f"charnn_session={cookie}"}
            ) as response:
                await response.read()
                outcome = response.headers.get("X-Error-Code", "") or f"status {response.status}"
                attacker.outcomes[outcome] += 1


async def many_short_lines(attacker: Attacker) -> None:
    """Train many sessions on texts of a million lines of one letter."""
    text = "\n".join("abcdefghij"[number % 10] for number in range(1_000_000))
    for _ in range(12):
        page = await attacker.open_page()
        await attacker.ask(page, "learn", {"text": text})


async def shares_without_end(attacker: Attacker) -> None:
    """Share large networks, with a new cookie whenever a session may share no more."""
    options = {"hidden_sizes": [300]}
    while True:
        try:
            page = await attacker.open_page()
        except CLIENT_ERRORS as error:
            attacker.outcomes[type(error).__name__] += 1
            await asyncio.sleep(0.2)
            continue
        text = "some sentence\nand another one"
        await attacker.ask(page, "learn", {"text": text, "options": options})
        answer = {"ok": True}
        while answer["ok"]:
            answer = await attacker.ask(page, "share", {})
            await asyncio.sleep(0.1)
        with contextlib.suppress(*CLIENT_ERRORS):
            await page.close()


ATTACKS = (
    Attack("31 pages that read nothing", pages_that_read_nothing),
    Attack("texts that are fetched and not read", texts_not_read),
    Attack("networks of the maximum size", largest_networks, options=("--max-memory", "400000000")),
    Attack("the most distinct characters", many_distinct_characters, min_share=SHARE_OF_FIVE),
    Attack("text files without end", text_files),
    Attack("text files whose answers are not read", text_files_not_read),
    Attack("a million lines of one letter", many_short_lines, min_share=SHARE_OF_FIVE),
    Attack("shares without end", shares_without_end),
)
