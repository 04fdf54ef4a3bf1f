"""A script for the element ids of the original demo of 2014 works on this page."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page

from app.catalog import pretrained
from tests.e2e.page import await_status, show_text, wait_until

SENTENCES = ("one step", "then on")
LETTERS = sorted(set("".join(SENTENCES)))


class Script:
    """A script that finds elements by id, reads them, fills them and clicks them."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def click(self, element: str) -> None:
        self._page.evaluate("(id) => document.getElementById(id).click()", element)

    def text(self, element: str) -> str:
        return str(self._page.evaluate("(id) => document.getElementById(id).textContent", element))

    def number(self, element: str) -> float:
        """The number after the colon, as parseFloat reads it; 0 if there is none."""
        found = re.match(r"\s*\d+(\.\d+)?", self.text(element).partition(":")[2])
        return float(found[0]) if found else 0.0

    def value(self, element: str) -> str:
        return str(self._page.evaluate("(id) => document.getElementById(id).value", element))

    def fill(self, element: str, value: str) -> None:
        """Set a value without an event: the original reads its fields when a button is pressed."""
        self._page.evaluate(
            "([id, value]) => { document.getElementById(id).value = value; }", [element, value]
        )

    def slide(self, element: str, logarithm: float) -> None:
        self.fill(element, str(logarithm))
        self._page.evaluate(
            "(id) => document.getElementById(id).dispatchEvent(new Event('input'))", element
        )

    def written(self, element: str) -> list[str]:
        """The text of each `apred` in an element."""
        found: list[str] = self._page.evaluate(
            "(id) => [...document.getElementById(id).getElementsByClassName('apred')]"
            ".map((each) => each.textContent)",
            element,
        )
        return found

    def stop(self) -> str:
        """Pause; returns the prediction of the paused network."""
        self.click("stop")
        await_status(self._page, "paused")
        return self.written("argmax")[0]

    def saved(self) -> str:
        """The model that saving puts into the text box."""
        self.fill("tio", "")
        self.click("savemodel")
        wait_until(self._page, lambda: self.value("tio") != "")
        return self.value("tio")


def test_the_original_element_ids_work(page: Page) -> None:
    page.goto("/")
    script = Script(page)
    wait_until(page, lambda: script.number("epoch") > 0)
    show_text(page)
    assert script.value("ti").strip()
    assert re.fullmatch(
        r"found \d+ distinct characters: .+", script.text("prepro_status"), re.DOTALL
    )
    assert re.fullmatch(r"forw/bwd time per example: \d+\.\d+ms", script.text("ticktime"))
    # No other digits: scripts may read all digits of the element.
    assert re.fullmatch(r"perplexity: \d+\.\d+", script.text("ppl"))
    assert re.fullmatch(r"epoch: [\d,]+", script.text("epoch"))
    assert (len(script.written("samples")), len(script.written("argmax"))) == (5, 1)

    script.fill("ti", "\n".join(SENTENCES))
    script.click("learn")
    wait_until(page, lambda: script.text("prepro_status").startswith(f"found {len(LETTERS)} "))
    wait_until(page, lambda: 1 < script.number("ppl") < 1.6)
    wait_until(page, lambda: script.written("argmax")[0] in SENTENCES)
    prediction = script.stop()
    saved = script.saved()
    model = json.loads(saved)
    network = model["generator"], model["hidden_sizes"], model["letter_size"]
    assert network == ("lstm", [20, 20], 5)
    assert sorted(model["vocab"]) == LETTERS
    assert sorted(model["letterToIndex"].values()) == list(range(1, len(LETTERS) + 1))
    for letter, index in model["letterToIndex"].items():
        assert model["indexToLetter"][str(index)] == letter
    assert (model["model"]["Wil"]["n"], model["model"]["Wil"]["d"]) == (len(LETTERS) + 1, 5)

    epoch = script.number("epoch")
    script.click("resume")
    wait_until(page, lambda: script.number("epoch") > epoch)
    script.slide("lr_slider", -2.5)
    assert script.text("lr_text") == "0.00316"
    script.slide("temperature_slider", -1)
    assert script.text("temperature_text") == "0.10"
    wait_until(page, lambda: set(script.written("samples")) <= set(SENTENCES))
    script.slide("temperature_slider", 1)
    assert script.text("temperature_text") == "10.00"
    wait_until(page, lambda: not set(script.written("samples")) & set(SENTENCES))

    script.fill("opt_hidden_sizes", "3")
    script.click("learn")
    wait_until(page, lambda: script.written("argmax")[0] != prediction)
    script.stop()
    assert json.loads(script.saved())["hidden_sizes"] == [3]
    script.fill("tio", saved)
    script.click("loadmodel")
    # Not by its prediction only: three units may predict that sentence too.
    wait_until(page, lambda: script.value("opt_hidden_sizes") == "20, 20")
    wait_until(page, lambda: script.written("argmax")[0] == prediction)
    assert json.loads(script.saved())["model"] == model["model"]

    script.click("loadpretrained")
    wait_until(page, lambda: script.text("lr_text") == "0.00010")
    loaded = json.loads(script.saved())
    assert loaded["hidden_sizes"] == list(next(iter(pretrained.cards().values())).hidden_sizes)
    assert len(script.written("samples")) == 5  # at this temperature, one may be empty
