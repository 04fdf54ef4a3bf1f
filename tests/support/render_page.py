"""Renders the page into `build/panels`, for the tests of the panels."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from unittest.mock import Mock

from app.engines.base import Engine
from app.protocol.hyperparameters import Hyperparameters
from app.runtime.config import ServerConfig
from app.server import create_app
from app.web.extension import extension_of

FOLDER = Path("build/panels")
COPY = "/s/" + "A" * 22
"""The path of a shared copy."""


def main() -> None:
    """Write every variant of the page, and the default hyperparameters."""
    engine, store = Mock(spec=Engine), Mock()
    store.copies.has.return_value = True  # there is a copy of every name
    with tempfile.TemporaryDirectory() as folder:
        config = ServerConfig(data_dir=Path(folder), async_mode="threading")
        app = create_app(config, engine, store)
        client = app.test_client()  # it keeps its cookie for the later requests
        pages = {
            "index": client.get("/"),
            "shared": client.get(COPY),
            "shared_first_visit": app.test_client().get(COPY),
        }
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, response in pages.items():
            (FOLDER / f"{name}.html").write_text(response.get_data(as_text=True), encoding="utf-8")
        (FOLDER / "options.json").write_text(json.dumps(Hyperparameters().to_json()))
        extension_of(app).close()


if __name__ == "__main__":
    main()
