"""The best weights of a network on running text, over the socket and HTTP."""

from __future__ import annotations

import json

from model import CharModel
from tests.support.app_server import Client

TEXT = "def add(a, b):\n\treturn a + b\n\n\ndef twice(a):\n\treturn add(a, a)\n" * 40
OPTIONS = {
    "hidden_sizes": "8",
    "letter_size": "3",
    "mode": "text",
    "sequence_length": "16",
    "batch_size": "4",
}
ADDRESS = "/api/model.json"


def test_a_network_on_running_text_keeps_its_best_weights_which_can_be_loaded_and_saved(
    client: Client,
) -> None:
    tab = client.open_tab()
    assert tab.ask("learn", {"text": TEXT, "options": OPTIONS}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("version") == 2 and tab.newest("best"))
    assert tab.ask("pause") == {"ok": True}
    tab.wait_for(lambda: tab.newest("status") == "paused")
    best = tab.newest("best")
    assert 0 < best["step"] + 1 <= tab.newest("steps") + 1
    latest = client.get(ADDRESS).get_json()
    chosen = client.get(f"{ADDRESS}?weights=best").get_json()
    by_socket = json.loads(tab.ask("save", {"weights": "best"})["json"])
    assert chosen["model"] == by_socket["model"]
    assert chosen["best"] == latest["best"]
    assert round(latest["best"]["loss"], 4) == best["loss"]
    request = {"prime": "def ", "method": "sample", "top_k": 1, "count": 1, "length": 40}
    [completion] = tab.ask("complete", {**request, "weights": "best"})["completions"]
    assert completion["text"] == CharModel.from_json(chosen).greedy("def ", 40)
    assert completion["cut"]  # running text has no end
    version = tab.newest("version")
    assert tab.ask("load_best", {}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("version") == version + 1)
    assert tab.newest("undoable") == "load"
    assert client.get(ADDRESS).get_json()["model"] == chosen["model"]
    assert tab.ask("undo", {}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("version") == version + 2)
    assert client.get(ADDRESS).get_json()["model"] == latest["model"]


def test_a_network_without_a_validation_set_has_no_best_weights(client: Client) -> None:
    tab = client.open_tab()
    small = {"hidden_sizes": "8", "letter_size": "3"}
    assert tab.ask("learn", {"text": "abc\nbca", "options": small}) == {"ok": True}
    assert tab.ask("load_best", {})["code"] == "no_best_weights"
    response = client.get(f"{ADDRESS}?weights=best")
    assert (response.status_code, response.get_json()["code"]) == (400, "no_best_weights")
    assert client.get(f"{ADDRESS}?weights=worst").get_json()["code"] == "unknown_choice"
