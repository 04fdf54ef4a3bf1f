"""The container image: it is built from the Dockerfile, and serves."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bench.harness.ports import free_port
from tests.support import image
from tests.support.client import Client
from tests.support.image import Container
from tests.support.waiting import PATIENCE

pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(image.missing() is not None, reason=str(image.missing())),
]

USER_ID = 10001
COMPILE_SECONDS = 300
"""Until a server without compiled kernels trains, on a busy machine."""
MAX_MEGABYTES = 330
"""Size of /opt/charnn; half of it is LLVM, which compiles the kernels."""


@pytest.fixture(scope="module", autouse=True)
def _built() -> Iterator[None]:
    """Build the image: a minute or two; the base takes some more, once."""
    image.remove()
    image.build()
    yield
    image.remove()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A volume, as a container engine creates it from the folder in the image."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, USER_ID, USER_ID)
    tmp_path.chmod(0o755)
    tmp_path.parent.chmod(0o755)
    return folder


def test_a_session_survives_a_new_container(data: Path) -> None:
    """The image serves as a user without rights, is healthy, and stores everything in /data."""
    port = free_port()
    first = Container(data, port)
    with first.serving():
        assert requests.get(f"{first.url}/healthz", timeout=PATIENCE).json() == {"ok": True}
        kind, *check = image.config()["Healthcheck"]["Test"]
        assert kind == "CMD"
        assert first.run(*check).returncode == 0
        client = Client(first.url)
        tab = client.open_tab()
        assert tab.ask("learn", {"text": "kept in the volume"}) == {"ok": True}
        until = time.monotonic() + COMPILE_SECONDS
        while not tab.newest("steps") and time.monotonic() < until:
            time.sleep(0.1)
        assert tab.newest("steps")
        cookies = client.http.cookies
    assert {file.stat().st_uid for file in data.rglob("*")} == {USER_ID}
    second = Container(data, port)
    with second.serving():
        client = Client(second.url)
        client.http.cookies = cookies
        assert client.open_tab().state["text"]["beginning"] == "kept in the volume"


def test_the_image_is_small_and_its_user_may_write_only_to_the_volume(data: Path) -> None:
    """Nothing that is needed only to build or to test is in the image."""
    container = Container(data, free_port())
    found = container.run("du", "--summarize", "--block-size=1M", "/opt/charnn")
    megabytes = int(found.stdout.split()[0])
    print(f"/opt/charnn: {megabytes} MB")
    assert megabytes <= MAX_MEGABYTES
    tests = container.run("find", "/opt/charnn", "-type", "d", "-name", "tests")
    assert tests.stdout == ""
    assert container.run("sh", "-c", "id -u; touch /data/x").stdout.strip() == str(USER_ID)
    for path in ("/opt/charnn/x", "/etc/x", "/x"):
        assert container.run("touch", path).returncode != 0, path
    assert [each.name for each in data.iterdir()] == ["x"]
