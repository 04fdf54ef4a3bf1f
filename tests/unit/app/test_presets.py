"""The sizes of networks to choose from."""

from __future__ import annotations

from typing import get_args

import pytest

from app.catalog import texts
from app.catalog.presets import OTHER_OPTIONS, PRESETS, Preset
from app.protocol.hyperparameters import DEFAULT_SIZE, HYPERPARAMETERS, Hyperparameters, SizeName
from app.runtime.compile_process import FIRST_KERNELS
from app.runtime.config import ServerConfig
from app.training.run import TrainingRun
from model import KernelKey


def test_every_size_has_a_preset_with_words_of_its_own() -> None:
    assert tuple(PRESETS) == get_args(SizeName)
    assert len({preset.about for preset in PRESETS.values()}) == len(PRESETS)
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)


def test_the_original_has_the_defaults_of_the_hyperparameters() -> None:
    assert PRESETS["original"].options == Hyperparameters()


@pytest.mark.parametrize("preset", PRESETS.values())
def test_its_entries_are_what_a_person_would_enter(preset: Preset) -> None:
    for name, entry in preset.entries.items():
        assert HYPERPARAMETERS[name].field(entry) == getattr(preset.options, name)
    defaults = vars(Hyperparameters())
    for name in OTHER_OPTIONS:
        assert getattr(preset.options, name) == defaults[name]
        assert name not in preset.entries


def test_sizes_are_told_apart_by_their_entries() -> None:
    entries = [tuple(preset.entries.items()) for preset in PRESETS.values()]
    assert len(set(entries)) == len(entries)


def test_the_kernels_that_are_compiled_first_are_those_of_the_default() -> None:
    options = PRESETS[ServerConfig().size].options
    assert PRESETS[DEFAULT_SIZE].options == options
    run = TrainingRun.create("a text\nof two lines", options, 0)
    assert KernelKey.of(options.kind, run.trainer.config) == KernelKey() == FIRST_KERNELS


@pytest.mark.parametrize("preset", PRESETS.values())
def test_a_network_of_each_size_fits_the_limits_with_the_starting_text(preset: Preset) -> None:
    TrainingRun.create(texts.text(), preset.options, 0).check_trainable()
