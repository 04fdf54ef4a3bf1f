"""The library does not depend on the application or the web."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
FORBIDDEN = {
    "app",
    "bench",
    "click",
    "engineio",
    "eventlet",
    "flask",
    "flask_socketio",
    "pydantic",
    "socketio",
    "tqdm",
    "werkzeug",
}
PROGRAM = """
import sys
from model import CharModel, Trainer, Vocabulary
model = CharModel.create(Vocabulary.from_sentences(["ab"]), hidden_sizes=(2,), embedding_size=2)
trainer = Trainer(model, ["ab"])
trainer.train(2)
CharModel.from_json(trainer.to_json()).sample()
print(*sorted({name.partition(".")[0] for name in sys.modules}), sep="\\n")
"""


def test_the_library_imports_nothing_of_the_application_or_the_web() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.split())
    assert "model" in imported
    assert not imported & FORBIDDEN
