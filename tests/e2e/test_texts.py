"""Texts come into the box by choosing, opening and dropping; those that cannot be learnt do not."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from app import texts
from app.limits import Limits
from app.protocol import MAX_LINE
from tests.e2e.the_page import figure, greedy, open_page, samples, text, wait_until

MANY_SCRIPTS = (
    "naïve café déjà vu",
    "hello 🙂 world 👩🏽‍🚀",
    "学而时习之",
    "السلام عليكم",
)

DROP = """(box, [name, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried });
    box.dispatchEvent(event);
    if (type === "dragover") window.lit = box.classList.contains("receiving");
  }
}"""

ENTRIES = ("kind", "hidden_sizes", "letter_size", "l2", "learning_rate", "clip")


def choose(page: Page, name: str) -> None:
    page.locator("#text_choice").select_option(name)


def choose_file(page: Page, content: bytes, name: str = "notes.txt") -> None:
    page.locator("#textfile").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def drop_file(page: Page, content: bytes, name: str = "notes.txt") -> None:
    page.locator("#ti").evaluate(DROP, [name, list(content)])


def entries(page: Page) -> dict[str, str]:
    return {name: page.locator(f"#opt_{name}").input_value() for name in ENTRIES}


# ------------------------------------------------------------------ choosing


def test_the_page_says_that_the_box_holds_the_essays(page: Page) -> None:
    open_page(page)
    expect(page.locator("#text_choice")).to_have_value("essays")
    expect(page.locator("#text_about")).to_have_text(texts.described("essays").expect)


def test_a_chosen_text_fills_the_box_and_the_options_and_is_learnt_on_learn(page: Page) -> None:
    open_page(page)
    characters = text(page, "prepro_status")
    choose(page, "sums")
    expect(page.locator("#ti")).to_have_value(texts.text("sums"))
    expect(page.locator("#text_about")).to_contain_text(texts.described("sums").expect)
    expect(page.locator("#edited")).to_be_visible()
    options = texts.described("sums").options
    expect(page.locator("#opt_hidden_sizes")).to_have_value(
        ", ".join(map(str, options.hidden_sizes))
    )
    expect(page.locator("#opt_kind")).to_have_value(options.kind)
    assert text(page, "prepro_status") == characters  # nothing is learnt from it yet
    page.locator("#learn").click()
    expect(page.locator("#prepro_status")).to_contain_text("found 13 distinct characters")
    expect(page.locator("#edited")).to_be_hidden()
    expect(page.locator("#text_choice")).to_have_value("sums")
    page.reload()
    expect(page.locator("#text_choice")).to_have_value("sums")


def test_a_text_that_suggests_nothing_brings_the_usual_options(page: Page) -> None:
    open_page(page)
    usual = entries(page)
    for name in ("functions", "essays"):
        choose(page, name)
        expect(page.locator("#ti")).to_have_value(texts.text(name))
        assert (entries(page) == usual) == (name == "essays")


def test_what_was_written_comes_back_after_another_text(page: Page) -> None:
    open_page(page)
    page.locator("#ti").fill("my own words\nand some more")
    page.locator("#opt_hidden_sizes").fill("7, 7")
    expect(page.locator("#text_choice")).to_have_value("")
    for name in ("names", "sums"):
        choose(page, name)
        expect(page.locator("#ti")).to_have_value(texts.text(name))
    choose_file(page, b"from a file")
    expect(page.locator("#ti")).to_have_value("from a file")
    choose(page, "")
    expect(page.locator("#ti")).to_have_value("my own words\nand some more")
    expect(page.locator("#opt_hidden_sizes")).to_have_value("7, 7")
    expect(page.locator("#text_about")).to_be_empty()


def test_a_text_that_is_changed_by_hand_is_the_persons_own(page: Page) -> None:
    open_page(page)
    choose(page, "names")
    expect(page.locator("#ti")).to_have_value(texts.text("names"))
    page.locator("#ti").press_sequentially("x")
    expect(page.locator("#text_choice")).to_have_value("")
    expect(page.locator("#text_about")).to_be_empty()
    changed = page.locator("#ti").input_value()
    choose(page, "recipes")
    expect(page.locator("#ti")).to_have_value(texts.text("recipes"))
    choose(page, "")
    expect(page.locator("#ti")).to_have_value(changed)


def test_a_learnt_text_is_only_taken_for_one_of_these_that_it_is_to_the_letter(page: Page) -> None:
    open_page(page)
    essays = texts.text("essays")
    other = "X" + essays[1:]
    page.locator("#ti").fill(other)
    page.locator("#learn").click()
    expect(page.locator("#edited")).to_be_hidden()
    expect(page.locator("#ti")).to_have_value(other)
    expect(page.locator("#text_choice")).to_have_value("")
    page.locator("#ti").fill(essays)
    page.locator("#learn").click()
    expect(page.locator("#text_choice")).to_have_value("essays")


def test_a_text_that_cannot_be_fetched_changes_nothing(page: Page) -> None:
    open_page(page)
    expect(page.locator("#text_choice")).to_have_value("essays")
    page.route("**/api/texts/*", lambda route: route.fulfill(status=502, body="Bad Gateway"))
    choose(page, "names")
    expect(page.locator("#text_error")).to_contain_text("error 502")
    expect(page.locator("#text_choice")).to_have_value("essays")
    expect(page.locator("#ti")).to_have_value(texts.text("essays"))
    page.unroute("**/api/texts/*")
    choose(page, "names")
    expect(page.locator("#ti")).to_have_value(texts.text("names"))
    expect(page.locator("#text_error")).to_be_empty()


# ------------------------------------------------------------------ files


def test_a_file_is_opened_and_can_be_chosen_again(page: Page) -> None:
    open_page(page)
    options = entries(page)
    choose_file(page, b"one line\nanother", name="mine.txt")
    expect(page.locator("#ti")).to_have_value("one line\nanother")
    expect(page.locator("#text_choice option:checked")).to_have_text("mine.txt")
    expect(page.locator("#edited")).to_be_visible()
    assert entries(page) == options
    choose(page, "names")
    expect(page.locator("#ti")).to_have_value(texts.text("names"))
    page.locator("#text_choice").select_option(label="mine.txt")
    expect(page.locator("#ti")).to_have_value("one line\nanother")


def test_a_dropped_file_fills_the_box_that_lights_up_for_it(page: Page) -> None:
    open_page(page)
    drop_file(page, b"dropped\nlines")
    expect(page.locator("#ti")).to_have_value("dropped\nlines")
    assert page.evaluate("window.lit") is True
    expect(page.locator("#ti")).not_to_have_class(re.compile("receiving"))
    page.locator("#learn").click()
    expect(page.locator("#prepro_status")).to_contain_text("found 9 distinct characters")


def test_what_is_entered_before_the_scripts_have_come_is_kept(page: Page) -> None:
    """On a slow line the page is there long before they are, and the server's text after them."""
    held: list[Route] = []
    page.route("**/js/main.js", lambda route: held.append(route))  # noqa: PLW0108
    page.goto("/", wait_until="commit")
    page.locator("#ti").fill("my own sentences\nwritten early")
    page.locator("#opt_hidden_sizes").fill("7")
    page.locator("#opt_kind").select_option("gru")
    wait_until(page, lambda: bool(held))
    held[0].continue_()
    expect(page.locator("#edited")).to_be_visible()
    expect(page.locator("#status")).to_have_text("Learning")
    expect(page.locator("#ti")).to_have_value("my own sentences\nwritten early")
    page.locator("#learn").click()
    expect(page.locator("#edited")).to_be_hidden()
    expect(page.locator("#netpicture_text")).to_contain_text("7 hidden units")
    expect(page.locator("#opt_kind")).to_have_value("gru")


def test_a_wrong_file_says_what_is_taken_and_changes_nothing(page: Page) -> None:
    open_page(page)
    error = page.locator("#text_error")
    for content, fault in (
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "This is a PDF."),
        ("\ufeffplain words".encode("utf-16-le"), "in UTF-16"),
        ("\ufeffplain words".encode("utf-16-be"), "in UTF-16"),
        (b"PK\x03\x04\x00\x00words", "not a text"),
        ("caf\xe9".encode("latin-1"), "not in UTF-8"),
        (b" \n\r\n", "no sentence"),
        (b"a" * 2_000_000, "A line of this file has 2,000,000 characters"),
        (b"short\n" + b"a" * (MAX_LINE + 1), "A line of this file has 10,001 characters"),
        (b"words\n" * 400_000, "it has 2,400,000 characters"),
        (b"words\n" * 1_400_000, "it has 8,400,000 bytes"),
    ):
        # Once it is there: what was chosen last is put into the box when it has been fetched.
        expect(page.locator("#ti")).to_have_value(texts.text("essays"))
        choose_file(page, content)
        expect(error).to_contain_text(fault)
        expect(error).to_contain_text("What is taken: a text in UTF-8, one sentence a line")
        expect(error).to_contain_text(f"{Limits().text:,} characters, lines up to {MAX_LINE:,}")
        expect(page.locator("#ti")).to_have_value(texts.text("essays"))
        expect(page.locator("#text_choice")).to_have_value("essays")
        expect(page.locator("#edited")).to_be_hidden()
        choose_file(page, b"a good one")
        expect(page.locator("#ti")).to_have_value("a good one")
        expect(error).to_be_empty()
        choose(page, "essays")


def test_several_files_at_once_are_refused(page: Page) -> None:
    open_page(page)
    page.locator("#ti").evaluate(
        """(box) => {
          const carried = new DataTransfer();
          for (const name of ["a.txt", "b.txt"]) carried.items.add(new File(["x"], name));
          box.dispatchEvent(new DragEvent("drop", { cancelable: true, dataTransfer: carried }));
        }"""
    )
    expect(page.locator("#text_error")).to_contain_text("one at a time")


def test_the_longest_lines_of_long_characters_are_taken(page: Page) -> None:
    open_page(page)
    line = "🙂" * MAX_LINE
    choose_file(page, line.encode())
    expect(page.locator("#ti")).to_have_value(line)
    expect(page.locator("#text_error")).to_be_empty()


@pytest.mark.parametrize("begins_with", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
def test_text_of_many_scripts_is_learnt_and_written(page: Page, begins_with: bytes) -> None:
    open_page(page)
    choose_file(page, begins_with + "\r\n".join(MANY_SCRIPTS).encode())
    expect(page.locator("#ti")).to_have_value("\n".join(MANY_SCRIPTS))
    page.locator("#learn").click()
    known = set("".join(MANY_SCRIPTS))
    expect(page.locator("#prepro_status")).to_contain_text(f"found {len(known)} distinct")
    wait_until(page, lambda: 1 < figure(page, "ppl") < 1.5)
    for _ in range(5):
        assert set("".join([*samples(page), greedy(page)])) <= known
        page.wait_for_timeout(200)
    wait_until(page, lambda: any(written in MANY_SCRIPTS for written in samples(page)))
