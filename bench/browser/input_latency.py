"""The time from a press of a control to the first visible response of the page.

Each is measured with a running server and with a stopped one: the page must respond at once in
either case, before the server does.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import NamedTuple

from playwright.sync_api import Page

from bench.harness.server import LiveServer

REST_MS = 300
"""Pause between presses, because of the server's event rate limit."""

WATCH = """(shown) => {
  let pressed = null;
  const press = ({ timeStamp }) => { pressed ??= timeStamp; };
  const kinds = ["pointerdown", "keydown"];
  for (const kind of kinds) addEventListener(kind, press, { capture: true });
  window.answered = new Promise((resolve) => {
    const see = new MutationObserver(() => {
      if (pressed === null) return;
      see.disconnect();
      for (const kind of kinds) removeEventListener(kind, press, { capture: true });
      // the frame that shows it has been drawn once the task after it runs
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - pressed)));
    });
    for (const place of document.querySelectorAll(shown)) {
      see.observe(place, { attributes: true, childList: true, characterData: true, subtree: true });
    }
  });
}"""
"""The time of the press is the event's timestamp, so that the delay of a busy page counts."""


class Press(NamedTuple):
    """A control to press, and where the page responds.

    Attributes:
        name: name of the control.
        pressed: selector of the element to press.
        shown: selector of the elements of which the first change counts.
        key: key to press; a click if empty.
        undo: called afterwards, so that the control can be pressed again.
    """

    name: str
    pressed: str
    shown: str
    key: str = ""
    undo: Callable[[Page], object] = lambda _: None


PRESSES = (
    Press("pause", "#stop", "#stop, #status"),
    Press("resume", "#resume", "#resume, #status"),
    Press("space bar", "body", "#stop, #resume, #status", key=" "),
    Press("learn", "#learn", "#learn, #status"),
    Press("bring back", "#panel_controls .undo", "#panel_controls .undo"),
    Press("learning rate", "#lr_slider", "#lr_text", key="ArrowLeft"),
    Press("temperature", "#temperature_slider", "#temperature_text", key="ArrowLeft"),
    Press("save model", "#savemodel", "#savemodel, #saving_outcome"),
    Press("load model", "#loadmodel", "#loadmodel, #saving_outcome"),
    Press("load pretrained", "#loadpretrained", "#loadpretrained, #pretrained_outcome"),
    Press("share a copy", "#share", "#share, #share_outcome"),
    Press("check gradients", "#gradient_check", "#gradient_check, #gradient_check_outcome"),
    Press("keys", "#keys_open", "#keys", undo=lambda page: page.locator("#keys_close").click()),
    Press(
        "appearance",
        "#scheme",
        "html",
        key="ArrowDown",
        undo=lambda page: page.locator("#scheme").press("Home"),
    ),
)


def waits(page: Page, server: LiveServer, rounds: int) -> Iterator[tuple[str, list[float]]]:
    """The name of every press, and the sorted milliseconds until the page responds."""
    _prepare(page)
    for press in PRESSES:
        answered = [_wait(page, press) for _ in range(rounds)]
        unanswered = [_wait_without(server, page, press) for _ in range(rounds)]
        yield press.name, sorted(answered)
        yield f"{press.name}, server stopped", sorted(unanswered)


def _prepare(page: Page) -> None:
    """Make every control usable: a network to undo, and open panels."""
    page.locator("#learn").click()
    page.locator("#panel_controls .undo:visible").wait_for()
    check = page.locator("#gradient_check")
    if not check.is_visible():
        page.locator("#panel_gradient_check > summary").click()
    check.click()  # compiles its kernels
    page.locator("#gradient_check:not([aria-busy])").wait_for()


def _wait(page: Page, press: Press) -> float:
    _rest(page)
    return _press(page, press)


def _rest(page: Page) -> None:
    page.locator("body:not(:has([aria-busy]))").wait_for()  # earlier requests are answered
    page.wait_for_timeout(REST_MS)


def _press(page: Page, press: Press) -> float:
    element = page.locator(press.pressed)
    element.scroll_into_view_if_needed()
    page.evaluate("document.activeElement.blur()")
    page.evaluate(WATCH, press.shown)
    if press.key:
        element.press(press.key)
    else:
        element.click()
    waited: float = page.evaluate("window.answered")
    press.undo(page)
    return waited


def _wait_without(server: LiveServer, page: Page, press: Press) -> float:
    _rest(page)
    server.process.send_signal(signal.SIGSTOP)
    try:
        return _press(page, press)
    finally:
        server.process.send_signal(signal.SIGCONT)
