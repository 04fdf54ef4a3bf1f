"""Save, load, download and upload of models, and the pretrained ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import safetensors.numpy
from playwright.sync_api import Page, expect

from app.catalog import pretrained
from tests.e2e.page import (
    await_figure,
    await_more_steps,
    await_perplexity,
    await_state,
    await_status,
    figure,
    greedy,
    learn,
    model,
    open_page,
    pause,
    samples,
    save_into_box,
    wait_until,
)

TEXT = "we read\nwe write\nwe rest"


def trained(page: Page) -> str:
    """Train a small network and pause it; returns its greedy prediction."""
    open_page(page)
    learn(page, TEXT, hidden_sizes="8")
    await_figure(page, "steps", 300)
    pause(page)
    return greedy(page)


def restart(page: Page) -> None:
    """Replace a paused network by another, train it and pause it."""
    learn(page, hidden_sizes="3")
    await_status(page, "learning")
    await_more_steps(page)
    pause(page)


def downloaded(page: Page, link: str, folder: Path) -> Path:
    """The file that a link downloads."""
    with page.expect_download() as download:
        page.locator(f"#{link}").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_save_and_load_through_the_text_box(page: Page) -> None:
    prediction = trained(page)
    saved = save_into_box(page)
    restart(page)
    page.locator("#tio").fill(saved[:1000])
    page.locator("#loadmodel").click()
    await_state(page, "#panel_saving", "refused")
    expect(page.locator("#opt_hidden_sizes")).to_have_value("3")
    page.locator("#tio").fill(saved)
    page.locator("#loadmodel").click()
    expect(page.locator("#opt_hidden_sizes")).to_have_value("8")
    expect(page.locator("#argmax .apred")).to_have_text(prediction)
    assert figure(page, "steps") == 0  # it is paused and has not trained
    assert json.loads(save_into_box(page))["model"] == json.loads(saved)["model"]
    page.locator("#resume").click()
    await_figure(page, "steps", 0)


def test_download_upload_and_other_formats(page: Page, tmp_path: Path) -> None:
    prediction = trained(page)
    file = downloaded(page, "downloadmodel", tmp_path)
    assert file.name == "charnn-model.json"
    weights = downloaded(page, "download_safetensors", tmp_path)
    assert weights.name == "charnn-model.safetensors"
    tensors = safetensors.numpy.load_file(weights)
    assert {"embedding.weight", "layers.0.weight_ih_l0", "decoder.bias"} <= set(tensors)
    program = downloaded(page, "download_python", tmp_path)
    assert program.name == "charnn-model.py"
    written = subprocess.run(
        [sys.executable, "-I", program, "--temperature", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert written.stdout.strip() == prediction.strip()

    restart(page)
    page.locator("#uploadmodel").set_input_files(file)
    await_state(page, "#panel_saving", "loaded")
    expect(page.locator("#opt_hidden_sizes")).to_have_value("8")
    expect(page.locator("#argmax .apred")).to_have_text(prediction)
    assert model(page)["model"] == json.loads(file.read_text())["model"]


def test_a_pretrained_model_samples_at_once_and_trains(page: Page) -> None:
    open_page(page)
    first, other = list(pretrained.cards().values())[:2]
    page.locator("#loadpretrained").click()
    expect(page.locator("#lr_text")).to_have_text("0.00010")
    await_perplexity(page, first.perplexity * 1.5)
    wait_until(page, lambda: all(samples(page)))
    await_more_steps(page)

    card = page.locator(".card:visible")
    expect(card).to_contain_text(f"{first.perplexity:.2f}")
    page.locator("#pretrained_choice").select_option(other.name)
    expect(card).to_have_count(1)
    expect(card).to_contain_text(f"{other.held_out_perplexity:.2f}")
    page.locator("#loadpretrained").click()
    sizes = ", ".join(map(str, other.hidden_sizes))
    expect(page.locator("#opt_hidden_sizes")).to_have_value(sizes)
    await_figure(page, "steps", 0)
