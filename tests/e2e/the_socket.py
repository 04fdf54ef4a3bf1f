"""Answers to a page that its server did not give."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from playwright.sync_api import Page, WebSocketRoute

Answer = dict[str, Any]

_QUESTION = re.compile(r"42(\d+)(\[.*\])", re.DOTALL)  # as Socket.IO writes an event with an answer
_ANSWER = re.compile(r"43(\d+)(\[.*\])", re.DOTALL)


class _Said(NamedTuple):
    """An event that is answered, or its answer: their numbers are the same."""

    number: str
    content: Any


def _read(form: re.Pattern[str], message: str | bytes) -> _Said | None:
    if isinstance(message, str) and (found := form.fullmatch(message)):
        return _Said(found[1], json.loads(found[2])[0])
    return None


def change_answers(page: Page, event: str, change: Callable[[Answer], Answer]) -> None:
    """Have the page get other answers to an event than its server gives."""
    waiting: set[str] = set()

    def meet(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def ask(message: str | bytes) -> None:
            question = _read(_QUESTION, message)
            if question and question.content == event:
                waiting.add(question.number)
            server.send(message)

        def answer(message: str | bytes) -> None:
            told = _read(_ANSWER, message)
            if told and told.number in waiting:
                waiting.remove(told.number)
                socket.send(_answer_to(told.number, change(told.content)))
            else:
                socket.send(message)

        socket.on_message(ask)
        server.on_message(answer)

    page.route_web_socket(re.compile("/socket.io/"), meet)


def answer_with(page: Page, event: str) -> list[Callable[[Answer], None]]:
    """Keep an event from the server; the questions wait in this list for their answers."""
    waiting: list[Callable[[Answer], None]] = []

    def meet(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def ask(message: str | bytes) -> None:
            question = _read(_QUESTION, message)
            if question and question.content == event:
                number = question.number
                waiting.append(lambda told: socket.send(_answer_to(number, told)))
            else:
                server.send(message)

        socket.on_message(ask)

    page.route_web_socket(re.compile("/socket.io/"), meet)
    return waiting


def _answer_to(number: str, told: Answer) -> str:
    return f"43{number}{json.dumps([told])}"
