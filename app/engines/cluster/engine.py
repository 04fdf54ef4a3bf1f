"""The engine that has sessions trained by the nodes of a cluster."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import Any

from app.engines.base import Engine
from app.engines.cluster.interfaces import ActorHandle, Unreachable
from app.engines.cluster.node import CarriedOut, Outcome, Polled
from app.engines.cluster.remote_session import RemoteSession
from app.errors import UserError
from app.protocol.ids import short_id
from app.runtime.futures import completed, resolve
from app.sessions.commands import Answer, Command, SetWatched
from app.sessions.snapshot import Snapshot

log = logging.getLogger(__name__)

POLL_SECONDS = 0.08
"""Between two polls of a node: as often as pages are sent frames, and a little more."""
REST_FACTOR = 2.0
"""A poll that took long is followed by so many times as long a rest."""
UNWATCHED_SECONDS = 1.0
"""Between two looks at sessions that no page here watches."""
FORGET_SECONDS = 60.0
"""After which a session that no page here watches is not followed any more."""
RETRY_SECONDS = 0.1
"""Before a node or the directory is asked again."""
HEARTBEAT_SECONDS = 2.0
"""Between two questions to the directory whether it is there, and how long the answer may take."""
MAX_MISSED_HEARTBEATS = 6
"""Without a word from anybody, after which none is expected: a directory that failed is back after
three. Beats are counted and not seconds, for a process may have been stopped meanwhile."""
PATIENCE = 50.0
"""Seconds that a session may be without a node before its requests fail."""

CUT_OFF = (
    "Nothing of the Ray cluster answers any more. Every session is in the store: start this again, "
    "and before it Ray on this machine, once its head is up."
)


class RayEngine(Engine):
    """Sends requests to nodes on a thread of its own: callers never wait for the network.

    It holds nothing that is not held elsewhere too. Any number of processes may have one, and all
    see the same sessions.
    """

    def __init__(self, directory: ActorHandle, leave: Callable[[], None], *, is_ours: bool) -> None:
        """Take part in a cluster.

        Args:
            directory: of the cluster.
            leave: called at the end.
            is_ours: whether the cluster ends with this process, which saves everything before.
        """
        self._directory = directory
        self._leave = leave
        self._is_ours = is_ours
        self._name = secrets.token_hex(8)
        self._places: dict[str, RemoteSession] = {}
        self._polled: dict[str, ActorHandle] = {}  # nodes, by their names
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard = False  # of the directory or a node, since the last beat
        self._tell_failed: Callable[[str], None] = log.error
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cluster", daemon=True)
        self._thread.start()

    def begin(self) -> int:
        """Have the nodes begin, and wait until the first is up; how many there are then."""
        asked = asyncio.run_coroutine_threadsafe(self._ask_directory("begin"), self._loop)
        nodes: int = asked.result()
        for work in (self._forget_loop(), self._heartbeat_loop()):
            self._loop.call_soon_threadsafe(self._in_background, work)
        return nodes

    # -------------------------------------------------------------- the engine's side

    def open_session(self, session_id: str) -> Future[Answer]:
        """Have the session: as it is, as it was kept, or new."""
        return self._call(self._enqueue, session_id, None)

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        """Have a command carried out where the session is."""
        return self._call(self._enqueue, session_id, command)

    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session that is known here."""
        place = self._places.get(session_id)
        return place.snapshot if place else None

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session that is known here."""
        places = list(self._places.items())
        return {session_id: place.snapshot for session_id, place in places if place.snapshot}

    def has_session(self, session_id: str) -> bool:
        """Whether the session is known here."""
        return session_id in self._places

    def save_all(self) -> Future[bool]:
        """Save every session, where the cluster ends with this process; others need no saving."""
        if self._is_ours:
            return asyncio.run_coroutine_threadsafe(self._ask_directory("save_all"), self._loop)
        return completed(True)

    def on_failure(self, call: Callable[[str], None]) -> None:
        """Have it called once the cluster that this process has a part in is gone.

        When Ray's head was lost, and also when there is another, nodes and directory end with it,
        and this process' own part too: it has to begin anew.
        """
        self._tell_failed = call

    def close(self) -> None:
        """Stop sending requests."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for place in list(self._places.values()):
            place.fail(UserError("session_gone"))
        self._leave()

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _call(
        self, enqueue: Callable[..., None], session_id: str, command: Command | None
    ) -> Future[Answer]:
        future: Future[Answer] = Future()
        self._loop.call_soon_threadsafe(enqueue, session_id, command, future)
        return future

    # -------------------------------------------------------------- a session's questions

    def _enqueue(self, session_id: str, command: Command | None, future: Future[Answer]) -> None:
        place = self._places.get(session_id)
        if place is None:
            place = self._places[session_id] = RemoteSession()
        place.wanted = place.wanted or command is None
        place.used_at = time.monotonic()
        if isinstance(command, SetWatched):
            place.watched = command.watched
        place.waiting.append((command, future))
        self._talk(session_id, place)

    def _talk(self, session_id: str, place: RemoteSession) -> None:
        if not place.talking:
            place.talking = True
            self._in_background(self._answer_all(session_id, place))

    async def _answer_all(self, session_id: str, place: RemoteSession) -> None:
        """Have all that waits answered, in its order; see that the session is somewhere."""
        try:
            while place.waiting or place.node is None:
                await self._answer(session_id, place)
        except UserError as error:
            self._give_up(session_id, place, error)
        except Exception:
            log.exception("session %s: the cluster could not be asked", short_id(session_id))
            self._give_up(session_id, place, UserError("unexpected"))
        finally:
            place.talking = False

    async def _answer(self, session_id: str, place: RemoteSession) -> None:
        """Answer what waits now: what is asked together is sent together."""
        if any(command is None for command, _ in place.waiting):
            place.node = None  # it may rest in the store since
        node = await self._arrived(session_id, place)
        together = list(place.waiting)
        commands = [command for command, _ in together if command is not None]
        outcomes = iter(await self._carried_out(session_id, place, node, commands))
        for command, future in together:
            outcome = next(outcomes) if command is not None else Outcome(None)
            place.waiting.popleft()
            resolve(future, outcome.answer, outcome.error)

    async def _carried_out(
        self, session_id: str, place: RemoteSession, node: ActorHandle, commands: list[Command]
    ) -> tuple[Outcome, ...]:
        """What came of commands, wherever the session is by then."""
        while True:
            try:
                done: CarriedOut | None = await node.ask(
                    "carry_out", self._name, session_id, commands, place.known
                )
            except Unreachable:
                self._note_lost(node)
                done = None
            if done is not None:
                place.take_in(node, done.news)
                return done.outcomes
            if place.node is node:
                place.node = None
            node = await self._arrived(session_id, place)

    async def _arrived(self, session_id: str, place: RemoteSession) -> ActorHandle:
        """The session's node, where it is or begins.

        Raises:
            UserError: it is nowhere, cannot begin, or there is no node for too long.
        """
        until = time.monotonic() + PATIENCE
        while place.node is None and self._places.get(session_id) is place:
            node = await self._find(session_id, place)
            if node is not None and await self._adopted(session_id, place, node):
                place.node, place.lost_at = node, None
                self._follow(node)
            elif time.monotonic() > until:
                raise UserError("no_node")
            else:
                await asyncio.sleep(RETRY_SECONDS)
        if place.node is None:
            raise UserError("session_gone")
        return place.node

    async def _find(self, session_id: str, place: RemoteSession) -> ActorHandle | None:
        if place.wanted:
            return await self._ask_directory("place", session_id)  # type: ignore[no-any-return]
        node: ActorHandle | None = await self._ask_directory("find", session_id)
        if node is None:
            raise UserError("session_gone")
        return node

    async def _adopted(self, session_id: str, place: RemoteSession, node: ActorHandle) -> bool:
        try:
            outcome: Outcome | None = await node.ask("adopt", session_id, place.lost_at)
        except Unreachable:
            self._note_lost(node)
            return False
        if outcome is not None and outcome.error is not None:
            raise outcome.error
        return outcome is not None

    def _give_up(self, session_id: str, place: RemoteSession, error: UserError) -> None:
        """Fail the pending requests; a watched session is retried."""
        hopeless = error.code == "session_gone" or not place.watched
        if hopeless:
            self._forget(session_id, place)
        place.fail(error)

    # -------------------------------------------------------------- nodes

    def _follow(self, node: ActorHandle) -> None:
        if node.name not in self._polled:
            self._polled[node.name] = node
            self._in_background(self._poll_loop(node))

    async def _poll_loop(self, node: ActorHandle) -> None:
        while self._polled.get(node.name) is node:
            began = time.monotonic()
            try:
                await self._poll(node)
            except Unreachable:
                self._note_lost(node)
                return
            except Exception:  # the next poll is of other sessions too
                log.exception("the node %s could not be polled", node.name)
            took = time.monotonic() - began
            await asyncio.sleep(max(POLL_SECONDS - took, REST_FACTOR * took))

    async def _poll(self, node: ActorHandle) -> None:
        there = {
            session_id: place
            for session_id, place in list(self._places.items())
            if place.node is not None and place.node.name == node.name
        }
        if not there:
            del self._polled[node.name]
            return
        now = time.monotonic()
        due = {
            session_id: place.known
            for session_id, place in there.items()
            if place.watched or now - place.looked_at >= UNWATCHED_SECONDS
        }
        watched = frozenset(session_id for session_id, place in there.items() if place.watched)
        polled: Polled = await node.ask("poll", self._name, due, watched)
        self._heard = True
        for session_id in due:
            there[session_id].looked_at = now
        for session_id, news in polled.news.items():
            there[session_id].take_in(node, news)
        for session_id in polled.gone:
            self._look_for(session_id, there[session_id], node)

    def _look_for(self, session_id: str, place: RemoteSession, node: ActorHandle) -> None:
        """A session is not where it was: one that somebody watches has to be somewhere."""
        if place.node is not node or place.talking:
            return
        place.node = None
        if place.watched:
            self._talk(session_id, place)
        else:
            self._forget(session_id, place)

    def _note_lost(self, node: ActorHandle) -> None:
        """A node cannot be reached: its sessions will be elsewhere."""
        if self._polled.pop(node.name, None) is None:
            return
        log.warning("a node cannot be reached", extra={"node": node.name})
        self._in_background(self._tell_lost(node))
        for session_id, place in list(self._places.items()):
            if place.node is not None and place.node.name == node.name:
                place.node, place.lost_at = None, time.time()
                if place.watched or place.waiting:
                    self._talk(session_id, place)

    async def _tell_lost(self, node: ActorHandle) -> None:
        with contextlib.suppress(UserError):  # a directory that is lost as well finds out by itself
            await self._ask_directory("lost", node.name)

    async def _heartbeat_loop(self) -> None:
        silent = 0
        while silent < MAX_MISSED_HEARTBEATS:
            self._heard = False
            await asyncio.sleep(HEARTBEAT_SECONDS)
            with contextlib.suppress(Unreachable, TimeoutError):
                # Not wait_for, which on Python 3.11 ignores a cancellation as the answer arrives.
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._directory.ask("is_there")
                self._heard = True
            silent = 0 if self._heard else silent + 1
        self._tell_failed(CUT_OFF)

    async def _ask_directory(self, method: str, *arguments: Any) -> Any:
        """What the directory says, the one that took the place of a lost one too.

        Raises:
            UserError: there is none for too long.
        """
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return await self._directory.ask(method, *arguments)
            except Unreachable:
                if time.monotonic() > until:
                    raise UserError("no_node") from None
                await asyncio.sleep(RETRY_SECONDS)

    # -------------------------------------------------------------- sessions go

    async def _forget_loop(self) -> None:
        while True:
            await asyncio.sleep(UNWATCHED_SECONDS)
            try:
                self._forget_unused(time.monotonic())
            except Exception:
                log.exception("tidying failed")

    def _forget_unused(self, now: float) -> None:
        for session_id, place in list(self._places.items()):
            if place.watched and place.node is None:
                self._talk(session_id, place)
            unused = not (place.watched or place.waiting or place.talking)
            if unused and now - place.used_at > FORGET_SECONDS:
                self._forget(session_id, place)

    def _forget(self, session_id: str, place: RemoteSession) -> None:
        """Stop following a session."""
        if self._places.get(session_id) is place:
            self._places.pop(session_id, None)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
