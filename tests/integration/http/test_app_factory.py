"""The application factory `create_app`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app import server
from app.engines.base import Problem
from app.server import ServerError, create_app
from app.storage import Store, default_url
from app.web.extension import Extension, extension_of
from tests.support.app_server import CONFIG, AppServer, running_app
from tests.support.snapshots import FIRST
from tests.support.stub_engine import StubEngine


def test_create_app_uses_the_given_engine(tmp_path: Path) -> None:
    engine = StubEngine()
    with running_app(tmp_path, engine=engine) as app_server:
        assert app_server.parts.engine is engine
        tab = app_server.new_client().open_tab()
        assert len(engine.created) == 1
        assert tab.state["text"]["beginning"] == FIRST.description.text.beginning
        assert tab.ask("pause") == {"ok": True}
        engine.wrong.append(Problem("thread_ended", "a thread has ended"))
        assert tab.ask("pause")["code"] == "no_node"
    assert engine.is_closed


def test_create_app_uses_the_given_store(tmp_path: Path) -> None:
    store = Store.open(default_url(tmp_path / "elsewhere"))
    config = replace(CONFIG, data_dir=tmp_path / "here")
    app_server = AppServer(create_app(config, engine=StubEngine(), store=store))
    try:
        share_id = "A" * 22
        assert app_server.app.test_client().get(f"/s/{share_id}").status_code == 404
        assert not (tmp_path / "here" / "sessions.sqlite").exists()
    finally:
        app_server.close()
        store.close()


def test_the_extension_holds_the_services(app_server: AppServer) -> None:
    parts = app_server.app.extensions["charnn"]
    assert isinstance(parts, Extension)
    assert extension_of(app_server.app) is parts
    assert parts.engine.snapshots is not None
    assert parts.config.async_mode == parts.backend.async_mode == "threading"


def test_two_apps_in_one_process_are_independent(tmp_path: Path) -> None:
    one_engine, other_engine = StubEngine(), StubEngine()
    with (
        running_app(tmp_path / "one", engine=one_engine) as one,
        running_app(tmp_path / "other", engine=other_engine, token="needed by others") as other,
    ):
        client = one.new_client()
        tab = client.open_tab()
        assert (len(one_engine.created), len(other_engine.created)) == (1, 0)
        assert client.get("/").status_code == 200
        assert other.app.test_client().get("/").status_code == 401
        # The other app's cookie is invalid here: the secrets differ.
        http = other.app.test_client()
        http.get("/?token=needed by others")
        cookie = client.http.get_cookie("charnn_session")
        assert cookie is not None
        http.set_cookie("charnn_session", cookie.value)
        assert http.get("/api/history.csv").get_json()["code"] == "no_session"
        tab.ask("pause")
        counted = b'charnn_event_latency_seconds_count{event="pause",outcome="ok"}'
        assert counted in one.parts.metrics.text()
        assert counted not in other.parts.metrics.text()


def test_health_and_readiness_name_the_problems(tmp_path: Path) -> None:
    """A restart solves only what `/healthz` reports."""
    engine = StubEngine()
    with running_app(tmp_path, engine=engine) as app_server:
        http = app_server.app.test_client()

        def codes(path: str) -> list[str]:
            answer = http.get(path)
            found = [each["code"] for each in answer.get_json().get("problems", [])]
            assert (answer.status_code, answer.get_json()["ok"]) == (
                (503, False) if found else (200, True)
            )
            return found

        assert (codes("/healthz"), codes("/readyz")) == ([], [])
        engine.passing.append(Problem("store_failing", "the store fails"))
        assert (codes("/healthz"), codes("/readyz")) == ([], ["store_failing"])
        engine.wrong.append(Problem("thread_ended", "a thread has ended"))
        assert codes("/healthz") == ["thread_ended"]
        assert codes("/readyz") == ["thread_ended", "store_failing"]
        engine.wrong.clear()
        engine.passing.clear()
        app_server.parts.shutdown.begun = True
        assert (codes("/healthz"), codes("/readyz")) == ([], ["stopping"])


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"secret": "short"}, "--secret"),
        ({"token": "15 characters.."}, "--token"),
        ({"database_url": "sqlite:///:memory:"}, "--database-url"),
        ({"root_path": "charnn/"}, "--root-path"),
        ({"frame_ancestors": "https://a.example b.example"}, "--frame-ancestors"),
    ],
)
def test_create_app_errors_name_the_option(
    tmp_path: Path, changes: dict[str, str], option: str
) -> None:
    with pytest.raises(ServerError) as caught:
        create_app(replace(CONFIG, data_dir=tmp_path, **changes))  # type: ignore[arg-type]
    assert option in str(caught.value)


def test_without_a_bundle_the_error_says_how_to_build_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_folder", lambda name: tmp_path / name)
    with pytest.raises(ServerError, match="make setup"):
        create_app(replace(CONFIG, data_dir=tmp_path))
