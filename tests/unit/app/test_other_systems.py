"""The server's modules on systems without the modules and functions of POSIX."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import builtins, ctypes, importlib, os, pkgutil, signal, sys

POSIX = {"fcntl", "grp", "pwd", "resource", "termios"}
plain_import = builtins.__import__

def import_unless_posix(name, globals=None, *rest):
    importer = (globals or {}).get("__name__", "")
    if name in POSIX and importer.startswith(("app.", "model.", "bench.")):
        raise ModuleNotFoundError(f"{importer} imports {name}")
    return plain_import(name, globals, *rest)

builtins.__import__ = import_unless_posix

class Library(ctypes.CDLL):
    def __init__(self, name, *options, **others):
        if name is None:
            raise TypeError("Windows loads no library without a name")
        super().__init__(name, *options, **others)

ctypes.CDLL = Library
del signal.SIGHUP, os.sched_getaffinity, os.getpriority, os.setpriority, os.getuid

import app.engines.local, app.runtime, app.server
from app.runtime.backends.base import raise_file_limit
from app.runtime.memory import limit_arenas, release

for module in pkgutil.walk_packages(app.runtime.__path__, "app.runtime."):
    importlib.import_module(module.name)
assert raise_file_limit() > 0
limit_arenas()
release()
print("imported", len(sys.modules))
"""


def test_the_server_s_modules_are_imported_without_posix() -> None:
    """The server starts on Windows as well, which has no such modules, signals or priorities."""
    folder = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("imported")
