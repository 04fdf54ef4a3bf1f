"""What a command says while it works: on standard error, for people and for logs."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from app.cli import progress
from app.cli.progress import Progress, announced


class Terminal(io.StringIO):
    """A terminal of a usual width."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_has_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is drawn over itself, and leaves the terminal to the result."""
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with Progress("Training", 8) as bar:
        bar.show(2, "perplexity 3")
    assert "\n" not in terminal.getvalue()
    drawn = terminal.getvalue().split("\r")
    assert any("25%" in each and "perplexity 3" in each for each in drawn)
    assert not drawn[-1].strip()


def test_a_log_has_lines_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whole lines, without the signs that move a terminal's cursor."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 1000.0)
    with Progress("Training", 8) as bar:
        bar.show(2, "perplexity 3")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with Progress("Training", 8) as bar:
        bar.show(2, "perplexity 3")
        bar.show(8, "perplexity 2")
    first, second = capsys.readouterr().err.splitlines()
    assert "25%" in first
    assert "perplexity 3" in first
    assert "100%" in second


def test_nothing_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """It has the results alone."""
    with Progress("Training", None) as bar, announced("Reading.", at_once=True):
        bar.show(2, "perplexity 3")
        bar.write("A remark.")
    assert capsys.readouterr().out == ""


def test_work_is_announced_if_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done in a moment needs no line."""
    said = threading.Event()
    monkeypatch.setattr(progress, "note", lambda _text: said.set())
    with announced("Reading."):
        pass
    assert not said.is_set()
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with announced("Reading."):
        assert said.wait(60)


def test_a_terminal_that_has_gone_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training goes on, and its signal handler saves the model."""

    class Gone(Terminal):
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stderr", Terminal())
    bar = Progress("Training", 8)
    monkeypatch.setattr(bar._bar, "sp", Gone().write)
    with bar:
        bar.show(2, "perplexity 3")
        monkeypatch.setattr(sys, "stderr", Gone())
        bar.write("A remark.")
