"""Files of models: old and foreign ones, and writing without loss."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import CharModel, FormatError, Vocabulary
from model.formats import python_file, safetensors_file
from model.formats.file_kinds import HEAD, MODEL_JSON, PROGRAM, SAFETENSORS
from model.formats.files import write_file

BOM = "\ufeff"


@pytest.fixture(scope="module")
def model() -> CharModel:
    """A tiny network; no test changes it."""
    return CharModel.create(Vocabulary("ab"), "lstm", (2,), 1, seed=3)


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, b"")
    return file.getvalue()


# ---------------------------------------------------------------- old files


def test_the_first_versions_lstm_under_the_name_rnn_is_loaded(model: CharModel) -> None:
    """The original's first version wrote the generator "rnn" for an LSTM."""
    saved = model.to_json() | {"generator": "rnn"}
    again = CharModel.from_json(json.dumps(saved))
    assert again.cell == "lstm"
    np.testing.assert_array_equal(again.params, model.params)


@pytest.mark.parametrize("encoding", [None, "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_error(model: CharModel, encoding: str | None) -> None:
    """An editor may have written one; a text and the bytes of a file are both accepted."""
    text = json.dumps(model.to_json())
    again = CharModel.from_json(text.encode(encoding) if encoding else BOM + text)
    np.testing.assert_array_equal(again.params, model.params)


# ---------------------------------------------------------------- foreign files

TORCH_7 = b"\x03\0\0\0\x01\0\0\0\x08\0\0\0"
OLD_TORCH = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")  # the beginning of torch.save's file


def foreign_files(model: CharModel) -> Iterator[tuple[bytes, str]]:
    """Files of other programs, or what identifies them, and a word of the name they are given."""
    array = io.BytesIO()
    np.save(array, np.zeros(2))
    yield zipped("archive/data.pkl"), "PyTorch"
    yield OLD_TORCH, "PyTorch"
    yield pickle.dumps({"weights": [1.0]}), "pickle"
    yield zipped("metadata.json"), "Keras"
    yield b"\x89HDF\r\n\x1a\n\0\0", "Keras"
    yield TORCH_7, "char-rnn"
    yield zipped("weights.npy"), "NumPy"
    yield array.getvalue(), "NumPy"
    yield zipped("readme.txt"), "ZIP"
    yield gzip.compress(json.dumps(model.to_json()).encode()), "gzip"
    yield b"GGUF\x03\0\0\0", "GGUF"
    yield safetensors_file(model), "safetensors"
    header = b'{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    yield len(header).to_bytes(8, "little") + header, "safetensors"
    yield python_file(model), "program"
    recurrent = {"type": "LSTM", "hiddenLayers": [], "outputConnector": {}, "output": {}}
    for saved, name in (
        (recurrent, "brain.js"),
        ({"sizes": [2, 3, 1], "layers": []}, "brain.js"),
        ({"cell_0/kernel": {"filename": "cell_0_kernel", "shape": [4, 8]}}, "ml5"),
        ({"modelTopology": {}, "weightsManifest": []}, "TensorFlow.js"),
        ({"class_name": "Sequential", "config": {}}, "Keras"),
    ):
        yield json.dumps(saved).encode(), name


def test_a_file_of_another_program_is_refused_with_its_name(
    model: CharModel, tmp_path: Path
) -> None:
    """A person who confuses two files learns which one this is."""
    path = tmp_path / "file"
    for content, name in foreign_files(model):
        path.write_bytes(content)
        with pytest.raises(FormatError) as caught:
            CharModel.load(path)
        assert caught.value.code == "foreign_file", name
        assert name in caught.value.values["kind"]


def test_our_own_files_are_recognised(model: CharModel) -> None:
    """What an export may replace without being asked depends on this."""
    saved = json.dumps(model.to_json()).encode()
    assert MODEL_JSON.matches(saved[:HEAD])
    assert MODEL_JSON.matches(BOM.encode() + json.dumps(model.to_json(), indent=2).encode())
    assert SAFETENSORS.matches(safetensors_file(model)[:HEAD])
    assert PROGRAM.matches(python_file(model)[:HEAD])
    for other in (b"", b"{}", b"notes", b'"""A program."""', *(f for f, _ in foreign_files(model))):
        assert not MODEL_JSON.matches(other)


@pytest.mark.parametrize("given", ["model.json", "/some/where/model.JSON", Path("model.json")])
def test_a_path_is_not_read_as_json(given: Any) -> None:
    """The error says which function takes a path."""
    with pytest.raises(FormatError) as caught:
        CharModel.from_json(given)
    assert caught.value.code == "path_instead_of_json"


@pytest.mark.parametrize("given", [None, 5, [1], 1.5])
def test_other_types_are_no_json(given: Any) -> None:
    """A wrong argument is an error of the library, not of its insides."""
    with pytest.raises(FormatError) as caught:
        CharModel.from_json(given)
    assert caught.value.code == "json_not_an_object"


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize("kind", [str, Path])
def test_a_saved_model_can_be_loaded(model: CharModel, tmp_path: Path, kind: Any) -> None:
    """`save` and `load` are inverse, and leave no other file."""
    path = kind(tmp_path / "model.json")
    model.save(path)
    np.testing.assert_array_equal(CharModel.load(path).params, model.params)
    assert [each.name for each in tmp_path.iterdir()] == ["model.json"]


def test_a_link_is_followed_and_the_mode_of_a_file_stays(tmp_path: Path) -> None:
    """The file behind a link is replaced, with its permissions; the link stays a link."""
    file, link = tmp_path / "private", tmp_path / "link"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_the_owner_of_a_file_stays(tmp_path: Path) -> None:
    """A server that runs as root does not take a visitor's file away."""
    file = tmp_path / "file"
    file.write_bytes(b"old")
    os.chown(file, 12345, 12346)
    write_file(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)


def test_a_device_and_a_pipe_are_written_to(tmp_path: Path) -> None:
    """They are not replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, b"content")
    assert os.read(reader, 100) == b"content"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write_file("/dev/null", b"content")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(OSError, match="space"):
        write_file("/dev/full", b"content")


def test_a_failed_write_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk loses nothing."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "model.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
