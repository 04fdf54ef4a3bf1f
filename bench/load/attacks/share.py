"""Attacks on the other visitors' share of the training time."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

from bench.harness.socketio_client import PageClient
from bench.load.attacks.attack import SHARE_OF_FIVE, Attack, Attacker
from bench.load.attacks.texts import distinct_characters, in_lines
from model import CharModel, Vocabulary

LINE = "the quick brown fox jumps over the lazy dog"
LARGE = {"hidden_sizes": [690]}
"""Almost as many weights as a network may have."""
LONGEST_LINE = 480
QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("complete", {"prime": LINE[:40], "method": "beam", "width": 20}),
    ("surprise", {"text": LINE}),
    ("units", {"text": LINE}),
    ("weights", {}),
    ("find_units", {"feature": "word_position"}),
    ("gradient_check", {}),
)
QUESTIONS_PER_SECOND = 20
LAYERS, MOST_LAYERS = 5_000, 16
"""Layers of a network that is refused, and of one that is not."""
EMOJI = 700
TEXT = 2_000_000
DISTINCT, MOST_DISTINCT = 300_000, 9_990
"""Distinct characters of a text that is refused, and of one that is not."""
LINE_LENGTH = 50


async def questions_without_end(attacker: Attacker) -> None:
    """Two pages ask about their large networks 20 times a second, whatever is answered."""
    pages = await _pages_of_large_networks(attacker)
    async with asyncio.TaskGroup() as asking:
        for event, payload in itertools.cycle(QUESTIONS):
            for page in pages:
                asking.create_task(attacker.ask(page, event, payload))
            await asyncio.sleep(1 / QUESTIONS_PER_SECOND)


async def sliders_without_end(attacker: Attacker) -> None:
    """Two pages move the temperature of their large, paused networks 20 times a second."""
    pages = await _pages_of_large_networks(attacker)
    await asyncio.sleep(1)
    for page in pages:
        await attacker.ask(page, "pause", {})
    async with asyncio.TaskGroup() as asking:
        for number in itertools.count():
            for page in pages:
                payload = {"temperature": 1 + number % 10 / 10}
                asking.create_task(attacker.ask(page, "set", payload))
            await asyncio.sleep(1 / QUESTIONS_PER_SECOND)


async def _pages_of_large_networks(attacker: Attacker) -> list[PageClient]:
    """Two pages, each of whose networks is large and trains."""
    pages = [await attacker.open_page() for _ in range(2)]
    for page in pages:
        await attacker.ask(page, "learn", {"text": f"{LINE}\n{LINE[::-1]}", "options": LARGE})
    return pages


async def longest_steps(attacker: Attacker) -> None:
    """Train large networks on lines as long as the server accepts for them."""
    for _ in range(4):
        page = await attacker.open_page()
        text = (LINE * 20)[:LONGEST_LINE]
        await attacker.ask(page, "learn", {"text": text, "options": LARGE})


async def deep_networks(attacker: Attacker) -> None:
    """Load networks of thousands of layers of one unit, by socket and by HTTP.

    One with as many layers as may be trains meanwhile.
    """
    deepest = CharModel.create(Vocabulary("ab"), "lstm", (1,) * MOST_LAYERS, 1, seed=1).to_json()
    pages = [await attacker.open_page() for _ in range(2)]
    for page in pages:
        await attacker.ask(page, "learn", {"text": "abab\nbaba" * 40})
        await attacker.ask(page, "load", {"json": json.dumps(deepest)})
    socket, http = _deep(LAYERS), _deep(4 * LAYERS)
    while True:
        await attacker.ask(page, "load", {"json": socket})
        status = await page.put("/api/model.json", http.encode())
        attacker.outcomes[str(status)] += 1


def _deep(layers: int) -> str:
    """A model of many layers, whose matrices a server need not read to refuse it."""
    saved = CharModel.create(Vocabulary("ab"), "rnn", (1,), 1, seed=1).to_json()
    matrix = {"n": 1, "d": 1, "w": [0.1]}
    names = (f"{name}{layer}" for layer in range(layers) for name in ("Wxh", "Whh", "bhh"))
    saved["model"] |= dict.fromkeys(names, matrix)
    return json.dumps({**saved, "hidden_sizes": layers * [1]}, separators=(",", ":"))


async def large_learns(attacker: Attacker) -> None:
    """Three sessions learn the longest texts, of emoji and of many distinct characters, in turn.

    A text of too many distinct characters is refused.
    """
    emoji = "".join(chr(0x1F300 + number) for number in range(EMOJI)) * (TEXT // EMOJI - 100)
    many = distinct_characters(MOST_DISTINCT) * (TEXT // MOST_DISTINCT - 5)
    options = {"hidden_sizes": [1], "letter_size": 1}
    payloads = [
        json.dumps({"text": in_lines(chars, LINE_LENGTH), "options": options}, ensure_ascii=False)
        for chars in (emoji, many, distinct_characters(DISTINCT))
    ]

    async def learn(page: PageClient) -> None:
        while True:
            await attacker.repeat(page, "learn", payloads)

    pages = [await attacker.open_page() for _ in range(3)]
    await asyncio.gather(*map(learn, pages))


async def infinite_weights(attacker: Attacker) -> None:
    """Load a model with weights of 3e38, which diverges at once, and resume it without end."""
    page = await attacker.open_page()
    await attacker.ask(page, "learn", {"text": "abab\nbaba"})
    saved = CharModel.create(Vocabulary("ab"), "lstm", (60,), 5, seed=1).to_json()
    for matrix in saved["model"].values():
        matrix["w"] = len(matrix["w"]) * [3e38]
    await attacker.ask(page, "load", {"json": json.dumps(saved)})
    while True:
        await attacker.ask(page, "resume", {})
        await asyncio.sleep(1 / QUESTIONS_PER_SECOND)


ATTACKS = (
    Attack("questions about large networks", questions_without_end),
    Attack("sliders of large, paused networks", sliders_without_end),
    Attack("steps as long as can be", longest_steps, min_share=SHARE_OF_FIVE),
    Attack("networks of thousands of layers", deep_networks),
    Attack("large learns", large_learns),
    Attack("weights of 3e38", infinite_weights),
)
