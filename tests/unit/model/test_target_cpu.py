"""Kernels and products for another processor than this machine's, by CHARNN_CPU."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from llvmlite import binding

# Processors by what they have to have: without fused multiply-add, with 16 and 32 vector registers.
FEATURES = {"x86-64": "sse2", "x86-64-v3": "avx2", "x86-64-v4": "avx512f"}
RUNNABLE = [
    cpu for cpu, feature in FEATURES.items() if binding.get_host_cpu_features().get(feature)
]


def run(cpu: str, *arguments: str) -> str:
    environment = {**os.environ, "CHARNN_CPU": cpu}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("cpu", RUNNABLE)
def test_products_for_every_target_add_what_numpys_do_and_touch_nothing_else(cpu: str) -> None:
    run(cpu, "-m", "tests.support.check_products")


def test_a_target_has_a_cache_of_its_own_and_is_numbas_as_well() -> None:
    tell = (
        "from model.kernel_cache import cache_folder, target_cpu;"
        "from numba.core.registry import cpu_target;"
        "numbas = cpu_target.target_context.codegen().magic_tuple();"
        "print(cache_folder(), *target_cpu(), *numbas[1:])"
    )
    folders = set()
    for cpu in RUNNABLE:
        folder, *names = run(cpu, "-c", tell).split()
        folders.add(folder)
        assert names == [cpu, cpu]
    assert len(folders) == len(RUNNABLE)
