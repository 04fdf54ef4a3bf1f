"""The page under its strict policy, behind the token, and where a limit is reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.the_page import figure, learn, open_page, slide, wait_until
from tests.support.server import running_server

TAKE_DOWN_VIOLATIONS = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
WHEN_FULL_MS = 10_000
"""After which a page that was not let in tries again."""


@pytest.fixture
def lone_context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor of a server that the test starts itself."""
    context = browser.new_context()
    yield context
    context.close()


def _watched(page: Page) -> list[str]:
    """What the page's console has to complain about, from now on."""
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.add_init_script(TAKE_DOWN_VIOLATIONS)
    return complaints


def test_everything_on_the_page_works_under_its_policy(page: Page) -> None:
    complaints = _watched(page)
    open_page(page)
    slide(page, "temperature_slider", 0.3)
    slide(page, "lr_slider", -3)
    learn(page, "<img src=x onerror=alert(1)>\n<b style='color:red'>bold</b>", hidden_sizes="8")
    wait_until(page, lambda: figure(page, "steps") > 0)
    page.locator("#savemodel").click()
    wait_until(page, lambda: len(page.locator("#tio").input_value()) > 1000)
    page.locator("#loadmodel").click()
    page.locator("#loadpretrained").click()
    page.locator(".curve .u-over").hover()
    page.wait_for_timeout(500)
    assert page.evaluate("window.violations") == []
    assert complaints == []


def test_the_policy_is_in_force(page: Page) -> None:
    _watched(page)
    open_page(page)
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">styled</p>')"
    )
    wait_until(page, lambda: bool(page.evaluate("window.violations.length")))


def test_the_token_opens_the_page_by_its_form(lone_context: BrowserContext, tmp_path: Path) -> None:
    page = lone_context.new_page()
    complaints = _watched(page)
    with running_server(tmp_path, environment={"CHARNN_TOKEN": "s3cret"}) as server:
        page.goto(server.url)
        page.get_by_label("Access token").fill("wrong")
        page.get_by_role("button", name="open").click()
        expect(page.locator("#token_error")).to_have_text(re.compile("not the token"))
        page.get_by_label("Access token").fill("s3cret")
        page.get_by_role("button", name="open").click()
        wait_until(page, lambda: figure(page, "steps") > 0)
        assert page.url == f"{server.url}/"
        assert page.evaluate("window.violations") == []
        assert all("401" in complaint for complaint in complaints)


def test_a_page_too_many_says_so_and_opens_when_another_closes(
    lone_context: BrowserContext, tmp_path: Path
) -> None:
    with running_server(tmp_path, options=("--max-pages-per-session", "1")) as server:
        first, second = lone_context.new_page(), lone_context.new_page()
        second.clock.install()
        first.goto(server.url)
        wait_until(first, lambda: figure(first, "steps") > 0)
        second.goto(server.url)
        expect(second.locator("#notices")).to_contain_text("as many as one may have")
        first.close()
        second.clock.fast_forward(WHEN_FULL_MS)
        wait_until(second, lambda: figure(second, "steps") > 0)
        expect(second.locator("#notices")).to_be_empty()


def test_sliding_for_long_stays_within_what_a_page_may_send(page: Page) -> None:
    open_page(page)
    page.locator("#temperature_slider").evaluate(
        """async (slider) => {
          for (let moved = 0; moved < 300; moved++) {
            slider.value = String((moved % 100) / 100);
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }"""
    )
    page.wait_for_timeout(500)
    expect(page.locator("#notices")).to_be_empty()
    expect(page.locator(".fault:not(:empty)")).to_have_count(0)
