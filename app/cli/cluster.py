"""`charnn cluster`: list the machines of a Ray cluster, and drain one."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from app.cli import console
from app.cli.params import server_option

if TYPE_CHECKING:
    from app.engines.cluster.ray_backend import Cluster

ADDRESS = server_option(
    "--ray-address",
    default="auto",
    help="Address of the Ray cluster; auto finds the one that this machine belongs to.",
)


@click.group()
def cluster() -> None:
    """Manage the machines of a Ray cluster."""


@cluster.command()
@ADDRESS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(ray_address: str, as_json: bool) -> None:
    """List the nodes with their machines, threads, sessions and weights."""
    nodes = _ask_directory(ray_address, "status")
    if as_json:
        console.write_line(json.dumps([asdict(node) for node in nodes], indent=1))
        return
    console.write_line(
        f"{'MACHINE':12}  {'ADDRESS':20} {'THREADS':>7} {'SESSIONS':>8} {'WEIGHTS':>12}"
    )
    for node in nodes:
        row = f"{node.machine[:12]:12}  {node.address:20} {node.threads:7} {node.sessions:8}"
        console.write_line(f"{row} {node.weights:12,}{'  draining' if node.draining else ''}")
    console.write_line(f"{len(nodes)} nodes, {sum(node.sessions for node in nodes):,} sessions")


@cluster.command()
@ADDRESS
@click.argument("machine", required=False)
@click.option("--here", is_flag=True, help="Drain the machine that this command runs on.")
def drain(ray_address: str, machine: str | None, here: bool) -> None:
    """Move the sessions of MACHINE to the others, so that it can be removed.

    MACHINE is a name, the start of a name, or an address, as `charnn cluster status` lists them.
    """
    if here == (machine is not None):
        raise click.UsageError("Give either MACHINE or --here.")
    name = _machine(ray_address, machine)
    moved = _ask_directory(ray_address, "drain", name)
    console.write_line(f"{moved} sessions moved; {name[:12]} can be removed.")


@cluster.command()
@ADDRESS
@click.argument("machine")
def undrain(ray_address: str, machine: str) -> None:
    """Let the drained MACHINE (full name) accept new sessions again."""
    _ask_directory(ray_address, "undrain", machine)
    console.write_line(f"{machine[:12]} accepts sessions again.")


def _machine(address: str, name: str | None) -> str:
    """The full name of a machine; of this one if `name` is None.

    Raises:
        click.ClickException: no machine has this name, or several have.
    """
    with _connected(address) as cluster:
        nodes = asyncio.run(_answer(cluster.directory.ask, "status"))
        name = name or cluster.machine()
    found = {
        node.machine for node in nodes if node.machine.startswith(name) or node.address == name
    }
    if len(found) != 1:
        raise click.ClickException(
            f"{len(found)} machines are called {name}: `charnn cluster status` lists them."
        )
    return str(found.pop())


def _ask_directory(address: str, method: str, *arguments: Any) -> Any:
    """The answer of the cluster's directory.

    Raises:
        click.ClickException: the directory is unreachable, or refuses.
    """
    with _connected(address) as cluster:
        return asyncio.run(_answer(cluster.directory.ask, method, *arguments))


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Cluster]:
    """The cluster at an address; its errors become messages of the command line."""
    try:
        from app.engines.cluster import ray_backend as on_ray
    except ImportError as error:
        raise click.ClickException(str(error)) from None
    from app.engines.cluster.interfaces import Unreachable

    try:
        yield on_ray.connect(address)
    except (on_ray.ClusterError, Unreachable, ValueError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        on_ray.Cluster.leave()


async def _answer(ask: Callable[..., Any], method: str, *arguments: Any) -> Any:
    return await ask(method, *arguments)
