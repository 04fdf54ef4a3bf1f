"""The built-in texts over HTTP."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from app import protocol
from app.catalog import python_texts as module
from app.catalog import texts
from app.catalog.python_texts import python_texts
from app.protocol.limits import MAX_BOX_TEXT
from app.sessions.snapshot import MAX_BEGINNING
from tests.support.app_server import AppServer, Client


def test_every_text_is_served_with_its_metadata(app_server: AppServer) -> None:
    for name in texts.names():
        described = texts.get(name)
        answer = app_server.app.test_client().get(f"/api/texts/{name}").get_json()
        TypeAdapter(protocol.BuiltInText).validate_python(answer)
        assert answer["text"] == described.text
        for said in ("title", "expect", "measured"):
            assert answer[said] == getattr(described, said)


def test_every_text_can_be_trained_on(client: Client) -> None:
    answer = client.get("/api/texts/names").get_json()
    tab = client.open_tab()
    given = {"text": answer["text"], "options": answer["options"]}
    assert tab.ask("learn", given) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"]["characters"] == len(answer["text"]))
    assert client.get("/api/text").get_json()["text"] == answer["text"]
    assert tab.state["options"] == answer["options"]


@pytest.mark.parametrize("name", ["python-reference", "python-source"])
def test_texts_of_python_are_stored_when_they_are_chosen(client: Client, name: str) -> None:
    page = client.get("/").text
    assert (f'<option value="{name}"' in page) == (name in python_texts())
    if name not in python_texts():
        pytest.skip("this Python lacks the files")
    answer = client.get(f"/api/texts/{name}").get_json()
    TypeAdapter(protocol.BuiltInText).validate_python(answer)
    assert len(answer["text"]) <= MAX_BEGINNING
    assert MAX_BOX_TEXT < answer["stored"]["characters"] < 2_500_000
    assert python_texts()[name].read().startswith(answer["text"])


def test_texts_that_this_python_lacks_are_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MODULES", ("argparse", "a_module_that_is_not_there"))
    monkeypatch.setattr(module, "TOPICS", "a_package_that_is_not_there.topics")
    monkeypatch.setattr(module, "python_texts", module.python_texts.__wrapped__)
    assert module.python_texts() == {}


@pytest.mark.parametrize("name", ["novels", "sums.held_out", "catalogue.toml", "%00"])
def test_an_unknown_text_is_404_with_the_known_names(app_server: AppServer, name: str) -> None:
    response = app_server.app.test_client().get(f"/api/texts/{name}")
    answer = response.get_json()
    assert (response.status_code, answer["code"]) == (404, "unknown_text")
    assert all(known in answer["error"] for known in texts.names())


def test_path_traversal_is_404(app_server: AppServer) -> None:
    assert app_server.app.test_client().get("/api/texts/..%2Fessays").status_code == 404


def checksum(name: str) -> int:
    """Adler-32 (RFC 1950)."""
    low, high = 1, 0
    for byte in texts.text(name).encode():
        low = (low + byte) % 65521
        high = (high + low) % 65521
    return high << 16 | low


def test_the_page_has_the_checksum_and_split_of_every_text(
    app_server: AppServer,
) -> None:
    page = app_server.app.test_client().get("/").text
    for name in texts.names():
        known_by = f'data-characters="{len(texts.text(name))}" data-checksum="{checksum(name)}"'
        assert f'<option value="{name}" {known_by}' in page
    assert f'data-most="{app_server.parts.config.limits.of_text.bytes}"' in page
    assert f'data-most="{app_server.parts.config.limits.upload}"' in page
