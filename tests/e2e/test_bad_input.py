"""What cannot be used gets a message where it was entered, and the training goes on untouched."""

from __future__ import annotations

import copy
import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.the_page import figure, learn, open_page, slide, text, wait_until


def assert_still_learning(page: Page, from_steps: float, characters: str) -> None:
    wait_until(page, lambda: figure(page, "steps") > from_steps)
    assert text(page, "prepro_status") == characters
    assert "learning" in text(page, "status").lower()


def test_a_text_without_a_sentence(page: Page) -> None:
    open_page(page)
    characters = text(page, "prepro_status")
    for sentences in ("", "\n  \n\t\n"):
        steps = figure(page, "steps")
        learn(page, sentences)
        expect(page.locator("#text_error")).to_contain_text("write at least one")
        assert_still_learning(page, steps, characters)
    page.locator("#ti").fill("now there is one")
    expect(page.locator("#text_error")).to_be_empty()


def test_an_option_that_cannot_be_used(page: Page) -> None:
    open_page(page)
    characters = text(page, "prepro_status")
    for option, value, valid in (
        ("hidden_sizes", "0", "3"),
        ("hidden_sizes", "abc", "3"),
        ("hidden_sizes", "20,,", "3"),
        ("hidden_sizes", "", "20, 20"),
        ("learning_rate", "-1", "0.01"),
        ("learning_rate", "NaN", "0.01"),
        ("letter_size", "2.5", "5"),
        ("l2", "x", "0"),
        ("clip", "0", "5"),
    ):
        steps = figure(page, "steps")
        learn(page, **{option: value})  # to put in a long text takes a browser seconds
        expect(page.locator(f"#{option}_error")).to_contain_text("Write")
        assert_still_learning(page, steps, characters)
        page.locator(f"#opt_{option}").fill(valid)
        expect(page.locator(f"#{option}_error")).to_be_empty()
        expect(page.locator(f"#opt_{option}")).not_to_have_attribute("aria-invalid", "true")


def saved_model(page: Page) -> dict[str, Any]:
    page.locator("#savemodel").click()
    wait_until(page, lambda: len(page.locator("#tio").input_value()) > 1000)
    model: dict[str, Any] = json.loads(page.locator("#tio").input_value())
    return model


def truncated(model: dict[str, Any]) -> str:
    return json.dumps(model)[:2000]


def without_a_matrix(model: dict[str, Any]) -> str:
    del model["model"]["Wih1"]
    return json.dumps(model)


def of_wrong_shape(model: dict[str, Any]) -> str:
    model["model"]["Whd"]["n"] += 1
    return json.dumps(model)


def with_nan(model: dict[str, Any]) -> str:
    model["model"]["bd"]["w"][0] = float("nan")
    return json.dumps(model)


def test_a_damaged_model(page: Page) -> None:
    open_page(page)
    saved, characters = saved_model(page), text(page, "prepro_status")
    for damage, named in (
        (truncated, "not a whole JSON"),
        (without_a_matrix, "Wih1"),
        (of_wrong_shape, "Whd"),
        (with_nan, "bd"),
    ):
        steps = figure(page, "steps")
        page.locator("#tio").fill(damage(copy.deepcopy(saved)))
        page.locator("#loadmodel").click()
        expect(page.locator("#json_error")).to_contain_text(named)
        assert_still_learning(page, steps, characters)


def test_a_file_that_is_no_model(page: Page) -> None:
    open_page(page)
    steps, characters = figure(page, "steps"), text(page, "prepro_status")
    page.locator("#uploadmodel").set_input_files(
        {"name": "notes.json", "mimeType": "application/json", "buffer": b"\xff\xfe\x00 not json"}
    )
    expect(page.locator("#json_error")).not_to_be_empty()
    assert_still_learning(page, steps, characters)


def test_sliders_stay_within_what_the_server_takes(page: Page) -> None:
    open_page(page)
    for slider, ends in (("lr_slider", (-5, -1.95)), ("temperature_slider", (-1, 1.05))):
        for end in ends:
            slide(page, slider, end)
    page.wait_for_timeout(500)
    expect(page.locator("#lr_error")).to_be_empty()
    expect(page.locator("#temperature_error")).to_be_empty()
