"""The engine of a web process in a cluster: nodes train its sessions."""

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
from app.engines.cluster.node import CommandResults, Outcome, PollResult
from app.engines.cluster.remote_session import RemoteSession
from app.errors import UserError
from app.protocol.ids import short_id
from app.runtime.futures import completed, resolve
from app.sessions.commands import Answer, Command, SetWatched
from app.sessions.snapshot import Snapshot

log = logging.getLogger(__name__)

POLL_SECONDS = 0.08
"""Between two polls of a node: slightly shorter than the interval between frames."""
REST_FACTOR = 2.0
"""The pause after a poll is at least this many times its duration."""
UNWATCHED_SECONDS = 1.0
"""Between two polls of a session that no page here watches."""
FORGET_SECONDS = 60.0
"""After which a session that no page here watches is no longer polled."""
RETRY_SECONDS = 0.1
"""Between two attempts to reach a node or the directory."""
HEARTBEAT_SECONDS = 2.0
"""Between two heartbeats to the directory, and the timeout of one."""
MAX_MISSED_HEARTBEATS = 6
"""Heartbeats without any answer after which the cluster counts as lost. A failed directory is back
after three. Heartbeats are counted, not seconds, because the process may have been suspended."""
PATIENCE = 50.0
"""Seconds that a session may have no node before its requests fail."""

CUT_OFF = (
    "Lost contact with the Ray cluster. Every session is in the database: when the head of Ray is "
    "up, restart Ray on this machine, then this process."
)


class RayEngine(Engine):
    """Sends requests to nodes on a thread of its own, so callers never wait for the network.

    It holds no state of its own. Any number of processes may have one; all see the same sessions.
    """

    def __init__(self, directory: ActorHandle, leave: Callable[[], None], *, is_ours: bool) -> None:
        """Join a cluster.

        Args:
            directory: of the cluster.
            leave: called by `close`.
            is_ours: whether the cluster ends with this process, so that `save_all` must save it.
        """
        self._directory = directory
        self._leave = leave
        self._is_ours = is_ours
        self._name = secrets.token_hex(8)
        self._sessions: dict[str, RemoteSession] = {}
        self._polled: dict[str, ActorHandle] = {}  # nodes, by their names
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard = False  # from the directory or a node, since the last heartbeat
        self._on_failure: Callable[[str], None] = log.error
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cluster", daemon=True)
        self._thread.start()

    def begin(self) -> int:
        """Start the nodes and wait until the first is up; returns how many are up."""
        asked = asyncio.run_coroutine_threadsafe(self._ask_directory("begin"), self._loop)
        nodes: int = asked.result()
        for work in (self._forget_loop(), self._heartbeat_loop()):
            self._loop.call_soon_threadsafe(self._in_background, work)
        return nodes

    # -------------------------------------------------------------- Engine

    def open_session(self, session_id: str) -> Future[Answer]:
        """Open the session: as it is at a node, from the store, or new."""
        return self._call(self._enqueue, session_id, None)

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        """Run a command at the node that has the session."""
        return self._call(self._enqueue, session_id, command)

    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session that is known here."""
        session = self._sessions.get(session_id)
        return session.snapshot if session else None

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session that is known here."""
        sessions = list(self._sessions.items())
        return {
            session_id: session.snapshot for session_id, session in sessions if session.snapshot
        }

    def has_session(self, session_id: str) -> bool:
        """Whether the session is known here."""
        return session_id in self._sessions

    def save_all(self) -> Future[bool]:
        """Save every session if the cluster ends with this process; else its nodes save them."""
        if self._is_ours:
            return asyncio.run_coroutine_threadsafe(self._ask_directory("save_all"), self._loop)
        return completed(True)

    def on_failure(self, call: Callable[[str], None]) -> None:
        """Set the function to call once contact with the cluster is lost.

        Nodes and directory end with the head of Ray, also when a new head replaces it. This process
        must then be restarted.
        """
        self._on_failure = call

    def close(self) -> None:
        """Stop sending requests."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for session in list(self._sessions.values()):
            session.fail(UserError("session_gone"))
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

    # -------------------------------------------------------------- requests of a session

    def _enqueue(self, session_id: str, command: Command | None, future: Future[Answer]) -> None:
        session = self._sessions.get(session_id)
        if session is None:
            session = self._sessions[session_id] = RemoteSession()
        session.wanted = session.wanted or command is None
        session.used_at = time.monotonic()
        if isinstance(command, SetWatched):
            session.watched = command.watched
        session.pending.append((command, future))
        self._start_sending(session_id, session)

    def _start_sending(self, session_id: str, session: RemoteSession) -> None:
        if not session.sending:
            session.sending = True
            self._in_background(self._send_pending(session_id, session))

    async def _send_pending(self, session_id: str, session: RemoteSession) -> None:
        """Send the pending requests in order, and place the session if it has no node."""
        try:
            while session.pending or session.node is None:
                await self._send_batch(session_id, session)
        except UserError as error:
            self._give_up(session_id, session, error)
        except Exception:
            log.exception("session %s: the cluster could not be asked", short_id(session_id))
            self._give_up(session_id, session, UserError("unexpected"))
        finally:
            session.sending = False

    async def _send_batch(self, session_id: str, session: RemoteSession) -> None:
        """Send the requests that are pending now in one call."""
        if any(command is None for command, _ in session.pending):
            session.node = None  # it may have been evicted since
        node = await self._await_node(session_id, session)
        batch = list(session.pending)
        commands = [command for command, _ in batch if command is not None]
        outcomes = iter(await self._run_commands(session_id, session, node, commands))
        for command, future in batch:
            outcome = next(outcomes) if command is not None else Outcome(None)
            session.pending.popleft()
            resolve(future, outcome.answer, outcome.error)

    async def _run_commands(
        self, session_id: str, session: RemoteSession, node: ActorHandle, commands: list[Command]
    ) -> tuple[Outcome, ...]:
        """Run commands at the node that has the session, wherever it moves meanwhile."""
        while True:
            try:
                done: CommandResults | None = await node.ask(
                    "carry_out", self._name, session_id, commands, session.known
                )
            except Unreachable:
                self._note_lost(node)
                done = None
            if done is not None:
                session.apply(node, done.delta)
                return done.outcomes
            if session.node is node:
                session.node = None
            node = await self._await_node(session_id, session)

    async def _await_node(self, session_id: str, session: RemoteSession) -> ActorHandle:
        """The node that has the session; the directory places it if needed.

        Raises:
            UserError: it does not exist, cannot be opened, or no node has come up in time.
        """
        until = time.monotonic() + PATIENCE
        while session.node is None and self._sessions.get(session_id) is session:
            node = await self._find(session_id, session)
            if node is not None and await self._adopt(session_id, session, node):
                session.node, session.lost_at = node, None
                self._follow(node)
            elif time.monotonic() > until:
                raise UserError("no_node")
            else:
                await asyncio.sleep(RETRY_SECONDS)
        if session.node is None:
            raise UserError("session_gone")
        return session.node

    async def _find(self, session_id: str, session: RemoteSession) -> ActorHandle | None:
        if session.wanted:
            return await self._ask_directory("place", session_id)  # type: ignore[no-any-return]
        node: ActorHandle | None = await self._ask_directory("find", session_id)
        if node is None:
            raise UserError("session_gone")
        return node

    async def _adopt(self, session_id: str, session: RemoteSession, node: ActorHandle) -> bool:
        try:
            outcome: Outcome | None = await node.ask("adopt", session_id, session.lost_at)
        except Unreachable:
            self._note_lost(node)
            return False
        if outcome is not None and outcome.error is not None:
            raise outcome.error
        return outcome is not None

    def _give_up(self, session_id: str, session: RemoteSession, error: UserError) -> None:
        """Fail the pending requests. A watched session stays, and is retried."""
        gone = error.code == "session_gone" or not session.watched
        if gone:
            self._forget(session_id, session)
        session.fail(error)

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
            except Exception:  # other sessions must still be polled
                log.exception("the node %s could not be polled", node.name)
            took = time.monotonic() - began
            await asyncio.sleep(max(POLL_SECONDS - took, REST_FACTOR * took))

    async def _poll(self, node: ActorHandle) -> None:
        there = {
            session_id: session
            for session_id, session in list(self._sessions.items())
            if session.node is not None and session.node.name == node.name
        }
        if not there:
            del self._polled[node.name]
            return
        now = time.monotonic()
        due = {
            session_id: session.known
            for session_id, session in there.items()
            if session.watched or now - session.polled_at >= UNWATCHED_SECONDS
        }
        watched = frozenset(session_id for session_id, session in there.items() if session.watched)
        polled: PollResult = await node.ask("poll", self._name, due, watched)
        self._heard = True
        for session_id in due:
            there[session_id].polled_at = now
        for session_id, delta in polled.deltas.items():
            there[session_id].apply(node, delta)
        for session_id in polled.gone:
            self._session_missing(session_id, there[session_id], node)

    def _session_missing(self, session_id: str, session: RemoteSession, node: ActorHandle) -> None:
        """Handle a session that its node no longer has: place it again if a page watches it."""
        if session.node is not node or session.sending:
            return
        session.node = None
        if session.watched:
            self._start_sending(session_id, session)
        else:
            self._forget(session_id, session)

    def _note_lost(self, node: ActorHandle) -> None:
        """Handle an unreachable node: its sessions must be placed again."""
        if self._polled.pop(node.name, None) is None:
            return
        log.warning("a node cannot be reached", extra={"node": node.name})
        self._in_background(self._report_lost(node))
        for session_id, session in list(self._sessions.items()):
            if session.node is not None and session.node.name == node.name:
                session.node, session.lost_at = None, time.time()
                if session.watched or session.pending:
                    self._start_sending(session_id, session)

    async def _report_lost(self, node: ActorHandle) -> None:
        with contextlib.suppress(UserError):  # a new directory discovers it without help
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
        self._on_failure(CUT_OFF)

    async def _ask_directory(self, method: str, *arguments: Any) -> Any:
        """Call a method of the directory; retries while it is being replaced.

        Raises:
            UserError: it has not answered in time.
        """
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return await self._directory.ask(method, *arguments)
            except Unreachable:
                if time.monotonic() > until:
                    raise UserError("no_node") from None
                await asyncio.sleep(RETRY_SECONDS)

    # -------------------------------------------------------------- unused sessions

    async def _forget_loop(self) -> None:
        while True:
            await asyncio.sleep(UNWATCHED_SECONDS)
            try:
                self._forget_unused(time.monotonic())
            except Exception:
                log.exception("forgetting unused sessions failed")

    def _forget_unused(self, now: float) -> None:
        for session_id, session in list(self._sessions.items()):
            if session.watched and session.node is None:
                self._start_sending(session_id, session)
            unused = not (session.watched or session.pending or session.sending)
            if unused and now - session.used_at > FORGET_SECONDS:
                self._forget(session_id, session)

    def _forget(self, session_id: str, session: RemoteSession) -> None:
        """Stop following a session."""
        if self._sessions.get(session_id) is session:
            self._sessions.pop(session_id, None)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
