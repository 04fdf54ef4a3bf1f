"""The command line and the library on other systems, and their document."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.cli import COMMANDS
from tools import generate_cli_docs

PROGRAM = """
import importlib, os, pkgutil, signal, sys

for name in ("fork", "forkpty", "chown", "mkfifo", "sched_getaffinity"):
    delattr(os, name)
for name in ("SIGHUP", "SIGKILL", "SIGCHLD", "SIGUSR1", "pthread_sigmask"):
    delattr(signal, name)
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
import app.cli
import model
for package in (app.cli, model):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("load_in_torch"):
            importlib.import_module(module.name)
folder = sys.argv[1]
corpus, out = os.path.join(folder, "corpus.txt"), os.path.join(folder, "model.json")
with open(corpus, "w") as file:
    file.write("start small")
for words in (
    ["train", corpus, "--out", out, "--steps", "2", "--hidden-sizes", "2"],
    ["train", corpus, "--from", out, "--out", out, "--steps", "2"],
    ["sample", out, "--count", "1"],
    ["evaluate", out, corpus],
    ["export", out, "--format", "python"],
):
    app.cli.main.main(words, standalone_mode=False)
"""


def test_the_command_line_needs_nothing_that_only_unix_has(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Windows has no fork, no SIGHUP and no `fcntl`; the commands work without them."""
    folder = tmp_path_factory.mktemp("portable")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "model.py").exists()


def test_the_document_is_up_to_date() -> None:
    """docs/cli.md says what the commands take."""
    written = generate_cli_docs.DOCS_FILE.read_text(encoding="utf-8")
    assert written == generate_cli_docs.documentation(), "run `python -m tools.generate_protocol`"
    assert all(f"## charnn {name}" in written for name in COMMANDS if name != "cluster")
