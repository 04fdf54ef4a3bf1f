"""Attacks on the page and on the transfers of models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp

from bench.harness.socketio_client import PageClient
from bench.load.attacks.attack import CLIENT_ERRORS, Attack, Attacker

PAGES_AT_ONCE = 500
MODEL_BYTES = 90_000_000
HOSTILE = (b"[],", b"0,", b'"key":0,', b"0.1,")
SLOW_UPLOADS = 8
SLOW_BYTES_PER_SECOND = 60_000
"""A little more than the server's minimum."""
OTHER_ADDRESS = "127.0.0.3"
OTHER_SECONDS = 2.0


async def pages_without_end(attacker: Attacker) -> None:
    """Request the page without a pause, on hundreds of connections."""
    async with attacker.http() as http:
        await asyncio.gather(*(_request_pages(attacker, http) for _ in range(PAGES_AT_ONCE)))


async def _request_pages(attacker: Attacker, http: aiohttp.ClientSession) -> None:
    while True:
        try:
            async with http.get("/") as response:
                await response.read()
                attacker.outcomes[f"status {response.status}"] += 1
        except CLIENT_ERRORS as error:
            attacker.outcomes[type(error).__name__] += 1


async def models_of_a_hundred_megabytes(attacker: Attacker) -> None:
    """Upload JSON with many values, which takes many times its size in memory."""
    page = await attacker.open_page()
    await page.ask("pause", {})
    async with attacker.http() as http:
        while True:
            for piece in HOSTILE:
                body = b"[" + piece * (MODEL_BYTES // len(piece)) + b"0]"
                await _upload(attacker, http, page.cookie, body)


async def slow_uploads(attacker: Attacker) -> None:
    """Hold upload slots, while a visitor of another address loads a model every two seconds."""
    other = PageClient(attacker.url, address=OTHER_ADDRESS)
    await other.open()
    await other.ask("pause", {})
    model = (await other.ask("save", {}))["json"].encode()
    try:
        async with attacker.http() as http:
            holding = [asyncio.create_task(_hold_slot(attacker, http)) for _ in range(SLOW_UPLOADS)]
            try:
                while True:
                    await asyncio.sleep(OTHER_SECONDS)
                    status = await other.put("/api/model.json", model)
                    attacker.outcomes[f"another visitor's upload {status}"] += 1
            finally:
                for task in holding:
                    task.cancel()
    finally:
        await other.close()


async def _hold_slot(attacker: Attacker, http: aiohttp.ClientSession) -> None:
    page = await attacker.open_page()
    await page.ask("pause", {})

    async def slowly() -> AsyncIterator[bytes]:
        while True:
            yield b" " * SLOW_BYTES_PER_SECOND
            await asyncio.sleep(1)

    while True:
        await _upload(attacker, http, page.cookie, slowly())


async def _upload(
    attacker: Attacker,
    http: aiohttp.ClientSession,
    cookie: str,
    body: bytes | AsyncIterator[bytes],
) -> None:
    headers = {"Cookie": f"charnn_session={cookie}"}
    try:
        async with http.put("/api/model.json", data=body, headers=headers) as response:
            answer = await response.json()
            attacker.outcomes["ok" if answer["ok"] else answer["code"]] += 1
    except CLIENT_ERRORS as error:
        attacker.outcomes[type(error).__name__] += 1


ATTACKS = (
    Attack("the page, requested by hundreds at once", pages_without_end, min_share=0.2),
    Attack("models of a hundred megabytes", models_of_a_hundred_megabytes, seconds=60.0),
    Attack("eight slow uploads", slow_uploads),
)
