"""The contest of quality: its contestants evaluate alike, and its reports hold every curve."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from bench.quality import report, task
from bench.quality.contest import Contest, Curve, run
from bench.quality.contestants import charnn, nanogpt
from bench.quality.task import Point, Task
from model import CharModel, TrainingConfig, Vocabulary
from model.training.sizes import SIZES, Size
from model.training.validation import TextValidator

TEXT = "to be, or not to be: that is the question\nwhether 'tis nobler\n" * 60
OUTPUT = """\
step 0: train loss 4.1, val loss 4.2
iter 0: loss 4.1, time 9000.00ms, mfu 1%
iter 1: loss 4.0, time 100.00ms, mfu 1%
iter 2: loss 3.9, time 300.00ms, mfu 1%
step 3: train loss 3.1, val loss 3.2
iter 3: loss 3.1, time 9000.00ms, mfu 1%
iter 4: loss 3.0, time 200.00ms, mfu 1%
iter 5: loss 3.0, time 200.00ms, mfu 1%
"""


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task that takes a moment."""
    size = Size((4,), 1.0, TrainingConfig(mode="text", sequence_length=8, batch_size=2), 3)
    monkeypatch.setattr(task, "SIZES", {"small": size})
    path = tmp_path / "text"
    path.write_text(TEXT, encoding="utf-8")
    return Task(str(path), 0.05, "small", threads=1, seed=1)


def contest(of: Task) -> Contest:
    points = [Point(0.0, 0, 0, 4.0), Point(1.0, 5, 50, 2.0), Point(3.0, 15, 150, 1.5)]
    curves = {"charnn": Curve("1", "", points, load=8.5), "nanoGPT": Curve("", "no checkout of it")}
    return Contest(of, "a machine", curves)


def test_charnn_learns_for_the_time_of_the_task(tiny: Task) -> None:
    points = list(charnn.learn(tiny))
    assert len(points) == 1 + task.EVALUATIONS
    assert points[0][:3] == (0.0, 0, 0)
    assert points[-1].seconds >= tiny.seconds
    assert points[-1].characters == 16 * points[-1].steps
    assert points[-1].loss < points[0].loss


def test_the_schedule_ends_with_the_task() -> None:
    of = Task("text", 100.0, "medium", threads=1, seed=1)
    config = SIZES["medium"].config
    highest, steps = config.learning_rate, config.warmup_steps
    assert of.learning_rate(0.0, 0) == pytest.approx(highest / steps)
    assert of.learning_rate(0.0, steps) == pytest.approx(highest)
    assert of.learning_rate(100.0, steps) == pytest.approx(highest / 100)
    assert list(of.evaluation_times())[-1] == 100.0


def test_pytorch_evaluates_as_charnn_does(tiny: Task) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from bench.quality.contestants.torch_lstm import TorchLSTM
    from model.formats.torch_weights import torch_weights

    vocabulary = Vocabulary.from_sentences([TEXT])
    model = CharModel.create(vocabulary, **tiny.recipe.network, seed=1)
    peer = TorchLSTM(tiny, len(vocabulary))
    weights = torch_weights(model).items()
    peer.modules.load_state_dict(
        {name.replace("layers.0", "lstm"): torch.from_numpy(weight) for name, weight in weights}
    )
    tokens = vocabulary.encode(TEXT)[:1501]
    validator = TextValidator(model, tokens, 8)
    expected = math.log(validator.evaluate())
    assert peer.evaluate(torch.from_numpy(tokens.astype(np.int64))) == pytest.approx(
        expected, abs=1e-4
    )


def test_a_step_of_nanogpt_is_timed_without_the_evaluation_before_it() -> None:
    points = list(nanogpt._points(OUTPUT.splitlines(), limit=1.15))
    assert [point.loss for point in points] == [4.2, 3.2]
    assert [point.steps for point in points] == [0, 3]
    assert points[1].seconds == pytest.approx(0.1 + 0.3 + 0.2)


def test_nanogpt_gets_the_split_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "train.py").touch()
    (tmp_path / "run").mkdir()
    nanogpt._prepare(tmp_path / "run", tmp_path / "checkout", TEXT)
    data = tmp_path / "run" / "data" / "shakespeare_char"
    sizes = [np.fromfile(data / name, np.uint16).size for name in ("train.bin", "val.bin")]
    assert sizes == [len(TEXT) - len(TEXT) // 10, len(TEXT) // 10]
    tokens = np.fromfile(data / "val.bin", np.uint16)
    vocabulary = pickle.loads((data / "meta.pkl").read_bytes())["vocab_size"]  # noqa: S301
    assert vocabulary == len(set(TEXT)) > tokens.max()


def test_a_contestant_that_cannot_run_says_why(tiny: Task) -> None:
    *_, curve = run("nanoGPT", tiny)
    assert curve.points == []
    assert curve.absent


def test_the_time_to_a_loss_is_interpolated() -> None:
    curve = contest(Task("text", 3.0, "small", 1, 1)).curves["charnn"]
    assert curve.seconds_to(3.0) == 0.5
    assert curve.seconds_to(1.75) == 2.0
    assert curve.seconds_to(1.0) is None
    assert curve.lowest == curve.points[-1]


def test_the_page_has_every_contest_and_no_path_of_the_machine(tiny: Task, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    docs = tmp_path / "docs"
    docs.mkdir()
    report.write(docs, contest(tiny))
    page = (docs / "quality.md").read_text(encoding="utf-8")
    assert "| charnn | 1.0 | 2.0 |" in page
    assert "no checkout of it" in page
    assert "load average 8.5" in page
    assert "Other programs were running" in page
    saved = (docs / "quality" / "small.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in page + saved
    assert Contest.from_json(json.loads(saved)).curves == contest(tiny).curves
    assert (docs / "quality" / "small.svg").exists()
    report.write(docs, Contest(tiny, "a machine", {"PyTorch": Curve("2")}))
    again = Contest.from_json(json.loads((docs / "quality" / "small.json").read_bytes()))
    assert list(again.curves) == ["charnn", "PyTorch", "nanoGPT"]
