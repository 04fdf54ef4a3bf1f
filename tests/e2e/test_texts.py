"""Built-in texts, opened files and dropped files."""

from __future__ import annotations

import gzip

from playwright.sync_api import Page, expect

from app.catalog import texts
from tests.e2e.page import (
    await_figure,
    await_perplexity,
    await_state,
    await_status,
    block_requests,
    expect_characters,
    expect_fault,
    expect_no_fault,
    greedy,
    learn,
    model,
    open_page,
    samples,
    show_text,
    wait_until,
)

MANY_SCRIPTS = ("naïve café", "hi 🙂 👩🏽‍🚀", "学而时习之", "السلام")

DROP = """(box, [name, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], name));
  const lit = [];
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried });
    box.dispatchEvent(event);
    lit.push(box.classList.contains("receiving"));
  }
  return lit;
}"""


def choose_file(page: Page, content: bytes, name: str = "notes.txt") -> None:
    page.locator("#textfile").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def test_a_built_in_text_sets_the_text_and_options(page: Page) -> None:
    open_page(page)
    show_text(page)
    choice = page.locator("#text_choice")
    expect(choice).to_have_value("essays")
    essays = len(set(texts.text("essays")) - {"\n"})
    choice.select_option("sums")
    expect(page.locator("#ti")).to_have_value(texts.text("sums"))
    await_state(page, "#panel_controls", "edited")
    sizes = texts.get("sums").options.hidden_sizes
    expect(page.locator("#opt_hidden_sizes")).to_have_value(", ".join(map(str, sizes)))
    expect_characters(page, essays)  # not trained on yet
    learn(page)
    expect_characters(page, len(set(texts.text("sums")) - {"\n"}))
    await_figure(page, "steps", 0)
    page.reload()
    expect(choice).to_have_value("sums")
    await_state(page, "#panel_controls", "unedited")


def test_a_unicode_text_file_can_be_trained_on(page: Page) -> None:
    open_page(page)
    choose_file(page, b"\xef\xbb\xbf" + "\r\n".join(MANY_SCRIPTS).encode(), name="scripts.txt")
    sentences = "\n".join(MANY_SCRIPTS)
    expect(page.locator("#ti")).to_have_value(sentences)
    expect(page.locator("#text_choice option:checked")).to_have_text("scripts.txt")
    learn(page, hidden_sizes="20")
    known = set(sentences) - {"\n"}
    expect_characters(page, len(known))
    assert set(model(page)["vocab"]) == known
    await_perplexity(page, 2)
    wait_until(page, lambda: any(written in MANY_SCRIPTS for written in samples(page)))
    assert set("".join([*samples(page), greedy(page)])) <= known


def test_dropping_a_text_file(page: Page) -> None:
    open_page(page)
    show_text(page)
    box, own = page.locator("#ti"), texts.text("essays")
    expect(page.locator("#text_choice")).to_have_value("essays")
    wrong = {
        "not_a_text": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        "encoding_not_known": "привет".encode("cp1251"),
    }
    for code, content in wrong.items():
        box.evaluate(DROP, ["wrong.txt", list(content)])
        expect_fault(page, "text", code)
    expect(box).to_have_value(own)
    expect(page.locator("#text_choice")).to_have_value("essays")
    await_state(page, "#panel_controls", "unedited")

    lit = box.evaluate(DROP, ["mine.gz", list(gzip.compress("dropped\r\nlines".encode("utf-16")))])
    assert lit == [True, True, False]
    expect(box).to_have_value("dropped\nlines")
    expect_no_fault(page, "text")
    learn(page, hidden_sizes="8")
    expect_characters(page, len(set("droppedlines")))


def test_input_before_the_scripts_load_is_kept(page: Page) -> None:
    """On a slow connection the page appears before its scripts and the server's text."""
    let_through = block_requests(page, "**/main-*.js")
    page.goto("/", wait_until="commit")
    page.locator("#ti").fill("my own sentences\nwritten early")
    page.locator("#opt_hidden_sizes").fill("7")
    page.locator("#opt_kind").select_option("gru")
    let_through()
    await_status(page, "learning")
    await_state(page, "#panel_controls", "edited")
    expect(page.locator("#ti")).to_have_value("my own sentences\nwritten early")
    learn(page)
    expect_characters(page, len(set("my own sentences" + "written early")))
    made = model(page)
    assert (made["generator"], made["hidden_sizes"]) == ("gru", [7])
