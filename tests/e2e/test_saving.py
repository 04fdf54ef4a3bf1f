"""The model is the person's own: save and load, download and upload."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import safetensors.numpy
from playwright.sync_api import Page, expect

from app import pretrained
from tests.e2e.the_page import figure, greedy, learn, open_page, pause, samples, wait_until


def trained(page: Page) -> str:
    """A network that has learnt for a moment and rests; its greedy prediction."""
    open_page(page)
    wait_until(page, lambda: 1 < figure(page, "ppl") < 9, seconds=60)
    pause(page)
    assert greedy(page)
    return greedy(page)


def restart(page: Page) -> None:
    """Have a paused network replaced by a new one, which learns for a moment and rests."""
    page.locator("#learn").click()
    expect(page.locator("#status")).to_have_text("Learning")
    pause(page)


def test_what_was_saved_comes_back_by_loading_it(page: Page) -> None:
    prediction = trained(page)
    page.locator("#savemodel").click()
    wait_until(page, lambda: len(page.locator("#tio").input_value()) > 1000)
    saved = page.locator("#tio").input_value()
    restart(page)
    page.locator("#tio").fill(saved)
    page.locator("#loadmodel").click()
    wait_until(page, lambda: figure(page, "steps") == 0)  # it rests, and has not learnt since
    expect(page.locator("#argmax .apred")).to_have_text(prediction)
    page.locator("#tio").fill("")
    page.locator("#savemodel").click()
    wait_until(page, lambda: len(page.locator("#tio").input_value()) > 1000)
    assert json.loads(page.locator("#tio").input_value())["model"] == json.loads(saved)["model"]


def test_loading_into_a_network_that_learns_shows_what_was_loaded(page: Page) -> None:
    prediction = trained(page)
    page.locator("#savemodel").click()
    wait_until(page, lambda: len(page.locator("#tio").input_value()) > 1000)
    page.locator("#learn").click()
    wait_until(page, lambda: greedy(page) != prediction)
    page.locator("#loadmodel").click()
    expect(page.locator("#argmax .apred")).to_have_text(prediction)
    steps = figure(page, "steps")
    wait_until(page, lambda: figure(page, "steps") > steps)  # and it learns on


def test_what_was_downloaded_comes_back_by_uploading_it(page: Page, tmp_path: Path) -> None:
    prediction = trained(page)
    with page.expect_download() as download:
        page.locator("#downloadmodel").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    restart(page)
    page.locator("#uploadmodel").set_input_files(file)
    expect(page.locator("#argmax .apred")).to_have_text(prediction)


def test_weights_and_a_program_are_downloaded_beside_the_json(page: Page, tmp_path: Path) -> None:
    prediction = trained(page)
    files = {}
    for link in ("download_safetensors", "download_python"):
        with page.expect_download() as download:
            page.locator(f"#{link}").click()
        files[link] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[link])
    assert [file.name for file in files.values()] == ["charnn-model.safetensors", "charnn-model.py"]
    weights = safetensors.numpy.load_file(files["download_safetensors"])
    assert {"embedding.weight", "layers.0.weight_ih_l0", "decoder.bias"} <= set(weights)
    written = subprocess.run(
        [sys.executable, "-I", files["download_python"], "--temperature", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert written.stdout.strip() == prediction.strip()


def test_the_saved_json_has_the_originals_structure(page: Page) -> None:
    trained(page)
    page.locator("#savemodel").click()
    wait_until(page, lambda: len(page.locator("#tio").input_value()) > 1000)
    saved = json.loads(page.locator("#tio").input_value())
    assert set(saved) == {
        "hidden_sizes", "generator", "letter_size", "model", "solver",
        "letterToIndex", "indexToLetter", "vocab",
    }  # fmt: skip
    originals, ours = {"decay_rate", "smooth_eps", "step_cache"}, {"steps", "order"}
    assert set(saved["solver"]) == originals | ours
    for matrix in (*saved["model"].values(), *saved["solver"]["step_cache"].values()):
        assert set(matrix) == {"n", "d", "w"}
        assert len(matrix["w"]) == matrix["n"] * matrix["d"]


def test_the_pretrained_model_writes_at_once_and_learns_on(page: Page) -> None:
    open_page(page)
    page.locator("#loadpretrained").click()
    expect(page.locator("#lr_text")).to_have_text("0.00010")
    wait_until(page, lambda: 1 < figure(page, "ppl") < 3)
    assert all(samples(page))


def test_a_choice_offers_the_other_pretrained_models_with_their_cards(page: Page) -> None:
    open_page(page)
    first, other = list(pretrained.cards().values())[:2]
    expect(page.locator(".card:visible")).to_contain_text(f"{first.perplexity:.2f}")
    page.locator("#pretrained_choice").select_option(other.name)
    expect(page.locator(".card:visible")).to_have_count(1)
    expect(page.locator(".card:visible")).to_contain_text(f"{other.held_out_perplexity:.2f}")
    page.locator("#loadpretrained").click()
    sizes = ", ".join(map(str, other.hidden_sizes))
    expect(page.locator("#opt_hidden_sizes")).to_have_value(sizes)
    expect(page.locator("#heldout .figure-value")).to_have_text(re.compile(r"\d"))


def test_a_loaded_model_leaves_out_sentences_it_cannot_read(page: Page) -> None:
    trained(page)
    page.locator("#savemodel").click()
    wait_until(page, lambda: len(page.locator("#tio").input_value()) > 1000)
    learn(page, "the plain one\nTHE LOUD ONE 123")
    expect(page.locator("#prepro_status")).to_contain_text("found")
    wait_until(page, lambda: figure(page, "steps") > 0)
    page.locator("#loadmodel").click()
    expect(page.locator("#notices")).to_contain_text("left out")


def test_a_model_that_would_freeze_the_page_is_left_to_the_download(page: Page) -> None:
    open_page(page)
    learn(page, "abc\nbca", hidden_sizes="300")
    expect(page.locator("#prepro_status")).to_contain_text("found 3 distinct")
    pause(page)
    page.locator("#savemodel").click()
    expect(page.locator("#json_error")).to_contain_text("use download")
    assert page.locator("#tio").input_value() == ""
    with page.expect_download() as download:
        page.locator("#downloadmodel").click()
    size = Path(download.value.path()).stat().st_size
    assert size > 5_000_000
    page.locator("#uploadmodel").set_input_files(download.value.path())
    expect(page.locator("#saving_outcome")).to_contain_text("Loaded the model")
    expect(page.locator("#json_error")).to_be_empty()


def test_an_answer_that_is_not_the_servers_is_told_in_a_sentence(page: Page) -> None:
    open_page(page)
    page.route(
        "**/api/model.json", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>")
    )
    for button in ("savemodel", "loadmodel"):
        page.locator(f"#{button}").click()
        expect(page.locator("#json_error")).to_contain_text("error 502")
    page.unroute("**/api/model.json")
    page.route("**/api/model.json", lambda route: route.abort())
    page.locator("#savemodel").click()
    expect(page.locator("#notices")).to_contain_text("has not answered")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(page: Page) -> None:
    open_page(page)
    page.locator("#uploadmodel").evaluate("(input) => { input.dataset.most = '10'; }")
    page.locator("#uploadmodel").set_input_files(
        {"name": "model.json", "mimeType": "application/json", "buffer": b"{}" * 10}
    )
    expect(page.locator("#json_error")).to_contain_text("10 bytes are the most")
