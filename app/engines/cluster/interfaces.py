"""Interfaces between the cluster engine and the library that runs the cluster."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Unreachable(Exception):  # noqa: N818  (what happened)
    """The actor has ended, or cannot be reached."""


@dataclass(frozen=True)
class Machine:
    """A machine of the cluster.

    Attributes:
        name: unique in the cluster.
        address: its network address, for display.
        cores: number of cores for training.
    """

    name: str
    address: str
    cores: int


class ActorHandle(Protocol):
    """A reference to an actor; it can be sent to other actors."""

    @property
    @abstractmethod
    def name(self) -> str:
        """A unique name."""

    @abstractmethod
    def ask(self, method: str, *arguments: Any) -> Awaitable[Any]:
        """Call a method of the actor.

        Raises:
            Unreachable: it has ended, or cannot be reached.
        """


@dataclass(frozen=True)
class StartedNode:
    """A node that has been started.

    Attributes:
        remote: the node.
        machine: the name of its machine.
        threads: number of its training threads.
    """

    remote: ActorHandle
    machine: str
    threads: int


class ClusterBackend(Protocol):
    """The machines of the cluster, and the nodes on them."""

    @abstractmethod
    def all(self) -> Sequence[Machine]:
        """The machines that are up and have cores for training."""

    @abstractmethod
    def running(self) -> Sequence[StartedNode]:
        """The nodes that have been started and may still be up."""

    @abstractmethod
    def start(self, machine: Machine, threads: int) -> StartedNode:
        """Start a node with this number of threads; it answers once it is up."""

    @abstractmethod
    def end(self, node: ActorHandle) -> None:
        """End a node at once."""
