"""Download and upload of models, and their limits."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from app.errors import BusyError
from app.protocol.limits import Limits
from app.runtime.folder_lock import LOCK_FILE
from app.training.model_io import FOLDER
from app.web.http.models import MAX_DOWNLOADS, MAX_UPLOADS, PIECE
from app.web.service import SessionService
from model import CharModel
from model.formats import python_file, safetensors_file
from tests.support.app_server import AppServer, Client, Tab, running_app
from tests.support.transfers import transfer_files
from tests.support.waiting import PATIENCE

ADDRESS = "/api/model.json"
UPLOAD = 400_000
"""Upload limit of the strict server in bytes, a little more than a small model."""
CHUNKED = {"Transfer-Encoding": "chunked"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """A server with a low upload limit."""
    with running_app(tmp_path_factory.mktemp("strict"), limits=Limits(upload=UPLOAD)) as app_server:
        yield app_server


@pytest.fixture
def guest(strict: AppServer) -> Iterator[Client]:
    """A client of the strict server, with a session."""
    guest = strict.new_client()
    guest.open_tab().ask("pause")
    yield guest
    guest.leave()


def paused(client: Client, units: int = 8) -> Tab:
    """A page with a small paused network."""
    tab = client.open_tab()
    options = {"hidden_sizes": str(units), "letter_size": "3"}
    assert tab.ask("learn", {"text": "abc\nbca 🙂", "options": options}) == {"ok": True}
    assert tab.ask("pause") == {"ok": True}
    return tab


def files_of(app_server: AppServer) -> list[Path]:
    """The server's temporary model files."""
    return transfer_files(app_server.parts.config.data_dir)


def open_files_of(app_server: AppServer) -> list[str]:
    """The temporary model files that are open, unlinked ones included."""
    folder = str(app_server.parts.config.data_dir / FOLDER)
    opened = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            opened.append(str(entry.readlink()))
        except FileNotFoundError:  # closed since the folder was listed
            continue
    return [name for name in opened if name.startswith(folder) and not name.endswith(LOCK_FILE)]


def wait_until_gone(tab: Tab, app_server: AppServer) -> None:
    """Wait until no file is left: a thread removes them."""
    tab.wait_for(lambda: not files_of(app_server))


def announced(length: int) -> dict[str, str]:
    """Headers with this Content-Length."""
    return {"CONTENT_LENGTH": str(length)}


def code(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["code"]


# ------------------------------------------------------------------ what goes through


@pytest.mark.parametrize("units", [8, 150], ids=["small", "large"])
def test_download_and_upload_round_trip_at_any_size(
    app_server: AppServer, new_client: Callable[[], Client], units: int
) -> None:
    client, other = new_client(), new_client()
    tab, other_tab = paused(client, units), paused(other)
    down = client.get(ADDRESS)
    assert (down.status_code, down.mimetype) == (200, "application/json")
    assert down.headers["Content-Disposition"] == 'attachment; filename="charnn-model.json"'
    assert down.headers["Cache-Control"] == "no-store"
    assert int(down.headers["Content-Length"]) == len(down.data)
    up = other.put(ADDRESS, down.data)
    assert (up.status_code, up.get_json()) == (200, {"ok": True})
    for each in (tab, other_tab):  # kernels may have to be loaded before anything is written
        each.wait_for(lambda each=each: each.newest("status") == "paused")
        each.wait_for(lambda each=each: each.newest("greedy") is not None)
    other_tab.wait_for(lambda: other_tab.newest("greedy") == tab.newest("greedy"))
    assert other.get(ADDRESS).get_json()["model"] == down.get_json()["model"]
    wait_until_gone(tab, app_server)


@pytest.mark.parametrize(
    ("address", "mimetype", "made"),
    [
        ("/api/model.safetensors", "application/octet-stream", safetensors_file),
        ("/api/model.py", "text/x-python; charset=utf-8", python_file),
    ],
)
def test_models_download_in_other_formats(
    client: Client, address: str, mimetype: str, made: Callable[[CharModel], bytes]
) -> None:
    paused(client)
    down = client.get(address)
    assert (down.status_code, down.headers["Content-Type"]) == (200, mimetype)
    name = f"charnn-{address.rpartition('/')[2]}"
    assert down.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert down.data == made(CharModel.from_json(client.get(ADDRESS).data))


def test_chunked_upload(guest: Client) -> None:
    body = io.BytesIO(guest.get(ADDRESS).data)
    response = guest.http.put(ADDRESS, input_stream=body, headers=CHUNKED)
    assert (response.status_code, response.get_json()) == (200, {"ok": True})


def test_a_byte_order_mark_is_accepted_at_every_door(client: Client) -> None:
    tab = client.open_tab()
    marked = "\ufeff" + tab.ask("save")["json"]
    assert tab.ask("load", {"json": marked})["ok"]
    assert client.put(ADDRESS, marked.encode()).get_json()["ok"]


def test_large_models_are_not_saved_over_the_socket(client: Client) -> None:
    tab = paused(client, units=150)
    answer = tab.ask("save")
    assert (answer["code"], answer["field"]) == ("too_large_to_save", "json")
    answer = tab.ask("load", {"json": " " * 1_000_001})
    assert (answer["code"], answer["field"]) == ("too_large_to_load", "json")


# ------------------------------------------------------------------ what is refused


def test_an_upload_with_a_large_content_length_is_refused_unread(guest: Client) -> None:
    body = io.BytesIO(b" " * 10)
    response = guest.http.put(ADDRESS, input_stream=body, environ_overrides=announced(UPLOAD + 1))
    assert code(response) == (413, "upload_too_large")
    assert response.get_json()["field"] == "json"
    assert body.tell() == 0


def test_an_oversized_chunked_upload_is_refused(guest: Client, strict: AppServer) -> None:
    body = io.BytesIO(b" " * 2 * UPLOAD)
    response = guest.http.put(ADDRESS, input_stream=body, headers=CHUNKED)
    assert code(response) == (413, "upload_too_large")
    assert body.tell() <= UPLOAD + PIECE
    wait_until_gone(guest.open_tab(), strict)


def test_an_interrupted_upload_changes_nothing(guest: Client, strict: AppServer) -> None:
    tab = guest.open_tab()
    version = tab.state["version"]
    response = guest.http.put(
        ADDRESS, input_stream=io.BytesIO(b"{"), environ_overrides=announced(1000)
    )
    assert code(response) == (400, "upload_incomplete")
    wait_until_gone(tab, strict)
    assert tab.ask("set", {"temperature": 3}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("temperature") == 3)
    assert tab.newest("version") == version


def test_an_incomplete_upload_is_refused(guest: Client) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError("the connection has ended")

    response = guest.http.put(ADDRESS, input_stream=Broken(), environ_overrides=announced(1000))
    assert code(response) == (400, "upload_incomplete")


def test_an_invalid_model_file_is_refused_and_training_continues(client: Client) -> None:
    tab = client.open_tab()
    saved = tab.ask("save")["json"]
    version = tab.state["version"]
    damaged = json.loads(saved)
    del damaged["model"]["Wil"]
    for body, reason in (
        (b"", "json_invalid"),
        (saved.encode()[:1000], "json_invalid"),
        (b"[]", "json_not_an_object"),
        (json.dumps(damaged).encode(), "matrix_missing"),
    ):
        response = client.put(ADDRESS, body)
        assert code(response) == (400, reason)
        assert response.get_json()["field"] == "json"
        assert tab.ask("load", {"json": body.decode()}) == response.get_json()
    assert code(client.put(ADDRESS, b"%PDF-1.7 \xe2\xe3")) == (400, "foreign_file")
    tab.wait_for_steps(more_than=tab.newest("steps"))
    assert (tab.newest("version"), tab.newest("status")) == (version, "learning")


def test_a_full_disk_fails_the_upload_and_leaves_no_file(
    guest: Client, strict: AppServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with monkeypatch.context() as without_room:
        without_room.setattr(strict.parts.model_io, "new_file", lambda: full)
        body = b" " * UPLOAD
        assert code(guest.put(ADDRESS, body)) == (503, "disk_full")
    guest.open_tab().wait_for(lambda: not full.is_symlink())


def test_a_failed_download_frees_its_slot(guest: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise BusyError("models_full", limit=8)

    with monkeypatch.context() as busy:
        busy.setattr(SessionService, "save", refuse)
        refused = {code(guest.get(ADDRESS)) for _ in range(MAX_DOWNLOADS + 1)}
        assert refused == {(503, "models_full")}
    assert guest.get(ADDRESS).status_code == 200


# ------------------------------------------------------------------ how much at once


class Held(io.BytesIO):
    """A request body that blocks until it is released."""

    def __init__(self, may_come: threading.Event) -> None:
        super().__init__(b"{}")
        self._may_come = may_come

    def read(self, size: int | None = -1, /) -> bytes:
        assert self._may_come.wait(PATIENCE)
        return super().read(size)


def test_one_session_cannot_take_the_upload_slots_of_others(
    guest: Client, strict: AppServer
) -> None:
    """Slow uploads of one visitor kept all others from loading a model."""
    tab, may_come = guest.open_tab(), threading.Event()
    other = strict.new_client()
    other.open_tab()

    def upload() -> TestResponse:
        return guest.http.put(ADDRESS, input_stream=Held(may_come), environ_overrides=announced(2))

    with ThreadPoolExecutor(MAX_UPLOADS) as threads:
        try:
            uploads = [threads.submit(upload) for _ in range(MAX_UPLOADS)]
            tab.wait_for(lambda: len(files_of(strict)) == MAX_UPLOADS)
            assert code(guest.put(ADDRESS, b"{}")) == (503, "uploads_full")
            assert code(other.put(ADDRESS, b"{}")) == (400, "entry_missing")
        finally:
            may_come.set()
        codes = sorted(code(each.result(PATIENCE)) for each in uploads)
        assert codes == [(400, "entry_missing")] * (MAX_UPLOADS - 1) + [(503, "upload_displaced")]
    assert guest.put(ADDRESS, b"{}").status_code == 400  # there is room again
    wait_until_gone(tab, strict)
    other.leave()


def test_concurrent_downloads_are_limited(guest: Client, strict: AppServer) -> None:
    tab = guest.open_tab()
    under_way = [guest.get(ADDRESS, buffered=False) for _ in range(MAX_DOWNLOADS)]
    assert code(guest.get(ADDRESS)) == (503, "downloads_full")
    wait_until_gone(tab, strict)  # an open file needs no name
    assert len(open_files_of(strict)) == MAX_DOWNLOADS
    for response in under_way:
        response.close()
    assert not open_files_of(strict)
    assert guest.get(ADDRESS).status_code == 200
