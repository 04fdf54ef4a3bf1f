"""Which commands run when, and how many may wait."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from app.engines.mailbox import MAX_PENDING, MAX_REPLACING, Mailbox
from app.errors import BusyError
from app.protocol.inspection import WeightsRequest
from app.protocol.requests import Complete, Learn, Pause, Resume
from app.sessions.commands import Command, CreateCheckpoint, Install

LEARN = Learn(text="a text")
ASK = Complete(prime="a", method="sample")


def commands(mailbox: Mailbox) -> list[Command]:
    return [pending.command for pending in mailbox.commands()]


def filled(*posted: Command) -> Mailbox:
    mailbox = Mailbox()
    for command in posted:
        mailbox.post(command)
    return mailbox


def test_questions_have_a_queue_of_their_own() -> None:
    """Cheap commands never wait for questions."""
    mailbox = filled(ASK, Pause(), WeightsRequest(), Resume())
    assert mailbox.has_commands
    assert mailbox.has_questions
    assert commands(mailbox) == [Pause(), Resume()]
    assert [pending.command for pending in mailbox.questions()] == [ASK, WeightsRequest()]
    assert not mailbox.has_commands
    assert not mailbox.has_questions


def test_while_a_network_is_prepared_only_the_servers_commands_run() -> None:
    """Others keep their order, so that they apply to the new network."""
    mailbox = filled(LEARN, Pause(), CreateCheckpoint(), Resume())
    taking = mailbox.commands()
    learn = next(taking)
    mailbox.prepare(learn)
    assert [pending.command for pending in taking] == [CreateCheckpoint()]
    assert not mailbox.has_commands
    install = Install(Future())
    mailbox.install(install)
    first = next(mailbox.commands())
    assert (first.command, first.future) == (install, learn.future)
    assert commands(mailbox) == [Pause(), Resume()]


@pytest.mark.parametrize(("command", "limit"), [(Pause(), MAX_PENDING), (ASK, MAX_PENDING)])
def test_what_a_page_sends_is_bounded(command: Command, limit: int) -> None:
    """The server's own commands are not."""
    mailbox = filled(*limit * [command])
    with pytest.raises(BusyError) as caught:
        mailbox.post(command)
    assert caught.value.code == "requests_pending"
    mailbox.post(CreateCheckpoint())


def test_networks_that_wait_are_bounded_with_the_one_being_prepared() -> None:
    """Each may bring a text of megabytes."""
    mailbox = filled(*MAX_REPLACING * [LEARN])
    mailbox.prepare(next(mailbox.commands()))
    with pytest.raises(BusyError):
        mailbox.post(LEARN)
    mailbox.post(Pause())


def test_closing_returns_the_future_of_every_command() -> None:
    """Also of the one whose network is being prepared."""
    mailbox = Mailbox()
    futures = {mailbox.post(command) for command in (LEARN, Pause(), ASK)}
    mailbox.prepare(next(mailbox.commands()))
    assert set(mailbox.close()) == futures
    assert not mailbox.close()
