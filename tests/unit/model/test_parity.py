"""The kernels, compared with the original demo.

The recorded checkpoints are the original's whole state before and after single steps, the first and
the last of a training. Training at a high learning rate is chaotic, so a step is compared, not a
path: both start from the state that the original had before it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from model import CharModel, RMSProp, Trainer, TrainingConfig
from model.analysis.gradient_check import kernel_loss_and_gradient
from model.autograd.reference_cells import reference_loss_and_gradient
from model.formats.checkpoint import ModelCheckpoint, load_model

PATHS = sorted((Path(__file__).parents[2] / "data" / "parity").glob("*.json"))
CHECKPOINTS = [(path, which) for path in PATHS for which in (0, 1)]  # the first step and the last
ORIGINAL_MAX_CHARS = 101  # the original stops once more than 100 characters are out

# Relative to the loss, and to the largest number of a matrix.
LOSS_ERROR = {"float64": 1e-12, "float32": 1e-5}
MATRIX_ERROR = {"float64": 1e-9, "float32": 1e-5}


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def vector(request: pytest.FixtureRequest) -> Any:
    return json.loads(request.param.read_text())


@pytest.fixture(params=CHECKPOINTS, ids=lambda of: f"{of[0].stem}-{('first', 'last')[of[1]]}")
def recorded(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """The recording of a training, and one of its checkpoints."""
    path, which = request.param
    vector = json.loads(path.read_text())
    return vector, vector["checkpoints"][which]


def load(vector: Any, state: Any, dtype: str) -> ModelCheckpoint:
    """The state of a checkpoint, as the original would have saved it."""
    solver = {**vector["initial"]["solver"], "step_cache": state["step_cache"]}
    return load_model({**vector["initial"], "model": state["model"], "solver": solver}, dtype)


def assert_close(
    found: Mapping[str, npt.NDArray[Any]], expected: Mapping[str, npt.NDArray[Any]], limit: float
) -> None:
    assert found.keys() == expected.keys()
    for name, matrix in expected.items():
        tolerance = limit * float(np.abs(matrix).max())
        np.testing.assert_allclose(found[name], matrix, rtol=0, atol=tolerance, err_msg=name)


def gradient_of(checkpoint: Any, model: CharModel) -> dict[str, npt.NDArray[Any]]:
    shapes = {name: matrix.shape for name, matrix in model.named_parameters().items()}
    return {name: np.reshape(w, shapes[name]) for name, w in checkpoint["gradient"].items()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_loss_and_the_gradient_of_a_step_equal_the_originals(
    recorded: tuple[Any, Any], dtype: str
) -> None:
    vector, checkpoint = recorded
    model = load(vector, checkpoint["before"], dtype).model
    loss, gradient = kernel_loss_and_gradient(model, vector["sentences"][checkpoint["sentence"]])
    assert loss == pytest.approx(checkpoint["cost"], rel=LOSS_ERROR[dtype])
    assert_close(gradient, gradient_of(checkpoint, model), MATRIX_ERROR[dtype])


def test_the_graphs_loss_and_gradient_of_a_step_equal_the_originals(
    recorded: tuple[Any, Any],
) -> None:
    vector, checkpoint = recorded
    model = load(vector, checkpoint["before"], "float64").model
    loss, gradient = reference_loss_and_gradient(model, vector["sentences"][checkpoint["sentence"]])
    assert loss == pytest.approx(checkpoint["cost"], rel=LOSS_ERROR["float64"])
    assert_close(gradient, gradient_of(checkpoint, model), MATRIX_ERROR["float64"])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_step_leads_to_the_originals_weights_and_step_cache(
    recorded: tuple[Any, Any], dtype: str
) -> None:
    vector, checkpoint = recorded
    original, step = vector["settings"], vector["steps"][checkpoint["step"]]
    config = TrainingConfig.recurrentjs(
        learning_rate=original["learning_rate"],
        weight_decay=original["regc"],
        clip=original["clipval"],
    )
    before = load(vector, checkpoint["before"], dtype)
    trainer = Trainer(before.model, vector["sentences"], config, before.optimizer)
    log = trainer.train_on([checkpoint["sentence"]])
    np.testing.assert_allclose(log.losses, checkpoint["cost"], rtol=LOSS_ERROR[dtype])
    np.testing.assert_allclose(log.gradient_norms, step["grad_norm"], rtol=MATRIX_ERROR[dtype])
    np.testing.assert_allclose(log.clipped_shares, step["ratio_clipped"], rtol=1e-12)

    after = load(vector, checkpoint["after"], "float64")
    assert_close(
        trainer.model.named_parameters(), after.model.named_parameters(), MATRIX_ERROR[dtype]
    )
    assert isinstance(trainer.optimizer, RMSProp)
    assert isinstance(after.optimizer, RMSProp)
    views = trainer.model.layout.views
    assert_close(
        views(trainer.optimizer.square_avg),
        views(after.optimizer.square_avg),
        MATRIX_ERROR[dtype],
    )


def test_the_final_model_evaluates_and_predicts_as_the_original(vector: Any) -> None:
    model = load_model(vector["final"], dtype="float64").model
    assert model.greedy(max_chars=ORIGINAL_MAX_CHARS) == vector["greedy"][:ORIGINAL_MAX_CHARS]
    np.testing.assert_allclose(
        list(model.next_char_probabilities(vector["prefix"]).values()),
        vector["next_char_probabilities"],
        rtol=1e-9,
    )
    for evaluation in vector["evals"]:
        sentence = evaluation["sentence"]
        [loss] = model.losses([sentence])
        assert loss == pytest.approx(evaluation["cost"], rel=1e-12)
        if evaluation["demo_ppl"] is not None:  # its divisor is zero for a single character
            demo_perplexity = np.exp(loss / (len(sentence) - 1))
            assert demo_perplexity == pytest.approx(evaluation["demo_ppl"], rel=1e-9)


def test_the_originals_models_load_with_lists_and_without_a_solver(vector: Any) -> None:
    saved = json.loads(json.dumps(vector["final"]))
    expected = CharModel.from_json(saved).params
    for matrix in saved["model"].values():
        matrix["w"] = [matrix["w"][str(i)] for i in range(len(matrix["w"]))]
    del saved["solver"]
    np.testing.assert_array_equal(CharModel.from_json(json.dumps(saved)).params, expected)
