"""A person opens the page and watches a network learn, with its controls under their hands."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.the_page import (
    figure,
    greedy,
    learn,
    open_page,
    pause,
    samples,
    slide,
    text,
    wait_until,
)
from tests.support.server import RunningServer

NewVisitor = Callable[[], Page]


def test_learning_starts_by_itself_and_turns_noise_into_language(page: Page) -> None:
    open_page(page)
    assert len(page.locator("#ti").input_value().splitlines()) >= 120
    early_samples, early_greedy = samples(page), greedy(page)
    wait_until(page, lambda: 1 < figure(page, "ppl") < 6, seconds=60)
    wait_until(page, lambda: samples(page) != early_samples and greedy(page) != early_greedy)
    assert figure(page, "epoch") > 1
    assert "ms" in text(page, "ticktime")
    assert re.search(r"found \d+ distinct characters: ", text(page, "prepro_status"))


def test_everything_comes_from_the_server_itself(page: Page, server: RunningServer) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    open_page(page)
    own = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
    assert [url for url in addresses if not url.startswith(own)] == []
    assert complaints == []


def test_pause_stops_the_steps_and_resume_goes_on_from_there(page: Page) -> None:
    open_page(page)
    pause(page)
    at = figure(page, "steps")
    page.wait_for_timeout(700)
    assert figure(page, "steps") == at
    page.locator("#resume").click()
    wait_until(page, lambda: figure(page, "steps") > at)
    assert figure(page, "steps") < at + 1_000_000  # onwards, not anew and not elsewhere


def test_the_learning_rate_slider_changes_what_the_server_trains_with(page: Page) -> None:
    open_page(page)
    other_tab = page.context.new_page()  # hears of the rate from the server alone
    other_tab.goto("/")
    expect(other_tab.locator("#lr_text")).to_have_text("0.01000")
    slide(page, "lr_slider", -3)
    expect(page.locator("#lr_text")).to_have_text("0.00100")
    expect(other_tab.locator("#lr_text")).to_have_text("0.00100")


def test_the_temperature_slider_changes_the_samples(page: Page) -> None:
    open_page(page)
    wait_until(page, lambda: 1 < figure(page, "ppl") < 8, seconds=60)
    pause(page)  # so that nothing but the temperature can change them
    lukewarm = samples(page)
    slide(page, "temperature_slider", -1)
    expect(page.locator("#temperature_text")).to_have_text("0.10")
    wait_until(page, lambda: samples(page) != lukewarm)
    cold = samples(page)
    slide(page, "temperature_slider", 1.05)
    expect(page.locator("#temperature_text")).to_have_text("11.22")
    wait_until(page, lambda: samples(page) != cold)
    # So hot that every character is about as likely as the next, and so cold that few ever come.
    assert len(set("".join(samples(page)))) > max(15, len(set("".join(cold))))


def test_a_reload_finds_the_training_where_it_is(page: Page) -> None:
    open_page(page)
    pause(page)
    steps, written, prediction = figure(page, "steps"), samples(page), greedy(page)
    page.reload()
    wait_until(page, lambda: figure(page, "steps") == steps)
    assert (samples(page), greedy(page)) == (written, prediction)
    assert "paused" in text(page, "status").lower()


def test_two_browsers_train_two_networks_that_never_meet(new_visitor: NewVisitor) -> None:
    one, other = open_page(new_visitor()), open_page(new_visitor())
    learn(one, "aaaa\nabab", hidden_sizes="4")
    learn(other, "xyxy\nxxyy", hidden_sizes="5, 5")
    expect(one.locator("#prepro_status")).to_contain_text("found 2 distinct characters")
    expect(other.locator("#prepro_status")).to_contain_text("found 2 distinct characters")
    for page, letters in ((one, "ab"), (other, "xy")):
        wait_until(page, lambda page=page: figure(page, "steps") > 1000)  # type: ignore[misc]
        for _ in range(10):
            assert set("".join([*samples(page), greedy(page)])) <= set(letters)
            page.wait_for_timeout(100)
    pause(one)
    steps = figure(other, "steps")
    wait_until(other, lambda: figure(other, "steps") > steps)


def test_any_depth_and_kind_learns_and_is_drawn(page: Page) -> None:
    open_page(page)
    page.locator("#opt_kind").select_option("rnn")
    learn(page, "one two three\nthree two one", hidden_sizes="7, 6, 5", learning_rate="0.001")
    expect(page.locator("#prepro_status")).to_contain_text("found 8 distinct characters")
    wait_until(page, lambda: figure(page, "steps") > 500)
    described = text(page, "netpicture_text")
    for size in ("7", "6", "5"):
        assert size in described


def test_a_gru_learns_and_is_saved_as_one(page: Page) -> None:
    open_page(page)
    page.locator("#opt_kind").select_option("gru")
    page.locator("#learn").click()
    wait_until(page, lambda: 1 < figure(page, "ppl") < 8, seconds=60)
    page.locator("#savemodel").click()
    wait_until(page, lambda: len(page.locator("#tio").input_value()) > 1000)
    saved = json.loads(page.locator("#tio").input_value())
    assert saved["generator"] == "gru"
    page.locator("#learn").click()
    page.locator("#loadmodel").click()
    expect(page.locator("#saving_outcome")).to_contain_text("Loaded")
    expect(page.locator("#opt_kind")).to_have_value("gru")


def test_a_network_that_runs_off_is_brought_back_and_the_page_says_so(page: Page) -> None:
    open_page(page)
    page.locator("#opt_kind").select_option("rnn")
    # Of 500 such networks all ran off and came back; of two layers of 40 one in twenty stays dead.
    learn(page, "some words here\nand there", hidden_sizes="100", learning_rate="1")
    notice = page.locator("#notices").get_by_text("ran off")
    expect(notice).to_contain_text("learning rate")
    # The slider follows, as far as it goes.
    wait_until(page, lambda: 0 < float(text(page, "lr_text")) < 1)
    pause(page)
    at, rate = float(page.locator("#lr_slider").input_value()), float(text(page, "lr_text"))
    assert at == pytest.approx(min(math.log10(rate), -1.95), abs=0.03)
    page.locator("#resume").click()
    # And it learns on; how soon depends on how much training the machine has time for.
    wait_until(page, lambda: 1 <= figure(page, "ppl") < 2, seconds=90)


def test_sentences_of_one_character_train_like_any_other(page: Page) -> None:
    open_page(page)
    learn(page, "a\nb\n\n  c  ")
    expect(page.locator("#prepro_status")).to_contain_text("found 3 distinct characters")
    # Three equally likely characters, and then the end, which is certain.
    wait_until(page, lambda: 1 < figure(page, "ppl") < 2.2)


def test_every_space_that_it_writes_is_shown(page: Page) -> None:
    open_page(page)
    learn(page, "so   far")
    wait_until(page, lambda: greedy(page) == "so   far")
    wait_until(page, lambda: "so   far" in samples(page))


def test_markup_in_the_text_stays_text(page: Page) -> None:
    open_page(page)
    learn(page, "<script>window.owned = 1</script>\n<img src=x onerror='window.owned = 1'>")
    wait_until(page, lambda: "<" in greedy(page) or any("<" in line for line in samples(page)))
    page.wait_for_timeout(500)
    assert page.evaluate("window.owned") is None
    expect(page.locator("#prepro_status")).to_contain_text("<")
