"""The cache of compiled code on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model import kernel_cache, kernels_cached
from model.kernel_cache import cache_folder, is_writable, read_whole
from model.kernels.compile import entry_point
from model.kernels.entry_points import train
from model.kernels.linalg import gemm
from model.training.warmup import compile_into_cache


def double(x: Any) -> Any:
    """A function that compiles fast."""
    return x + x


def fresh() -> Any:
    """An entry point as in a new process."""
    return entry_point(double)


def hits_and_misses(function: Any) -> tuple[int, int]:
    return sum(function.stats.cache_hits.values()), sum(function.stats.cache_misses.values())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return cache_folder()


@pytest.fixture
def unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that even root cannot write."""
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "zeros": lambda content: content[:-512] + bytes(512),
    "another format": lambda _content: b"\x80\x04K\x01.",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_compiled_anew_once(folder: Path, damage: str) -> None:
    """A power cut must not leave a server that cannot compile, however often it is restarted."""
    assert fresh()(2) == 4
    [file] = folder.iterdir()
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    second, third = fresh(), fresh()
    assert (second(2), third(2)) == (4, 4)
    assert hits_and_misses(second) == (0, 1)
    assert hits_and_misses(third) == (1, 0)
    assert [each.name for each in folder.iterdir()] == [file.name]


def test_each_signature_and_each_function_has_a_file_of_its_own(folder: Path) -> None:
    """Code for other types, or of another function, must never be loaded."""

    def double(x: Any) -> Any:
        return 3 * x

    assert (fresh()(2), fresh()(0.25), entry_point(double)(2)) == (4, 0.5, 6)
    assert len(list(folder.iterdir())) == 3
    assert (fresh()(2), fresh()(0.25), entry_point(double)(2)) == (4, 0.5, 6)


@pytest.mark.usefixtures("unwritable")
def test_a_cache_that_cannot_be_written_costs_time_only() -> None:
    """A read-only or full disk must not stop training."""
    assert fresh()(2) == 4
    assert not is_writable()
    compile_into_cache("training", "lstm", "rmsprop")
    assert not kernels_cached("beam_search", "transformer")


def test_damaged_products_are_compiled_anew(folder: Path) -> None:
    """LLVM crashes on a damaged object file, at every start."""
    folder.mkdir()
    file = folder / "products.o"
    file.write_bytes(b"\x7fELF cut")
    assert gemm._object_code(gemm._target_machine()) == read_whole(file)


def test_commands_work_without_a_home_folder() -> None:
    """A container may have no home: importing must not write where it cannot."""
    environment = {**os.environ, "HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/cache"}
    environment.pop("NUMBA_CACHE_DIR", None)
    command = [sys.executable, "-m", "app", "--help"]
    subprocess.run(command, env=environment, check=True, capture_output=True)


def test_the_cache_depends_on_the_content_of_the_sources_and_the_versions(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code of an older version, or for another compiler, must not be loaded."""
    assert train.stats.cache_path == str(folder)  # type: ignore[attr-defined]
    kernel_cache._digest.cache_clear()
    try:
        assert cache_folder() == folder
        monkeypatch.setattr(kernel_cache.numba, "__version__", "another")
        kernel_cache._digest.cache_clear()
        assert cache_folder() != folder
    finally:
        kernel_cache._digest.cache_clear()
