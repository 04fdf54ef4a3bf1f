"""What an attack is, and the address that carries it out."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bench.harness.socketio_client import ConnectionRefused, PageClient

ADDRESS = "127.0.0.2"
"""The attacker's address; the other visitor has 127.0.0.1."""
MIN_SHARE = 0.4
"""Of the other visitor's training alone. Half would be fair, as the attacker trains as well."""
SHARE_OF_FIVE = 0.2
"""Where four or more sessions of the attacker train, on two cores."""

CLIENT_ERRORS = (aiohttp.ClientError, ConnectionError, ConnectionRefused, TimeoutError)


@dataclass
class Attacker:
    """One address that attacks a server.

    Attributes:
        url: of the server.
        outcomes: counts how the server answered: `ok`, or the code of the refusal.
    """

    url: str
    outcomes: Counter[str] = field(default_factory=Counter)
    _pages: list[PageClient] = field(default_factory=list)
    _connections: list[asyncio.StreamWriter] = field(default_factory=list)

    async def open_page(self, cookie: str = "") -> PageClient:
        """An open page of the session of this cookie, or of a new session."""
        page = PageClient(self.url, cookie, address=ADDRESS)
        self._pages.append(page)
        await page.open()
        return page

    async def ask(self, page: PageClient, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send an event, and count its outcome."""
        return self.count(await page.ask(event, payload))

    async def repeat(self, page: PageClient, event: str, payloads: Iterable[str]) -> None:
        """Send an event with each of these payloads, which are JSON already."""
        for payload in payloads:
            self.count(await page.ask_encoded(event, payload))

    def count(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Count the outcome of an answer."""
        self.outcomes["ok" if answer["ok"] else answer["code"]] += 1
        return answer

    async def request(
        self, path: str, cookie: str, headers: str = "", method: str = "GET"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request; of the response, some kilobytes at most are read and buffered."""
        reader, writer = await self.connect()
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(self.url).netloc}\r\n"
            f"Cookie: charnn_session={cookie}\r\n{headers}\r\n".encode()
        )
        await writer.drain()
        return reader, writer

    async def connect(
        self, address: str = ADDRESS
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection."""
        host = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(
            host.hostname, host.port, local_addr=(address, 0), limit=4096
        )
        self._connections.append(writer)
        return reader, writer

    @contextlib.asynccontextmanager
    async def http(self) -> AsyncIterator[aiohttp.ClientSession]:
        """An HTTP client with a connection pool without a limit."""
        connector = aiohttp.TCPConnector(limit=0, local_addr=(ADDRESS, 0))
        async with aiohttp.ClientSession(self.url, connector=connector) as session:
            yield session

    async def leave(self) -> None:
        """Close all pages and connections."""
        for page in self._pages:
            await page.close()
        for connection in self._connections:
            connection.close()


@dataclass(frozen=True)
class Attack:
    """An attack.

    Attributes:
        name: what it does, in a few words.
        run: carries it out until it is cancelled, or once.
        seconds: how long it is measured.
        options: further options of `charnn serve`.
        min_share: least training of the other visitor over that alone.
        files: limit of the server's open files, if any.
        token: the access token of the server, if any.
    """

    name: str
    run: Callable[[Attacker], Awaitable[None]]
    seconds: float = 20.0
    options: tuple[str, ...] = ()
    min_share: float = MIN_SHARE
    files: int | None = None
    token: str = ""
