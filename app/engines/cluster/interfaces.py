"""What the cluster is made of, as far as the rest of this package needs to know."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Unreachable(Exception):  # noqa: N818  (what happened)
    """The actor is gone, or cannot be reached."""


@dataclass(frozen=True)
class Machine:
    """A machine of the cluster.

    Attributes:
        name: like no other's.
        address: for people.
        cores: that training may have.
    """

    name: str
    address: str
    cores: int


class ActorHandle(Protocol):
    """An actor somewhere; it can be sent to others."""

    @property
    @abstractmethod
    def name(self) -> str:
        """A name like no other's."""

    @abstractmethod
    def ask(self, method: str, *arguments: Any) -> Awaitable[Any]:
        """What the actor's method returns.

        Raises:
            Lost: it is gone, or cannot be reached.
        """


@dataclass(frozen=True)
class StartedNode:
    """A node that has been started.

    Attributes:
        remote: the node.
        machine: the name of its machine.
        threads: that it trains with.
    """

    remote: ActorHandle
    machine: str
    threads: int


class ClusterBackend(Protocol):
    """The machines of the cluster, and the nodes on them."""

    @abstractmethod
    def all(self) -> Sequence[Machine]:
        """Those that are up, and may train."""

    @abstractmethod
    def running(self) -> Sequence[StartedNode]:
        """The nodes that somebody has started and that may be up still."""

    @abstractmethod
    def start(self, machine: Machine, threads: int) -> StartedNode:
        """Start a node with so many threads; it answers once it is up."""

    @abstractmethod
    def end(self, node: ActorHandle) -> None:
        """End a node at once, whatever it is at."""
