"""Attacks with connections, frames and requests; most need no session."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json

import aiohttp

from bench.harness.socketio_client import CONNECT_FRAME, SOCKET_PATH, UPGRADE
from bench.load.attacks.attack import ADDRESS, CLIENT_ERRORS, Attack, Attacker

MASK = b"\0\0\0\0"
TEXT_BEGINS = b"\x01\x81" + MASK + b"x"
"""A text frame of one byte, after which more are to come."""
PING = b"\x89\x80" + MASK
ONE_BYTE, NO_BYTE = b"\x00\x81" + MASK + b"x", b"\x00\x80" + MASK
"""Continuation frames."""
AT_ONCE = 5_000
"""Frames, requests or chunks of one write."""
REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
VALUES = 2_000_000
MESSAGE = 9_900_000
"""Bytes of an unfinished message."""
SOCKETS = 150
FILES = 1_024
TOO_MANY = 1_000
"""Connections beyond the limit of open files."""
ADDRESSES = tuple(f"127.0.0.{number}" for number in range(2, 10))
TOKEN = "a token of sixteen or more"  # noqa: S105
GUESSES_PER_SECOND = 128


async def pings(attacker: Attacker) -> None:
    """Send pings as fast as the server reads them, without a session."""
    await _send_frames(attacker, b"", PING)


async def one_byte_frames(attacker: Attacker) -> None:
    """Send a message in frames of one byte, without a session."""
    await _send_frames(attacker, TEXT_BEGINS, ONE_BYTE)


async def empty_frames(attacker: Attacker) -> None:
    """Send a message in empty frames, without a session."""
    await _send_frames(attacker, TEXT_BEGINS, NO_BYTE)


async def _send_frames(attacker: Attacker, first: bytes, frame: bytes) -> None:
    while True:
        reader, writer = await attacker.request(SOCKET_PATH, "", UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        await _send_without_end(attacker, reader, writer, frame * AT_ONCE)


async def requests_on_one_connection(attacker: Attacker) -> None:
    """Send requests on one connection, without waiting for their answers."""
    while True:
        reader, writer = await attacker.connect()
        await _send_without_end(attacker, reader, writer, REQUEST.encode() * AT_ONCE)


async def tiny_chunks(attacker: Attacker) -> None:
    """Upload a model in chunks of one byte."""
    page = await attacker.open_page()
    while True:
        headers = "Transfer-Encoding: chunked\r\n"
        reader, writer = await attacker.request("/api/model.json", page.cookie, headers, "PUT")
        await _send_without_end(attacker, reader, writer, b"1\r\n \r\n" * AT_ONCE)


async def _send_without_end(
    attacker: Attacker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes
) -> None:
    """Send data until the server closes the connection, and read all that it sends."""
    reading = asyncio.create_task(_read_all(reader))
    try:
        while not reading.done():
            writer.write(data)
            await writer.drain()
    except CLIENT_ERRORS:
        pass
    finally:
        reading.cancel()
        writer.close()
    attacker.outcomes["connections closed"] += 1


async def _read_all(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(*CLIENT_ERRORS):
        while await reader.read(65_536):
            pass


async def messages_slow_to_parse(attacker: Attacker) -> None:
    """Send messages of some megabytes that are cheap to make, and would take seconds to parse."""
    page = await attacker.open_page()
    pieces = ("{}," * VALUES, "1e1," * VALUES, "," * (4 * VALUES))
    lists = [f'{{"text":"ab","options":{{"hidden_sizes":[{piece}0]}}}}' for piece in pieces]
    keys = json.dumps(dict.fromkeys(map(str, range(VALUES // 3)), 0))
    for event in itertools.cycle(("learn", "set", "load")):
        await attacker.repeat(page, event, [*lists, keys])


async def unfinished_messages(attacker: Attacker) -> None:
    """Leave large messages unfinished: on sockets without a session, and on sockets with one."""
    page = await attacker.open_page()
    cookies = [""] * SOCKETS + [page.cookie] * 30
    await asyncio.gather(*(_leave_unfinished(attacker, cookie) for cookie in cookies))


async def _leave_unfinished(attacker: Attacker, cookie: str) -> None:
    while True:
        reader, writer = await attacker.request(SOCKET_PATH, cookie, UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        if cookie:
            writer.write(CONNECT_FRAME)
        writer.write(b"\x81\xff" + (MESSAGE + 1).to_bytes(8) + MASK)
        with contextlib.suppress(*CLIENT_ERRORS):
            for _ in range(MESSAGE // 100_000):
                writer.write(b"x" * 100_000)
                await writer.drain()
        await _read_all(reader)
        attacker.outcomes[f"closed {'with' if cookie else 'without'} a session"] += 1
        writer.close()
        await asyncio.sleep(1)


async def idle_connections(attacker: Attacker) -> None:
    """Hold a thousand connections more than the server has file descriptors."""
    await _hold_connections(attacker, (ADDRESS,))


async def idle_connections_of_many(attacker: Attacker) -> None:
    """Hold them from eight addresses."""
    await _hold_connections(attacker, ADDRESSES)


async def _hold_connections(attacker: Attacker, addresses: tuple[str, ...]) -> None:
    async with asyncio.TaskGroup() as holding:
        for address in itertools.islice(itertools.cycle(addresses), FILES + TOO_MANY):
            holding.create_task(_hold_connection(attacker, address))


async def _hold_connection(attacker: Attacker, address: str) -> None:
    """Hold an idle connection, and open another one whenever it is closed."""
    while True:
        with contextlib.suppress(*CLIENT_ERRORS):
            reader, writer = await attacker.connect(address)
            writer.write(REQUEST.encode())
            await _read_all(reader)
            attacker.outcomes["connections closed"] += 1
            writer.close()
        await asyncio.sleep(5)


async def guesses_of_the_token(attacker: Attacker) -> None:
    """Guess the access token."""
    async with attacker.http() as http, asyncio.TaskGroup() as guessing:
        for number in itertools.count():
            guessing.create_task(_guess(attacker, http, number))
            await asyncio.sleep(1 / GUESSES_PER_SECOND)


async def _guess(attacker: Attacker, http: aiohttp.ClientSession, number: int) -> None:
    async with http.get("/", params={"token": f"guess {number} of the token"}) as response:
        attacker.outcomes[response.headers.get("X-Error-Code", "") or str(response.status)] += 1


ATTACKS = (
    Attack("pings without a pause", pings),
    Attack("a message in frames of one byte", one_byte_frames),
    Attack("a message in empty frames", empty_frames),
    Attack("requests without a pause on one connection", requests_on_one_connection),
    Attack("a body in tiny chunks", tiny_chunks),
    Attack("messages that are slow to parse", messages_slow_to_parse),
    Attack("unfinished messages", unfinished_messages),
    Attack("idle connections of one address", idle_connections, seconds=60.0, files=FILES),
    Attack("idle connections of many", idle_connections_of_many, seconds=60.0, files=FILES),
    Attack("guesses of the token", guesses_of_the_token, token=TOKEN),
)
