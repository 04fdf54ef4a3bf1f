"""The events of a page as commands of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

from app.errors import UserError
from app.protocol.limits import Limits
from app.sessions.commands import Answer, Command
from app.web.service import SessionService
from tests.support.stub_engine import StubEngine
from tests.support.waiting import PATIENCE, wait_for

ASK = ({"prime": "a", "method": "sample"},)


class SilentEngine(StubEngine):
    """An engine that answers when the test does."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Future[Answer]] = []

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        self.commands.append((session_id, command))
        self.asked.append(Future())
        return self.asked[-1]


def test_the_questions_of_a_page_are_cancelled_when_it_leaves() -> None:
    """Those of other pages are answered, and its other commands carried out."""
    engine, nothing = SilentEngine(), cast("Any", None)
    backend: Any = SimpleNamespace(wait=lambda future, timeout: future.result(timeout))
    service = SessionService(engine, backend, nothing, nothing, nothing, nothing, Limits())
    with ThreadPoolExecutor() as pages:

        def ask(page: str, event: str, payload: tuple[object, ...]) -> Future[Mapping[str, Any]]:
            count = len(engine.asked)
            answer = pages.submit(service.answer, "ann", event, payload, page)
            wait_for(lambda: len(engine.asked) > count)
            return answer

        leaving = ask("first", "complete", ASK)
        pausing = ask("first", "pause", ())
        staying = ask("second", "complete", ASK)
        wait_for(lambda: len(service._questions) == 2)
        service.leave("first")
        assert leaving.result(PATIENCE)["code"] == UserError("unknown_page").code
        assert [each.cancelled() for each in engine.asked] == [True, False, False]
        for asked in engine.asked[1:]:
            asked.set_result(None)
        assert staying.result(PATIENCE)["ok"]
        assert pausing.result(PATIENCE)["ok"]
    assert not service._questions
