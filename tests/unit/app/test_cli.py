"""The command line, in this process and on real files."""

from __future__ import annotations

import _thread
import json
import math
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from app.cli import train
from app.cli.progress import Progress
from app.cli.training.loop import StopSignals
from bench.speed import runner
from bench.speed.results import Result
from bench.speed.workloads import NETWORKS, Network
from model import CharModel
from model.formats import loading_lines, python_file, safetensors_file
from model.training.data_parallel import DataParallel
from tests.support.command_line import charnn

CORPUS = "start small\nship it, then listen\n\n  the market answers\n"
SENTENCES = [line.strip() for line in CORPUS.splitlines() if line.strip()]
STEPS = ("--steps", "5")
TINY = ("--hidden-sizes", "4", "--letter-size", "2", "--seed", "1")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny trained network; no test changes it."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "corpus.txt").write_text(CORPUS, encoding="utf-8")
    done = charnn("train", folder / "corpus.txt", "--out", folder / "model.json", *STEPS, *TINY)
    assert done.exit_code == 0, done.output
    return folder / "model.json"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(CORPUS, encoding="utf-8")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.json"


def steps_of(file: Path) -> int:
    """How many steps the training of a file's model has taken."""
    steps: int = json.loads(file.read_bytes())["solver"]["steps"]
    return steps


def read(file: Path) -> CharModel:
    return CharModel.from_json(file.read_bytes())


# ------------------------------------------------------------------ train


def test_train_writes_a_model_of_the_size_that_was_asked_for(model_file: Path) -> None:
    model = read(model_file)
    assert (model.cell, model.hidden_sizes, model.embedding_size) == ("lstm", (4,), 2)
    assert steps_of(model_file) == 5


@pytest.mark.parametrize(
    ("limits", "steps"),
    [
        (("--steps", "3", "--target-perplexity", "1.0001", "--seconds", "60"), 3),
        (("--steps", "1000000", "--target-perplexity", "1000"), 1),
        (("--steps", "1000000", "--seconds", "0.000001"), 1),
    ],
    ids=["steps", "perplexity", "seconds"],
)
def test_train_stops_at_the_first_limit_that_is_reached(
    corpus: Path, out: Path, limits: tuple[str, ...], steps: int
) -> None:
    done = charnn("train", corpus, "--out", out, *limits, *TINY)
    assert done.exit_code == 0, done.output
    assert steps_of(out) == steps


def test_train_with_the_same_seed_gives_the_same_model(
    model_file: Path, corpus: Path, out: Path
) -> None:
    charnn("train", corpus, "--out", out, *STEPS, *TINY)
    assert out.read_bytes() == model_file.read_bytes()
    charnn("train", corpus, "--out", out, *STEPS, *TINY[:-1], "2")
    assert out.read_bytes() != model_file.read_bytes()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--hidden-sizes", "20,,"),
        ("--hidden-sizes", "0"),
        ("--letter-size", "0"),
        ("--learning-rate", "nan"),
        ("--l2", "-1"),
        ("--clip", "0"),
        ("--kind", "transformer"),
        ("--solver", "newton"),
        ("--batch-size", "0"),
        ("--threads", "0"),
        ("--schedule", "sine"),
        ("--schedule-epochs", "0"),
        ("--validation-fraction", "0.9"),
        ("--seconds", "0"),
        ("--seconds", "nan"),
        ("--seconds", "inf"),
        ("--seed", "-1"),
        ("--target-perplexity", "1"),
        ("--target-perplexity", "nan"),
    ],
)
def test_train_refuses_an_option_out_of_its_range_and_names_it(
    corpus: Path, out: Path, option: str, value: str
) -> None:
    done = charnn("train", corpus, "--out", out, option, value)
    assert done.exit_code == 2
    assert option in done.output
    assert not out.exists()


@pytest.mark.parametrize(("kind", "solver"), [("gru", "adam"), ("rnn", "rmsprop")])
def test_train_takes_kinds_batches_and_solvers(
    corpus: Path, out: Path, kind: str, solver: str
) -> None:
    done = charnn(
        "train", corpus, "--out", out, "--kind", kind, "--batch-size", "2", "--solver", solver,
        *STEPS, *TINY,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    saved = json.loads(out.read_text())
    assert saved["generator"] == kind
    assert ("step_mean" in saved["solver"]) == (solver == "adam")
    assert saved["solver"]["steps"] == 5


def test_train_shares_large_batches_among_threads(
    corpus: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def counted(*arguments: Any) -> DataParallel:
        threads.append(arguments[-1])
        return DataParallel(*arguments)

    monkeypatch.setattr("model.training.trainer.MIN_WORK", 1)
    monkeypatch.setattr("model.training.trainer.DataParallel", counted)
    options = ("--batch-size", "3", "--threads", "2", *STEPS)
    assert charnn("train", corpus, "--out", out, *options, *TINY).exit_code == 0
    assert charnn("train", corpus, "--from", out, "--out", out, *options).exit_code == 0
    assert steps_of(out) == 10
    assert threads == [2] * 4  # of each run, the training and the one that compiles


def test_train_says_when_the_network_diverged_and_keeps_its_last_good_state(
    corpus: Path, out: Path
) -> None:
    options = ("--kind", "rnn", "--steps", "2000", "--hidden-sizes", "40, 40", "--seed", "1")
    diverged = charnn("train", corpus, "--out", out, *options, "--learning-rate", "1")
    assert diverged.exit_code == 0
    assert math.isfinite(read(out).perplexity(SENTENCES))
    usual = charnn("train", corpus, "--out", out, *STEPS, *TINY)
    assert len(usual.stdout.splitlines()) < len(diverged.stdout.splitlines())


def test_train_continues_from_a_model_exactly(model_file: Path, corpus: Path, out: Path) -> None:
    charnn("train", corpus, "--out", out, "--steps", "2", *TINY)
    done = charnn("train", corpus, "--from", out, "--out", out, "--steps", "3")
    assert done.exit_code == 0, done.output
    assert out.read_bytes() == model_file.read_bytes()


def test_train_from_a_model_takes_its_network_and_its_characters(
    model_file: Path, corpus: Path, out: Path
) -> None:
    options = ("train", corpus, "--from", model_file, "--out", out)
    for option, value in (("--kind", "lstm"), ("--hidden-sizes", "4"), ("--letter-size", "2")):
        done = charnn(*options, option, value)
        assert done.exit_code == 2
        assert option in done.output
    corpus.write_text("ÄÖÜ", encoding="utf-8")
    done = charnn(*options)
    assert done.exit_code == 1
    assert "Ä" in done.output
    assert not out.exists()


def test_train_holds_out_a_share_of_a_long_text(corpus: Path, out: Path) -> None:
    def trained(fraction: str) -> bytes:
        done = charnn(
            "train", corpus, "--out", out, *STEPS, *TINY, "--validation-fraction", fraction
        )
        assert done.exit_code == 0, done.output
        return read(out).params.tobytes()

    corpus.write_text("\n".join(f"sentence {number}" for number in range(100)))
    assert trained("auto") == trained("0.05") != trained("0")


def test_train_follows_a_schedule(model_file: Path, corpus: Path, out: Path) -> None:
    def trained(*schedule: str) -> bytes:
        done = charnn("train", corpus, "--out", out, *STEPS, *TINY, *schedule)
        assert done.exit_code == 0, done.output
        return read(out).params.tobytes()

    constant = read(model_file).params.tobytes()
    assert trained("--schedule", "halve", "--schedule-epochs", "1000") == constant
    assert trained("--schedule", "halve", "--schedule-epochs", "1") != constant
    assert trained("--schedule", "cosine", "--schedule-epochs", "10") != constant


@contextmanager
def not_ignored(number: signal.Signals) -> Iterator[None]:
    """The process that started the tests may ignore the signal."""
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_train_stopped_by_a_signal_writes_the_model(
    corpus: Path, out: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Nothing that was trained is lost, and a script sees that the limit was not reached."""
    has_trained = threading.Event()
    show = Progress.show

    def shown(*progress: Any) -> None:
        show(*progress)
        has_trained.set()

    def interrupt() -> None:
        if has_trained.wait(60):
            _thread.interrupt_main(number)

    monkeypatch.setattr(Progress, "show", shown)
    with not_ignored(number):
        user = threading.Thread(target=interrupt)
        user.start()
        done = charnn("train", corpus, "--out", out, "--seconds", "60", *TINY)
        user.join()
    assert done.exit_code == 128 + number
    assert steps_of(out) > 0
    assert math.isfinite(read(out).perplexity(SENTENCES))


def test_a_stop_signal_that_comes_twice_does_not_prevent_saving() -> None:
    """A terminal that closes sends SIGHUP, and so does its shell; a second Ctrl-C is impatience."""
    with not_ignored(signal.SIGHUP), not_ignored(signal.SIGINT), StopSignals() as signals:
        for _ in range(2):
            signal.raise_signal(signal.SIGHUP)
        assert signals.received == signal.SIGHUP
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGHUP) is not signals._note


def test_train_finds_out_before_training_that_it_cannot_write(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "TrainingLoop", None)  # calling it would raise
    done = charnn("train", corpus, "--out", tmp_path / "no" / "folder.json")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)


# ------------------------------------------------------------------ sample


def test_sample_writes_sentences_and_repeats_them_with_a_seed(model_file: Path) -> None:
    def written(seed: int) -> list[str]:
        done = charnn("sample", model_file, "--count", "3", "--seed", seed, "--prime", "st")
        assert done.exit_code == 0, done.output
        return done.stdout.splitlines()

    assert len(written(1)) == 3
    assert all(line.startswith("st") for line in written(1))
    assert written(1) == written(1) != written(2)


def test_sample_can_be_greedy_and_draw_from_the_likeliest_characters_alone(
    model_file: Path,
) -> None:
    greedy = charnn("sample", model_file, "--method", "greedy", "--prime", "s").stdout
    assert greedy == f"s{read(model_file).greedy('s')}\n"
    for likeliest in (("--top-k", "1"), ("--top-p", "0.000001")):
        done = charnn("sample", model_file, "--count", "2", "--prime", "s", *likeliest)
        assert done.stdout == 2 * greedy


def test_sample_can_print_alternatives_with_their_log_probabilities(model_file: Path) -> None:
    done = charnn("sample", model_file, "--method", "beam", "--width", "3", "--prime", "s")
    assert done.exit_code == 0, done.output
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    expected = read(model_file).beam_search(3, "s")
    assert [sentence for _, sentence in lines] == ["s" + sentence for sentence, _ in expected]
    assert [float(score) for score, _ in lines] == pytest.approx(
        [score for _, score in expected], abs=1e-4
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--width", "3"], "--width"),
        (["--method", "greedy", "--width", "5"], "--width"),
        (["--method", "greedy", "--temperature", "1"], "--temperature"),
        (["--method", "greedy", "--count", "2"], "--count"),
        (["--method", "beam", "--top-k", "3"], "--top-k"),
        (["--method", "beam", "--top-p", "0.5"], "--top-p"),
        (["--method", "beam", "--seed", "1"], "--seed"),
        (["--method", "beam", "--width", "21"], "--width"),
        (["--method", "best"], "--method"),
        (["--temperature", "0"], "--temperature"),
        (["--top-k", "0"], "--top-k"),
        (["--top-p", "1.5"], "--top-p"),
        (["--top-p", "nan"], "--top-p"),
        (["--seed", "-1"], "--seed"),
        (["--prime", "a", "--prime-file", "-"], "--prime-file"),
    ],
)
def test_sample_refuses_what_would_have_no_effect_or_cannot_be(
    model_file: Path, options: list[str], named: str
) -> None:
    done = charnn("sample", model_file, *options)
    assert done.exit_code == 2
    assert named in done.output


@pytest.mark.parametrize(("options", "named"), [(["--prime", "Ω"], "Ω")])
def test_sample_passes_on_what_the_library_refuses(
    model_file: Path, options: list[str], named: str
) -> None:
    done = charnn("sample", model_file, *options)
    assert done.exit_code == 1
    assert named in done.output


# ------------------------------------------------------------------ evaluate


def test_evaluate_prints_the_perplexity_of_a_text(model_file: Path, corpus: Path) -> None:
    figures = json.loads(charnn("evaluate", model_file, corpus, "--json").stdout)
    expected = read(model_file).perplexity(SENTENCES)
    assert figures == {
        "perplexity": pytest.approx(expected),
        "nats": pytest.approx(math.log(expected)),
        "bits": pytest.approx(math.log2(expected)),
        "sentences": 3,
        "predictions": sum(len(sentence) + 1 for sentence in SENTENCES),
        "left_out": 0,
        "unknown": {},
    }
    assert f"{expected:.3f}" in charnn("evaluate", model_file, corpus).stdout


def test_evaluate_counts_the_characters_it_does_not_know_and_leaves_their_sentences_out(
    model_file: Path, corpus: Path
) -> None:
    corpus.write_text(CORPUS + "ÄÖ start Ä\n", encoding="utf-8")
    figures = json.loads(charnn("evaluate", model_file, corpus, "--json").stdout)
    assert figures["unknown"] == {"Ä": 2, "Ö": 1}
    assert (figures["sentences"], figures["left_out"]) == (3, 1)
    assert figures["perplexity"] == pytest.approx(read(model_file).perplexity(SENTENCES))
    assert {"Ä", "Ö"} <= set(charnn("evaluate", model_file, corpus).stdout)


def test_evaluate_fails_where_it_can_read_no_sentence(model_file: Path, corpus: Path) -> None:
    corpus.write_text("ÄÖÜ", encoding="utf-8")
    done = charnn("evaluate", model_file, corpus, "--json")
    assert (done.exit_code, done.stdout) == (1, "")


# ------------------------------------------------------------------ export


def test_export_writes_weights_and_prints_the_lines_that_load_them(
    model_file: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model.json"
    model.write_bytes(model_file.read_bytes())
    done = charnn("export", model, "--format", "safetensors")
    assert done.exit_code == 0, done.output
    out = tmp_path / "model.safetensors"
    assert out.read_bytes() == safetensors_file(read(model_file))
    assert done.stdout == loading_lines(str(out))
    assert str(out) in done.stderr


def test_export_writes_a_program_over_what_was_there_only_if_told_to(
    model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a program.py"
    out.write_text("what was there before")
    options = ("export", model_file, "--format", "python", "--out", out)
    assert charnn(*options).exit_code == 1
    assert out.read_text() == "what was there before"
    done = charnn(*options, "--force")
    assert done.exit_code == 0, done.output
    assert charnn(*options).exit_code == 0  # its own files are replaced without being asked
    assert out.read_bytes() == python_file(read(model_file))
    assert f"'{out}'" in done.stderr  # quoted, as a shell takes it


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 2),
        (["--format", "onnx"], 2),
        (["--format", "python", "--out", "no/such/folder.py"], 1),
        (["--format", "python", "--out", "{model}"], 1),
    ],
    ids=["no format", "unknown format", "no folder", "the model itself"],
)
def test_export_writes_nothing_where_it_is_refused(
    model_file: Path, options: list[str], code: int
) -> None:
    before = model_file.read_bytes()
    done = charnn("export", model_file, *(option.format(model=model_file) for option in options))
    assert done.exit_code == code
    assert model_file.read_bytes() == before
    assert {path.name for path in model_file.parent.iterdir()} == {"corpus.txt", "model.json"}


@pytest.mark.parametrize(
    "command", [["sample"], ["export", "--format", "python"]], ids=["sample", "export"]
)
def test_a_damaged_model_is_named(tmp_path: Path, command: list[str]) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"hidden_sizes": [20')
    done = charnn(command[0], broken, *command[1:])
    assert done.exit_code == 1
    assert "broken.json" in done.output
    assert list(tmp_path.iterdir()) == [broken]


# ------------------------------------------------------------------ bench


class FakeRunner:
    """A benchmark that ends at once; tests/unit/bench covers the real one."""

    versions: ClassVar = {"charnn": "0.1"}

    def __init__(self, competitors: Sequence[Any]) -> None:
        self.competitors = competitors

    def __enter__(self) -> FakeRunner:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(
        self, networks: Sequence[Network], sentences: Sequence[str], rounds: int, seconds: float
    ) -> Iterator[Result]:
        for network in networks:
            result = Result(network, network.operations_per_character(sentences))
            result.rates["charnn"] = [100.0 / seconds] * rounds
            yield result


def test_bench_measures_every_network_and_writes_down_what_it_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runner, "BenchmarkRunner", FakeRunner)
    turns = ("--rounds", "2", "--seconds", "0.5")
    done = charnn("bench", "--json", *turns, "--write", tmp_path)
    figures = json.loads(done.stdout)
    assert len(figures["networks"]) == len(NETWORKS)
    for network in figures["networks"]:
        assert network["contestants"]["charnn"]["characters_per_second"] == 200
        assert network["network"] in (tmp_path / "speed.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "speed.json").read_text(encoding="utf-8")) == figures
