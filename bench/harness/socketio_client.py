"""A lightweight client that simulates a page (Engine.IO 4, Socket.IO 5).

Hundreds of clients of the library would use more CPU than the server under test.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Callable
from typing import Any

import aiohttp

CONNECT_SECONDS = 30.0
FIRST_DELAY, MAX_DELAY = 0.3, 2.0
"""Seconds until a page reconnects: the first delay and the longest."""
ANSWER_SECONDS = 60.0
DISCONNECT, CONNECT, CONNECT_ERROR = "41", "40", "44"
"""Socket.IO's packet types for disconnect, connect and connect error."""
SOCKET_PATH = "/socket.io/?EIO=4&transport=websocket"
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
"""Headers of a WebSocket handshake without a library, which would read what is received."""
CONNECT_FRAME = b"\x81\x82\0\0\0\x0040"
"""A masked WebSocket frame with Socket.IO's connect packet."""


class ConnectionRefused(Exception):  # noqa: N818, as in Socket.IO
    """The server refused the connection."""


class PageClient:
    """A simulated page: records what it receives, and acknowledges it.

    Attributes:
        state: the newest state, with every newer frame in it.
        frames: arrival times of the frames, on the monotonic clock.
        waits: latency of each `set` in seconds.
        closings: messages of the server's `closing` events.
        notices: messages of the notices.
        received: characters received by the socket.
        cuts: seconds from each end of the socket to the first state after reconnecting.
        history: arrival time and steps of each frame and state.
    """

    def __init__(self, url: str, cookie: str = "", address: str = "", token: str = "") -> None:
        self.url = url
        self.cookie = cookie
        self._headers = {"Authorization": f"Bearer {token}"} if token else None
        self._local = (address, 0) if address else None
        self.state: dict[str, Any] = {}
        self.frames: list[float] = []
        self.waits: list[float] = []
        self.closings: list[str] = []
        self.notices: list[str] = []
        self.received = 0
        self.cuts: list[float] = []
        self.history: list[tuple[float, int]] = []
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asked = 0
        self._connecting: asyncio.Future[dict[str, Any]] | None = None

    async def open(self) -> None:
        """Connect, or reconnect with the same cookie."""
        self._http = self._new_http()
        if not self.cookie:
            async with self._http.get(f"{self.url}/") as response:
                (cookie,) = response.cookies.values()  # its name contains the port
                self.cookie = cookie.value
        self._socket = await self._http.ws_connect(
            f"{self.url}{SOCKET_PATH}",
            headers={"Cookie": f"charnn_session={self.cookie}"},
            max_msg_size=0,
        )
        await self._socket.receive(CONNECT_SECONDS)
        await self._socket.send_str(CONNECT)
        first = await self._socket.receive(CONNECT_SECONDS)
        if not str(first.data).startswith(CONNECT):
            raise ConnectionRefused(str(first.data))
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Disconnect, as a closed tab does."""
        if self._reader is not None:
            self._reader.cancel()
        if self._http is not None:
            await self._http.close()

    async def stay_connected(self) -> None:
        """Reconnect whenever the socket closes, with the delays of the page in a browser."""
        while self._reader is not None:
            with contextlib.suppress(ConnectionError):
                await self._reader
            began, delay = time.monotonic(), FIRST_DELAY
            self.state = {}
            while not self.state:
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311
                delay = min(2 * delay, MAX_DELAY)
                await self.close()
                with contextlib.suppress(
                    aiohttp.ClientError, ConnectionRefused, TimeoutError, TypeError
                ):
                    await self.open()
                    await self.wait_until(lambda state: "steps" in state, seconds=2)
            self.cuts.append(time.monotonic() - began)

    def longest_pause(self, since: float) -> float:
        """The longest time without a new step since a moment, in seconds."""
        grew = [
            then
            for (_, before), (then, steps) in itertools.pairwise(self.history)
            if then > since and steps > before
        ]
        moments = [since, *grew, time.monotonic()]
        return max(then - before for before, then in itertools.pairwise(moments))

    def lost_steps(self, since: float) -> int:
        """The number of steps lost since a moment."""
        before = [steps for then, steps in self.history if then <= since]
        after = [steps for then, steps in self.history if then > since]
        return max(0, before[-1] - min(after)) if before and after else 0

    async def ask(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send an event and return its answer."""
        return await asyncio.wait_for(await self._emit(event, [payload]), ANSWER_SECONDS)

    async def ask_encoded(self, event: str, payload: str) -> dict[str, Any]:
        """Send an event whose payload is JSON already, and return its answer."""
        encoded = f"[{json.dumps(event)},{payload}]"
        return await asyncio.wait_for(await self._emit_encoded(encoded), ANSWER_SECONDS)

    async def set(self, **values: float) -> None:
        """Send a `set` event and record its latency."""
        began = time.monotonic()
        await self.ask("set", values)
        self.waits.append(time.monotonic() - began)

    async def wait_until(
        self, what: Callable[[dict[str, Any]], Any], seconds: float = 30.0
    ) -> bool:
        """Wait until the state meets a condition; returns whether it does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.state and what(self.state):
                return True
            await asyncio.sleep(0.02)
        return False

    async def send_event(self, event: str, payloads: list[Any]) -> None:
        """Send any event; waits for its answer or the end of the socket."""
        await self._answer_or_end(await self._emit(event, payloads))

    async def send_raw(self, packet: str) -> None:
        """Send a raw packet; waits for the answers of further events or the end of the socket."""
        await self._socket.send_bytes(b"") if not packet else await self._send_text(packet)
        if packet == DISCONNECT:
            await self._reconnect()
        await self.send_event("pause", [{}])
        await self.send_event("resume", [{}])

    async def get(self, path: str) -> tuple[int, bytes]:
        """Send a GET request with the page's cookie."""
        return await self._request("GET", path, None)

    async def put(self, path: str, body: bytes) -> int:
        """Send a PUT request; returns the status."""
        status, _ = await self._request("PUT", path, body)
        return status

    async def _emit(self, event: str, payloads: list[Any]) -> asyncio.Future[dict[str, Any]]:
        return await self._emit_encoded(json.dumps([event, *payloads]))

    async def _emit_encoded(self, encoded: str) -> asyncio.Future[dict[str, Any]]:
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(f"42{self._asked}{encoded}")
        return answer

    async def _reconnect(self) -> None:
        """Connect again after a disconnect packet."""
        self._connecting = asyncio.get_running_loop().create_future()
        await self._socket.send_str(CONNECT)
        await self._answer_or_end(self._connecting)

    async def _send_text(self, packet: str) -> None:
        whole = packet.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        await self._socket.send_str(whole)

    async def _answer_or_end(self, answer: asyncio.Future[dict[str, Any]]) -> None:
        if self._reader is None:
            raise ConnectionError
        either: set[asyncio.Future[Any]] = {answer, self._reader}
        await asyncio.wait(either, timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise ConnectionError("the server has closed the socket")

    def _new_http(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(local_addr=self._local)
        return aiohttp.ClientSession(connector=connector, headers=self._headers)

    async def _request(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        cookie = self.cookie.encode("latin-1", "replace").decode("latin-1")
        clean = "".join(letter for letter in cookie if letter >= " " and letter != "\x7f")
        headers = {"Cookie": f"charnn_session={clean}"}
        async with (
            self._new_http() as http,
            http.request(method, f"{self.url}{path}", headers=headers, data=body) as response,
        ):
            return response.status, await response.read()

    async def _read(self) -> None:
        async for message in self._socket:
            packet = message.data
            if not isinstance(packet, str):
                continue
            self.received += len(packet)
            if packet == "2":
                await self._socket.send_str("3")
            elif packet.startswith("42"):
                await self._take(packet)
            elif packet.startswith("43"):
                self._answered(packet)
            elif (
                packet.startswith((CONNECT, CONNECT_ERROR))
                and self._connecting
                and not self._connecting.done()
            ):
                self._connecting.set_result(json.loads(packet[len(CONNECT) :]))

    async def _take(self, packet: str) -> None:
        bracket = packet.index("[")
        event, payload = json.loads(packet[bracket:])
        if event == "frame":
            self.frames.append(time.monotonic())
            self._merge(payload)
        elif event == "state":
            self.state = payload
        elif event == "notice":
            self.notices.append(payload["message"])
        elif event == "closing":
            self.closings.append(payload["message"])
        if event in ("state", "frame"):
            self.history.append((time.monotonic(), self.state["steps"]))
        if number := packet[2:bracket]:
            await self._socket.send_str(f"43{number}[]")

    def _merge(self, frame: dict[str, Any]) -> None:
        curve = frame.pop("curve", None)
        self.state.update(frame)
        if curve is not None:
            points = self.state["curve"]["points"]
            kept = points[: curve["start"]] if curve["start"] else []
            self.state["curve"] = {**curve, "points": kept + curve["points"]}

    def _answered(self, packet: str) -> None:
        bracket = packet.index("[")
        answer = self._answers.pop(int(packet[2:bracket]), None)
        if answer is not None and not answer.done():
            answer.set_result(json.loads(packet[bracket:])[0])
