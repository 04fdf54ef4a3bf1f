"""`create_app` makes an application of the parts it is given, and shares nothing with another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.server import ServerError, create_app
from app.storage import Store, default_url
from app.web.extension import Extension, extension_of
from tests.support.site import CONFIG, Site, open_site
from tests.support.snapshots import FIRST
from tests.support.stub_engine import StubEngine


def test_an_application_uses_the_engine_that_it_is_given(tmp_path: Path) -> None:
    engine = StubEngine()
    with open_site(tmp_path, engine=engine) as site:
        assert site.parts.engine is engine
        tab = site.visitor().open_tab()
        assert len(engine.created) == 1
        assert tab.state["text"] == FIRST.description.text
        assert tab.ask("pause") == {"ok": True}
        engine.wrong.append("there is no machine")
        assert tab.ask("pause")["code"] == "no_node"
    assert engine.is_closed


def test_an_application_uses_the_store_that_it_is_given(tmp_path: Path) -> None:
    store = Store.open(default_url(tmp_path / "elsewhere"))
    config = replace(CONFIG, data_dir=tmp_path / "here")
    site = Site(create_app(config, engine=StubEngine(), store=store))
    try:
        share_id = "A" * 22
        assert site.app.test_client().get(f"/s/{share_id}").status_code == 404
        assert not (tmp_path / "here" / "sessions.sqlite").exists()
    finally:
        site.close()
        store.close()


def test_the_parts_of_an_application_are_in_its_extension(site: Site) -> None:
    parts = site.app.extensions["charnn"]
    assert isinstance(parts, Extension)
    assert extension_of(site.app) is parts
    assert parts.engine.snapshots is not None
    assert parts.config.async_mode == parts.backend.async_mode == "threading"


def test_two_applications_in_one_process_share_nothing(tmp_path: Path) -> None:
    one_engine, other_engine = StubEngine(), StubEngine()
    with (
        open_site(tmp_path / "one", engine=one_engine) as one,
        open_site(tmp_path / "other", engine=other_engine, token="needed") as other,
    ):
        visitor = one.visitor()
        tab = visitor.open_tab()
        assert (len(one_engine.created), len(other_engine.created)) == (1, 0)
        assert visitor.get("/").status_code == 200
        assert other.app.test_client().get("/").status_code == 401
        # Another's cookie names nobody here: the secrets differ.
        http = other.app.test_client()
        http.get("/?token=needed")
        cookie = visitor.http.get_cookie("charnn_session")
        assert cookie is not None
        http.set_cookie("charnn_session", cookie.value)
        assert http.get("/api/history.csv").get_json()["code"] == "no_session"
        tab.ask("pause")
        counted = b'charnn_event_latency_seconds_count{event="pause",outcome="ok"}'
        assert counted in one.parts.metrics.text()
        assert counted not in other.parts.metrics.text()


def test_health_is_503_with_the_problems_while_the_engine_has_some(tmp_path: Path) -> None:
    engine = StubEngine()
    with open_site(tmp_path, engine=engine) as site:
        http = site.app.test_client()
        assert (http.get("/healthz").status_code, http.get("/healthz").get_json()["ok"]) == (
            200,
            True,
        )
        engine.wrong.append("there is no machine")
        answer = http.get("/healthz")
        assert answer.status_code == 503
        assert answer.get_json() == {"ok": False, "problems": ["there is no machine"]}
        engine.wrong.clear()
        assert http.get("/healthz").status_code == 200
        site.parts.shutdown.begun = True
        answer = http.get("/healthz")
        assert (answer.status_code, len(answer.get_json()["problems"])) == (503, 1)


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"secret": "short"}, "--secret"),
        ({"database_url": "sqlite:///:memory:"}, "--database-url"),
    ],
)
def test_an_application_that_cannot_run_says_which_option_to_change(
    tmp_path: Path, changes: dict[str, str], option: str
) -> None:
    with pytest.raises(ServerError) as caught:
        create_app(replace(CONFIG, data_dir=tmp_path, **changes))  # type: ignore[arg-type]
    assert option in str(caught.value)
