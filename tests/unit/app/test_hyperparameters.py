"""Every hyperparameter reaches, from its one declaration, each place that has it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from app.cli.train import train
from app.errors import UserError
from app.protocol import read_event
from app.protocol.fields import (
    ChoiceField,
    IntListField,
    OptionalFlagField,
    OptionalNumberField,
    as_entered,
)
from app.protocol.hyperparameters import HYPERPARAMETERS, Hyperparameters
from app.protocol.requests import Learn
from app.storage.checkpoint_codec import decode, encode
from app.training.run import TrainingRun
from app.web.sockets.serializers import full_state
from tests.support.app_server import running_app
from tests.support.checkpoints import checkpoint
from tests.support.snapshots import FIRST
from tests.support.stub_engine import StubEngine
from tools.generate_protocol import HyperparametersInput, declared_fields

NAMES = list(HYPERPARAMETERS)
SMALL = Hyperparameters(hidden_sizes=(3,), letter_size=2)


def other_value(name: str) -> Any:
    """A valid value that is not the default."""
    match HYPERPARAMETERS[name].field:
        case ChoiceField(choices=choices):
            return next(choice for choice in choices if choice != default(name))
        case OptionalFlagField():
            return True
        case IntListField(each=each):
            return (int(each.low), int(each.low) + 1)
        case OptionalNumberField(number=field) | field:
            return next(value for value in (field.high, field.high / 2) if value != default(name))


def default(name: str) -> Any:
    return getattr(Hyperparameters(), name)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    with running_app(tmp_path_factory.mktemp("data"), engine=StubEngine()) as app_server:
        return app_server.app.test_client().get("/").text


def test_every_field_is_declared_with_a_default_of_its_range() -> None:
    assert [field.name for field in fields(Hyperparameters)] == NAMES
    for name, declared in HYPERPARAMETERS.items():
        assert declared.field(as_entered(default(name))) == default(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_request_may_have_it_as_typed(name: str) -> None:
    value = other_value(name)
    learn = read_event("learn", ({"text": "a", "options": {name: as_entered(value)}},))
    assert isinstance(learn, Learn)
    assert learn.options == replace(Hyperparameters(), **{name: value})


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_has_it(name: str) -> None:
    option = next(each for each in train.params if each.name == name)
    assert option.type_cast_value(None, option.default) == default(name)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_the_form_of_the_page_has_it(name: str, page: str) -> None:
    field = HYPERPARAMETERS[name].field
    _, _, rest = page.partition(f' id="opt_{name}"')
    choice = isinstance(field, ChoiceField | OptionalFlagField)
    tag = rest.partition("</select>" if choice else ">")[0]
    assert f'value="{as_entered(default(name))}"' in tag
    assert f'id="{name}_hint"' in rest
    assert f'id="{name}_error"' in rest


@pytest.mark.parametrize("name", NAMES)
def test_the_state_that_is_sent_has_it(name: str) -> None:
    options = replace(Hyperparameters(), **{name: other_value(name)})
    snapshot = replace(FIRST, description=replace(FIRST.description, options=options))
    assert Hyperparameters.from_json(full_state(snapshot)["options"]) == options


@pytest.mark.parametrize("name", NAMES)
def test_the_protocol_has_it(name: str) -> None:
    for message in (Hyperparameters, HyperparametersInput):
        assert name in [field.name for field in declared_fields(message)]


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_has_it_and_one_from_before_it_takes_the_default(name: str) -> None:
    options = replace(Hyperparameters(), **{name: other_value(name)})
    encoded = encode(replace(checkpoint(), options=options))
    assert decode("ann", encoded, "text").options == options
    state = json.loads(encoded.state)
    del state["options"][name]
    older = encoded._replace(state=json.dumps(state).encode())
    assert decode("ann", older, "text").options == Hyperparameters()


@pytest.mark.parametrize("name", NAMES)
def test_the_network_or_its_training_has_it(name: str) -> None:
    options = replace(SMALL, **{name: other_value(name)})
    run = TrainingRun.create("abba\ncaba\n" * 10, options, 0)
    has = run.model if HYPERPARAMETERS[name].part == "network" else run.trainer.config
    argument = HYPERPARAMETERS[name].argument or name
    assert getattr(has, argument) == other_value(name)
    arguments = {**options.of("network"), **options.of("training")}
    assert arguments[argument] == other_value(name)
    assert len(arguments) == len(NAMES)


def test_a_list_of_millions_of_entries_is_not_split() -> None:
    with pytest.raises(UserError) as caught:
        read_event("learn", ({"text": "abc", "options": {"hidden_sizes": "1," * 1_000_000}},))
    assert caught.value.code == "too_many_entries"
    assert "1000000" not in caught.value.message
