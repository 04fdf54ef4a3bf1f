"""How a real server ends, and what is there when it is started again."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.client import Tab, Visitor
from tests.support.server import running_server
from tests.support.site import open_site

TEXT = "my own\nsentences"


def learning(visitor: Visitor) -> Tab:
    """A page whose network learns, and has a curve."""
    tab = visitor.open_tab()
    assert tab.ask("learn", {"text": TEXT, "options": {"hidden_sizes": "8"}}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("steps") > 0 and tab.newest("curve")["points"])
    return tab


def test_a_server_that_is_stopped_tells_its_pages_why_and_saves_everything(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        visitor = Visitor(server.url)
        tab = learning(visitor)
        session, steps = tab.state["session"], tab.newest("steps")
        assert server.stop(signal.SIGTERM) == 0
        tab.wait_for(lambda: not tab.is_open)
        assert [closing["code"] for closing in tab.closings] == ["restarting"]
        assert not server.warnings
    assert (server.data_dir / "secret").stat().st_mode & 0o777 == 0o600
    with open_site(server.data_dir) as site:  # as another server on the same data
        again = site.visitor()
        again.take_cookies(visitor.http.cookies.get_dict())
        back = again.open_tab()
        assert (back.state["session"], back.state["text"]) == (session, TEXT)
        assert back.state["steps"] >= steps
        assert back.state["curve"]["points"]
        assert back.state["saved_at"]
        back.wait_for_steps(back.state["steps"])


@pytest.mark.extended
def test_a_killed_server_has_everything_up_to_the_last_checkpoint(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        visitor = Visitor(server.url)
        tab = learning(visitor)
        for event in ("pause", "resume"):  # each is saved at once; the first may have been begun
            saved_at = tab.newest("saved_at")
            tab.ask(event)
            tab.wait_for(lambda before=saved_at: tab.newest("saved_at") != before)
        server.kill()
        server.start()
        tab = visitor.open_tab()
        assert tab.state["text"] == TEXT
        assert tab.state["steps"] > 0
        tab.wait_for(lambda: tab.newest("steps") > tab.state["steps"])
        assert server.stop(signal.SIGINT) == 0  # as Ctrl-C does
        tab.wait_for(lambda: tab.closings)
        assert not server.warnings
