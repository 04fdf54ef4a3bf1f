"""The command `charnn cluster`: a look at the machines that train, and taking one out of use."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.engines.cluster.ray_backend import Cluster

ADDRESS = click.option(
    "--ray-address",
    envvar="CHARNN_RAY_ADDRESS",
    show_envvar=True,
    default="auto",
    show_default=True,
    help="The Ray cluster's; auto finds the one that this machine is part of.",
)


@click.group()
def cluster() -> None:
    """Look after the machines of a Ray cluster that train."""


@cluster.command()
@ADDRESS
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(ray_address: str, as_json: bool) -> None:
    """List the nodes: their machines, threads, sessions and weights."""
    nodes = _asked(ray_address, "status")
    if as_json:
        click.echo(json.dumps([asdict(node) for node in nodes], indent=1))
        return
    click.echo(f"{'MACHINE':12}  {'ADDRESS':20} {'THREADS':>7} {'SESSIONS':>8} {'WEIGHTS':>12}")
    for node in nodes:
        told = f"{node.machine[:12]:12}  {node.address:20} {node.threads:7} {node.sessions:8}"
        click.echo(f"{told} {node.weights:12,}{'  draining' if node.draining else ''}")
    click.echo(f"{len(nodes)} nodes, {sum(node.sessions for node in nodes):,} sessions")


@cluster.command()
@ADDRESS
@click.argument("machine", required=False)
@click.option("--here", is_flag=True, help="The machine that this command runs on.")
def drain(ray_address: str, machine: str | None, here: bool) -> None:
    """Hand the sessions of MACHINE over to the others, for it to be taken away.

    MACHINE is its name, its beginning, or its address, as `charnn cluster status` lists them.
    """
    if here == (machine is not None):
        raise click.UsageError("Name the machine, or say --here.")
    name = _machine(ray_address, machine)
    moved = _asked(ray_address, "drain", name)
    click.echo(f"{moved} sessions go on elsewhere; {name[:12]} can be taken away.")


@cluster.command()
@ADDRESS
@click.argument("machine")
def undrain(ray_address: str, machine: str) -> None:
    """Have the drained MACHINE, by its whole name, take new sessions again."""
    _asked(ray_address, "undrain", machine)
    click.echo(f"{machine[:12]} takes sessions again.")


def _machine(address: str, wanted: str | None) -> str:
    """The whole name of a machine; of this one where none is wanted.

    Raises:
        click.ClickException: there is none of this name, or more than one.
    """
    with _visited(address) as cluster:
        nodes = asyncio.run(_answer(cluster.directory.ask, "status"))
        wanted = wanted or cluster.machine()
    found = {
        node.machine for node in nodes if node.machine.startswith(wanted) or node.address == wanted
    }
    if len(found) != 1:
        raise click.ClickException(
            f"{len(found)} machines are called {wanted}: `charnn cluster status` lists them."
        )
    return str(found.pop())


def _asked(address: str, method: str, *arguments: Any) -> Any:
    """What the directory of the cluster says.

    Raises:
        click.ClickException: it cannot be asked, or will not do it.
    """
    with _visited(address) as cluster:
        return asyncio.run(_answer(cluster.directory.ask, method, *arguments))


@contextlib.contextmanager
def _visited(address: str) -> Iterator[Cluster]:
    """The cluster at an address; what goes wrong with it is told to whoever gave the command."""
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
