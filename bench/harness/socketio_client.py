"""A page as the server sees one: a cookie, a WebSocket, and Socket.IO on it.

The protocol by hand, for a library's client costs so much more that two hundred of them would take
the machine from the server they are to try (Engine.IO 4, Socket.IO 5).
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
FIRST_DELAY, LAST_DELAY = 0.3, 2.0
"""Seconds to the next try of a page whose socket has ended."""
ANSWER_SECONDS = 60.0
LEAVE, JOIN, REFUSE = "41", "40", "44"
"""Packets of Socket.IO that leave the page's place and take one, and that answer to the latter."""


class Refused(Exception):  # noqa: N818  (it is an answer)
    """The server did not want this page."""


class Page:
    """A page that keeps count of what it is sent, and acknowledges it.

    Attributes:
        state: the newest state, with every newer frame in it.
        frames: when each frame came, on the monotonic clock.
        waits: seconds from each `set` to its acknowledgement.
        closings: the reasons that the server gave for leaving.
        notices: what else the server had to say.
        received: characters that came by the socket.
        cuts: seconds from each end of the socket to the state that came by the next.
        history: when each frame and state came, and how many steps there were then.
    """

    def __init__(self, url: str, cookie: str = "") -> None:
        self.url = url
        self.cookie = cookie
        self.state: dict[str, Any] = {}
        self.frames: list[float] = []
        self.waits: list[float] = []
        self.closings: list[str] = []
        self.notices: list[str] = []
        self.received = 0
        self.cuts: list[float] = []
        self.history: list[tuple[float, int]] = []
        self.reads = True
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asked = 0
        self._joining: asyncio.Future[dict[str, Any]] | None = None

    async def open(self) -> None:
        """Come, or come back with the same cookie."""
        self._http = aiohttp.ClientSession()
        if not self.cookie:
            async with self._http.get(f"{self.url}/") as response:
                self.cookie = response.cookies["charnn_session"].value
        self._socket = await self._http.ws_connect(
            f"{self.url}/socket.io/?EIO=4&transport=websocket",
            headers={"Cookie": f"charnn_session={self.cookie}"},
            max_msg_size=0,
        )
        await self._socket.receive(CONNECT_SECONDS)
        await self._socket.send_str(JOIN)
        first = await self._socket.receive(CONNECT_SECONDS)
        if not str(first.data).startswith(JOIN):
            raise Refused(str(first.data))
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Go, as a tab that is closed."""
        if self._reader is not None:
            self._reader.cancel()
        if self._http is not None:
            await self._http.close()

    async def stay(self) -> None:
        """Come back as often as the socket ends, as fast as the page in a browser does."""
        while self._reader is not None:
            with contextlib.suppress(ConnectionError):
                await self._reader
            began, delay = time.monotonic(), FIRST_DELAY
            self.state = {}
            while not self.state:
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311
                delay = min(2 * delay, LAST_DELAY)
                await self.close()
                with contextlib.suppress(aiohttp.ClientError, Refused, TimeoutError, TypeError):
                    await self.open()
                    await self.until(lambda state: "steps" in state, seconds=2)
            self.cuts.append(time.monotonic() - began)

    def longest_pause(self, since: float) -> float:
        """Seconds that it saw no new step at the most, from a moment to now."""
        grew = [
            then
            for (_, before), (then, steps) in itertools.pairwise(self.history)
            if then > since and steps > before
        ]
        moments = [since, *grew, time.monotonic()]
        return max(then - before for before, then in itertools.pairwise(moments))

    def fell_by(self, since: float) -> int:
        """Steps that were lost since a moment: by how much there were fewer than before."""
        before = [steps for then, steps in self.history if then <= since]
        after = [steps for then, steps in self.history if then > since]
        return max(0, before[-1] - min(after)) if before and after else 0

    async def ask(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send an event, and wait for its answer."""
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(f"42{self._asked}{json.dumps([event, payload])}")
        return await asyncio.wait_for(answer, ANSWER_SECONDS)

    async def set(self, **values: float) -> None:
        """Move a slider, and note how long the server took to say that it has."""
        began = time.monotonic()
        await self.ask("set", values)
        self.waits.append(time.monotonic() - began)

    async def until(self, what: Callable[[dict[str, Any]], Any], seconds: float = 30.0) -> bool:
        """Wait until something is true of the state; whether it came true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.state and what(self.state):
                return True
            await asyncio.sleep(0.02)
        return False

    async def send_event(self, event: str, payloads: list[Any]) -> None:
        """Send an event of any kind; answered, or the end of the socket."""
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(f"42{self._asked}{json.dumps([event, *payloads])}")
        await self._answer_or_end(answer)

    async def send_raw(self, packet: str) -> None:
        """Send anything at all; what follows is answered, or the end of the socket."""
        await self._socket.send_bytes(b"") if not packet else await self._send_text(packet)
        if packet == LEAVE:
            await self._join()
        await self.send_event("pause", [{}])
        await self.send_event("resume", [{}])

    async def get(self, path: str) -> tuple[int, bytes]:
        """Fetch something with the page's cookie."""
        return await self._request("GET", path, None)

    async def put(self, path: str, body: bytes) -> int:
        """Upload something; the status of the answer."""
        status, _ = await self._request("PUT", path, body)
        return status

    async def _join(self) -> None:
        """Take a place again: who has left theirs is answered nothing else."""
        self._joining = asyncio.get_running_loop().create_future()
        await self._socket.send_str(JOIN)
        await self._answer_or_end(self._joining)

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

    async def _request(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        cookie = self.cookie.encode("latin-1", "replace").decode("latin-1")
        clean = "".join(letter for letter in cookie if letter >= " " and letter != "\x7f")
        headers = {"Cookie": f"charnn_session={clean}"}
        async with (
            aiohttp.ClientSession() as http,
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
            elif packet.startswith((JOIN, REFUSE)) and self._joining and not self._joining.done():
                self._joining.set_result(json.loads(packet[len(JOIN) :]))

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
