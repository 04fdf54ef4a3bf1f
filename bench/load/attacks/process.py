"""Carries out an attack in a process of its own, so that its work delays no measurement."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import Counter
from multiprocessing.connection import Connection

import psutil

from bench.load.attacks.attack import CLIENT_ERRORS, Attack, Attacker

START_SECONDS, END_SECONDS = 60.0, 30.0


class AttackProcess:
    """An attack that begins when it is told to, and ends when it is told to.

    Attributes:
        usage: what the process takes.
    """

    def __init__(self, attack: Attack, url: str) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_carry_out, args=(attack, url, theirs), daemon=True)
        self._process.start()
        self.usage = psutil.Process(self._process.pid)

    @classmethod
    async def start(cls, attack: Attack, url: str) -> AttackProcess:
        """Start the process, and wait until it can begin."""
        process = cls(attack, url)
        if not await asyncio.to_thread(process._pipe.poll, START_SECONDS):
            raise TimeoutError("the attacker did not start")
        process._pipe.recv()
        return process

    def begin(self) -> None:
        """Begin the attack."""
        self._pipe.send("begin")

    async def end(self) -> Counter[str]:
        """End the attack and close its connections; returns its outcomes."""
        self._pipe.send("end")
        ended = await asyncio.to_thread(self._pipe.poll, END_SECONDS)
        outcomes: Counter[str] = self._pipe.recv() if ended else Counter({"did not end": 1})
        self._process.kill()
        return outcomes


def _carry_out(attack: Attack, url: str, pipe: Connection) -> None:
    pipe.send("ready")
    pipe.recv()
    attacker = Attacker(url)
    asyncio.run(_until_end(attack, attacker, pipe))
    pipe.send(attacker.outcomes)


async def _until_end(attack: Attack, attacker: Attacker, pipe: Connection) -> None:
    attacking = asyncio.create_task(_attack(attack, attacker))
    await asyncio.to_thread(pipe.recv)
    attacking.cancel()
    await asyncio.wait([attacking])
    await attacker.leave()


async def _attack(attack: Attack, attacker: Attacker) -> None:
    """Carry out an attack; the server may refuse it."""
    try:
        await attack.run(attacker)
    except* CLIENT_ERRORS as errors:
        for error in errors.exceptions:
            attacker.outcomes[type(error).__name__] += 1
