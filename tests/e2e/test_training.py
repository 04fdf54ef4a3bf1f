"""Training, and its controls on the page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.page import (
    await_figure,
    await_more_steps,
    await_perplexity,
    await_status,
    expect_characters,
    figure,
    greedy,
    learn,
    model,
    notice,
    open_options,
    open_page,
    pause,
    samples,
    show_text,
    slide,
    text,
    wait_until,
    writing,
)

NewVisitor = Callable[[], Page]

SENTENCES = "\n".join(f"the {number} small sheep of {number * 7919 % 1000}" for number in range(20))


def test_first_visit_has_hints_and_reload_keeps_the_session(
    page: Page,
) -> None:
    open_page(page)
    await_status(page, "learning")
    hints = page.get_by_role("complementary")
    expect(hints.get_by_role("listitem")).to_have_count(4)
    show_text(page)
    assert len(page.locator("#ti").input_value().splitlines()) >= 120
    early = samples(page), greedy(page)
    await_perplexity(page, 15)  # of more than 30 characters
    wait_until(page, lambda: samples(page) != early[0] and greedy(page) != early[1])
    assert figure(page, "speed") > 0
    pause(page)
    steps, written = writing(page)
    slide(page, "temperature_slider", 1.05)
    wait_until(page, lambda: samples(page) != written[:-1])  # in a later frame
    assert figure(page, "steps") == steps
    page.reload()
    await_status(page, "paused")
    expect(page.locator("#argmax .apred")).to_have_text(written[-1], use_inner_text=True)
    assert figure(page, "steps") == steps
    expect(hints).to_be_hidden()
    page.locator("#resume").click()
    await_status(page, "learning")
    await_figure(page, "steps", steps)


def test_sliders_and_two_tabs_of_one_session(page: Page) -> None:
    open_page(page)
    other_tab = open_page(page.context.new_page())  # updated by the server only
    expect(other_tab.locator("#lr_text")).to_have_text("0.01000")
    slide(page, "lr_slider", -3)
    expect(other_tab.locator("#lr_text")).to_have_text("0.00100")
    slide(page, "temperature_slider", -1)
    expect(other_tab.locator("#temperature_text")).to_have_text("0.10")
    pause(page)
    await_status(other_tab, "paused")
    cold = writing(page)
    assert writing(other_tab) == cold
    slide(other_tab, "temperature_slider", 1.05)
    expect(page.locator("#temperature_text")).to_have_text("11.22")
    wait_until(page, lambda: samples(page) != cold[1][:-1])
    wait_until(page, lambda: writing(page) == writing(other_tab))
    assert greedy(page) == cold[1][-1]


def test_browsers_have_separate_networks(new_page: NewVisitor) -> None:
    one, other = new_page(), new_page()
    for page, sentences in ((one, "aaaa\nabab"), (other, "xyxy\nxxyy")):
        open_page(page)
        learn(page, sentences, hidden_sizes="8")
    for page, letters in ((one, "ab"), (other, "xy")):
        await_figure(page, "steps", 500)
        wait_until(page, lambda page=page: any(samples(page)))  # type: ignore[misc]
        assert set("".join([*samples(page), greedy(page)])) <= set(letters)
    pause(one)
    await_status(other, "learning")
    await_more_steps(other, 2)
    await_status(one, "paused")


def test_every_cell_trains_and_has_a_diagram(page: Page) -> None:
    open_page(page)
    # All of 200 such ReLU networks train; many narrower ones start with dead units only.
    networks = {"rnn": [30, 25, 20], "gru": [8]}
    for kind, sizes in networks.items():
        page.locator("#opt_kind").select_option(kind)
        sentences, written = f"{kind} two three\nthree two", ", ".join(map(str, sizes))
        learn(page, sentences, hidden_sizes=written, learning_rate="0.003")
        await_figure(page, "steps", 500)
        await_perplexity(page, 8)
        expect(page.locator("#opt_kind")).to_have_value(kind)
        made = model(page)
        assert (made["generator"], made["hidden_sizes"]) == (kind, sizes)
        layers = page.locator("#netpicture > g").first.locator(".unlit")
        expect(layers).to_have_count(1 + len(sizes) + 1)  # letters, and output


def test_divergence_is_rolled_back_and_reported(page: Page) -> None:
    open_page(page)
    page.locator("#opt_kind").select_option("rnn")
    # All of 500 such networks diverged and recovered; two layers of 40 stay dead in one of 20 runs.
    learn(page, "some words here\nand there", hidden_sizes="100", learning_rate="1")
    await_status(page, "recovered")
    once, often = notice(page, "rolled_back"), notice(page, "rolled_back_often")
    expect(once.or_(often).first).to_have_attribute("data-level", "warning")
    wait_until(page, lambda: 0 < float(text(page, "lr_text")) < 1)
    expect(page.locator("#lr_slider")).not_to_have_js_property(
        "valueAsNumber", -2
    )  # it follows the schedule
    await_more_steps(page, 3)


def test_learning_rate_schedule_and_validation(page: Page) -> None:
    open_page(page)
    open_options(page, "schedule")
    page.locator("#opt_schedule").select_option("halve")
    options = {"schedule_epochs": "20", "validation_fraction": "0.2", "learning_rate": "0.02"}
    learn(page, SENTENCES, hidden_sizes="8", **options)
    await_figure(page, "heldout", 1)
    wait_until(page, lambda: float(text(page, "lr_text")) < 0.006)
    slide(page, "lr_slider", -2)
    expect(page.locator("#lr_text")).to_have_text("0.01000")
    wait_until(page, lambda: float(text(page, "lr_text")) < 0.006)  # and on from there


def test_whitespace_is_preserved_and_markup_escaped(page: Page) -> None:
    open_page(page)
    sentence = "<b>so</b>   <img src=x onerror=alert(1)>"
    learn(page, sentence, hidden_sizes="20")
    wait_until(page, lambda: greedy(page) == sentence)
    wait_until(page, lambda: sentence in samples(page))
    expect(page.locator(".network-text")).to_have_text(sentence)
    drawn = page.locator(":is(#samples, #argmax, .network, #prepro_status) :is(b, img)")
    expect(drawn).to_have_count(0)


def test_undo_restores_the_previous_network(page: Page) -> None:
    open_page(page)
    show_text(page)
    pause(page)
    steps, sentences = figure(page, "steps"), page.locator("#ti").input_value()
    learn(page, "abab\nbaba", hidden_sizes="4")
    undo = page.locator("#panel_controls button.undo")
    undo.click()
    expect(page.locator("#ti")).to_have_value(sentences)
    expect(page.locator("#opt_hidden_sizes")).to_have_value("20, 20")
    await_figure(page, "steps", steps - 1)
    undo.click()  # redo
    expect_characters(page, 2)
    expect(page.locator("#opt_hidden_sizes")).to_have_value("4")
