"""Exported networks reproduce the logits: in PyTorch, and as a standalone program."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import safetensors
import safetensors.numpy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model import END, CharModel, FormatError, Mat, Vocabulary
from model.autograd.reference_cells import sentence_logits
from model.formats import loading_lines, python_file, safetensors_file
from model.network import CELLS

Array = npt.NDArray[np.floating[Any]]

KINDS = sorted(CELLS)
DEPTHS = [(20,), (12, 7)]
PREFIXES = ["", "a", "abba", "dcbaabcddcba"]
ROOT = Path(__file__).parents[3]


def a_network(
    cell: str = "lstm",
    hidden_sizes: Sequence[int] = (20,),
    embedding_size: int = 5,
    seed: int = 1,
    letters: str = "abcd",
) -> CharModel:
    """A network without zero biases; with larger weights the state of an RNN would grow."""
    model = CharModel.create(Vocabulary(list(letters)), cell, hidden_sizes, embedding_size)
    model.params[:] = np.random.default_rng(seed).normal(scale=0.3, size=model.num_parameters)
    return model


def our_logits(model: CharModel, prefix: str) -> Array:
    """The logits (1 + characters, V) after START and each character, in float64."""
    matrices = {name: Mat(matrix) for name, matrix in model.named_parameters().items()}
    letters = [0, *map(int, model.vocabulary.encode(prefix))]
    return sentence_logits(model.cell, model.hidden_sizes, matrices, letters).data


def softmax(logits: Array) -> Array:
    odds = np.exp(logits - logits.max())
    return np.asarray(odds / odds.sum())


def run_off() -> CharModel:
    model = a_network()
    model.params[3] = np.nan
    return model


# ---------------------------------------------------------------- PyTorch's formulas in NumPy


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def torch_step(cell: str, w: dict[str, Array], x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """A step by the documentation of nn.LSTM, nn.GRU and nn.RNN: the new h and c."""
    from_below = w["weight_ih_l0"] @ x + w["bias_ih_l0"]
    from_hidden = w["weight_hh_l0"] @ h + w["bias_hh_l0"]
    if cell == "rnn":
        return np.maximum(from_below + from_hidden, 0), c
    if cell == "gru":
        (r_x, z_x, n_x), (r_h, z_h, n_h) = np.split(from_below, 3), np.split(from_hidden, 3)
        r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        n = np.tanh(n_x + r * n_h)
        return (1 - z) * n + z * h, c
    i, f, g, o = np.split(from_below + from_hidden, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def torch_logits(file: Path, letters: Sequence[int]) -> Array:
    """The logits (letters, V) of a file, by its own header."""
    with safetensors.safe_open(file, framework="np") as opened:
        about = opened.metadata()
    weights = safetensors.numpy.load_file(file)
    xs = list(weights["embedding.weight"][list(letters)])
    for d, hidden in enumerate(json.loads(about["hidden_sizes"])):
        prefix = f"layers.{d}."
        layer = {n.removeprefix(prefix): w for n, w in weights.items() if n.startswith(prefix)}
        h, c, hs = np.zeros(hidden), np.zeros(hidden), []
        for x in xs:
            h, c = torch_step(about["kind"], layer, x, h, c)
            hs.append(h)
        xs = hs
    return np.array(xs) @ weights["decoder.weight"].T + weights["decoder.bias"]


@pytest.mark.parametrize("cell", KINDS)
@settings(max_examples=20)
@given(
    hidden_sizes=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    embedding_size=st.integers(1, 6),
    prefix=st.text("abcd", max_size=12),
    seed=st.integers(0, 2**32 - 1),
)
@example(hidden_sizes=[20, 20], embedding_size=5, prefix="abcdabcd", seed=0)
def test_pytorchs_formulas_reproduce_the_logits_from_the_file(
    cell: str,
    tmp_path: Path,
    hidden_sizes: list[int],
    embedding_size: int,
    prefix: str,
    seed: int,
) -> None:
    model = a_network(cell, hidden_sizes, embedding_size, seed)
    file = tmp_path / "model.safetensors"
    file.write_bytes(safetensors_file(model))
    logits = torch_logits(file, [0, *model.vocabulary.encode(prefix)])
    np.testing.assert_allclose(logits, our_logits(model, prefix), rtol=1e-5, atol=1e-5)


# ---------------------------------------------------------------- PyTorch


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("hidden_sizes", DEPTHS)
def test_the_loading_script_reproduces_the_logits_in_pytorch(
    cell: str,
    hidden_sizes: tuple[int, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip(
        "torch", reason="PyTorch is not installed: exported weights are not loaded into it"
    )
    model = a_network(cell, hidden_sizes)
    file, script = tmp_path / "model.safetensors", tmp_path / "load.py"
    file.write_bytes(safetensors_file(model))
    script.write_text(loading_lines(str(file)), encoding="utf-8")
    network = runpy.run_path(str(script), run_name="__main__")["network"]
    for prefix in PREFIXES:
        logits = network(network.encode(prefix)).detach().numpy()
        np.testing.assert_allclose(logits, our_logits(model, prefix), rtol=1e-5, atol=1e-5)
    printed = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert list(printed) == ["'END'", "'a'", "'b'", "'c'", "'d'"]
    expected = list(model.next_char_probabilities().values())
    assert [float(p) for p in printed.values()] == pytest.approx(expected, abs=1e-4)


# ---------------------------------------------------------------- safetensors


def test_exported_weights_have_pytorchs_names_and_shapes() -> None:
    model = a_network("gru", (12, 7), embedding_size=3)
    weights = safetensors.numpy.load(safetensors_file(model))
    assert {name: weight.shape for name, weight in weights.items()} == {
        "embedding.weight": (5, 3),
        "layers.0.weight_ih_l0": (36, 3),
        "layers.0.weight_hh_l0": (36, 12),
        "layers.0.bias_ih_l0": (36,),
        "layers.0.bias_hh_l0": (36,),
        "layers.1.weight_ih_l0": (21, 12),
        "layers.1.weight_hh_l0": (21, 7),
        "layers.1.bias_ih_l0": (21,),
        "layers.1.bias_hh_l0": (21,),
        "decoder.weight": (5, 7),
        "decoder.bias": (5,),
    }
    assert all(weight.dtype == np.float32 for weight in weights.values())


def test_exported_weights_have_metadata(tmp_path: Path) -> None:
    letters = 'a"\ud83d\ude42é'
    file = tmp_path / "model.safetensors"
    file.write_bytes(safetensors_file(a_network("rnn", (12, 7), 3, letters=letters)))
    with safetensors.safe_open(file, framework="np") as opened:
        about = opened.metadata()
    assert json.loads(about.pop("vocabulary")) == list(letters)
    assert about == {
        "format": "pt",
        "kind": "rnn",
        "hidden_sizes": "[12, 7]",
        "letter_size": "3",
        "index_0": "START as an input, END as an output",
        "mode": "lines",
        "start": "0",
    }


def test_equal_networks_give_equal_files() -> None:
    assert len({safetensors_file(a_network()) for _ in range(5)}) == 1


@pytest.mark.parametrize("name", ["model.safetensors", 'it\'s "mine"', "c:\\new", "🙂", "\udc80"])
def test_the_loading_script_names_the_file(name: str) -> None:
    lines = loading_lines(name)
    compile(lines, "load.py", "exec")
    assert f"Network({name!r})" in lines


def test_the_documentation_contains_the_loading_script() -> None:
    document = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    assert block == (ROOT / "model" / "formats" / "templates" / "load_in_torch.py").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("make", [safetensors_file, python_file])
def test_a_diverged_network_is_refused(make: Any) -> None:
    with pytest.raises(FormatError) as caught:
        make(run_off())
    assert caught.value.code == "model_diverged"


# ---------------------------------------------------------------- the program

LOGITS_OF_THE_PROGRAM = """
import json, runpy, sys
network = runpy.run_path(sys.argv[1])["NETWORK"]
logits = [network.forward(network.encode(prefix))[0].tolist() for prefix in sys.argv[2:]]
print(json.dumps(logits), *(name for name in sys.modules if "." not in name))
"""


def python(*words: object) -> subprocess.CompletedProcess[str]:
    """Run isolated Python, without the modules of this folder."""
    return subprocess.run(
        [sys.executable, "-I", "-X", "utf8", *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def written(model: CharModel, folder: Path) -> Path:
    file = folder / "model.py"
    file.write_bytes(python_file(model))
    return file


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """The output lines of the exported program, run in this process."""

    def run(model: CharModel, *options: object) -> list[str]:
        file = written(model, tmp_path)
        monkeypatch.setattr("sys.argv", [str(file), *map(str, options)])
        runpy.run_path(str(file), run_name="__main__")
        return capsys.readouterr().out.split("\n")[:-1]

    return run


def network_of(model: CharModel, folder: Path) -> Any:
    """The network of the exported program, in this process."""
    return runpy.run_path(str(written(model, folder)))["NETWORK"]


@pytest.mark.parametrize("cell", KINDS)
def test_the_program_reproduces_the_logits_with_numpy_only(cell: str, tmp_path: Path) -> None:
    model = a_network(cell, (12, 7))
    done = python("-c", LOGITS_OF_THE_PROGRAM, written(model, tmp_path), *PREFIXES)
    assert done.returncode == 0, done.stderr
    printed, end = json.JSONDecoder().raw_decode(done.stdout)
    assert not {"model", "numba", "safetensors"} & set(done.stdout[end:].split())
    for prefix, logits in zip(PREFIXES, printed, strict=True):
        expected = our_logits(model, prefix)[-1]
        np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)
        ours = model.next_char_probabilities(prefix)
        np.testing.assert_allclose(softmax(np.array(logits)), list(ours.values()), atol=1e-5)


@pytest.mark.parametrize("cell", KINDS)
@settings(max_examples=10)
@given(
    hidden_sizes=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    embedding_size=st.integers(1, 6),
    prefix=st.text("abcd", max_size=12),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_program_reproduces_the_logits_for_all_sizes(
    cell: str,
    tmp_path: Path,
    hidden_sizes: list[int],
    embedding_size: int,
    prefix: str,
    seed: int,
) -> None:
    model = a_network(cell, hidden_sizes, embedding_size, seed)
    network = network_of(model, tmp_path)
    logits, _ = network.forward(network.encode(prefix))
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, our_logits(model, prefix)[-1], rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("cell", KINDS)
def test_the_program_obeys_its_options(cell: str, program: Callable[..., list[str]]) -> None:
    model = a_network(cell, (12, 7))
    asked = ("--count", 4, "--prime", "ab", "--max-chars", 30)
    drawn = program(model, *asked, "--seed", 1)
    assert drawn == program(model, *asked, "--seed", 1)
    assert drawn != program(model, *asked, "--seed", 2)
    assert len(drawn) == 4
    assert all(re.fullmatch("ab[abcd]{0,30}", sentence) for sentence in drawn)
    for prompt in ("", "dab"):
        greedy = prompt + model.greedy(prompt)
        assert program(model, "--temperature", 0, "--prime", prompt) == [greedy]
        cold = program(model, "--temperature", 1e-300, "--count", 1, "--prime", prompt)
        assert cold == [greedy]


def test_the_program_samples_at_the_temperature(tmp_path: Path) -> None:
    model = a_network("lstm", (5,))
    program = runpy.run_path(str(written(model, tmp_path)))
    logits, _ = program["NETWORK"].forward([])
    random = np.random.default_rng(3)
    for temperature in (0.5, 1.0, 3.0):
        drawn = [program["sample_token"](logits, temperature, random) for _ in range(4000)]
        shares = np.bincount(drawn, minlength=5) / len(drawn)
        np.testing.assert_allclose(shares, softmax(logits / temperature), atol=0.03)
    assert next(iter(model.next_char_probabilities())) == END  # which is number 0 there too


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--prime", "a🙂"], "'🙂'"),
        (["--temperature", "nan"], "--temperature"),
        (["--temperature", "-1"], "--temperature"),
        (["--count", "-1"], "--count"),
        (["--max-chars", "many"], "--max-chars"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_the_program_reports_invalid_options(
    options: list[str],
    told: str,
    program: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        program(a_network(), *options)
    assert ended.value.code
    assert told in f"{ended.value.code}{capsys.readouterr().err}"


@settings(max_examples=25)
@given(data=st.data())
def test_the_program_supports_all_vocabularies(tmp_path: Path, data: st.DataObject) -> None:
    characters = st.characters(exclude_categories=())  # halves of UTF-16 pairs too
    letters = data.draw(st.lists(characters, min_size=1, max_size=90, unique=True))
    model = a_network("rnn", (2,), 1, letters="".join(letters))
    network = network_of(model, tmp_path)
    assert network.chars == "".join(letters)
    numbers = data.draw(st.lists(st.integers(1, len(letters)), max_size=12))
    assert network.decode(numbers) == model.vocabulary.decode(numbers)
    text = model.vocabulary.decode(numbers)
    if model.vocabulary.can_encode(text):
        assert network.encode(text) == list(model.vocabulary.encode(text))
    else:
        with pytest.raises(SystemExit):
            network.encode(text)


def test_the_program_joins_utf16_units_and_replaces_lone_ones(tmp_path: Path) -> None:
    model = a_network("gru", (3,), letters="a\ud83d\ude42")
    done = python(written(model, tmp_path), "--prime", "a🙂", "--seed", 1, "--count", 20)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 20
    assert all(line.startswith("a🙂") for line in lines)
    assert set("".join(lines)) == {"a", "🙂", "\ufffd"}


@pytest.mark.parametrize("cell", KINDS)
def test_the_program_contains_only_the_formulas_of_its_cell(cell: str) -> None:
    source = python_file(a_network(cell)).decode()
    cells = [name for name in KINDS if f"def {name}(" in source]
    assert cells == [cell]
    assert ("def sigmoid(" in source) == (cell != "rnn")
    assert "\n\n\n\n" not in source
    assert source.index("def main(") < source.index('"Wil": array')
    assert max(map(len, source.splitlines())) <= 100
