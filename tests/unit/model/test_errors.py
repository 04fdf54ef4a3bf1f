"""Errors have a code and a message, and can be pickled."""

from __future__ import annotations

import ast
import pickle
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from model import FormatError, ModelError, SettingsError, ShapeError, TextError, Vocabulary
from model.errors import MESSAGES

ROOT = Path(__file__).parents[3]
KINDS = {cell.__name__ for cell in (ModelError, TextError, SettingsError, FormatError, ShapeError)}

EACH_KIND = [
    ModelError("loss_not_in_graph", "backward"),
    TextError("unknown_characters", characters="'x'"),
    SettingsError("invalid_count", "count", value=-1),
    FormatError("matrix_missing", where="model", matrix="Wil"),
    ShapeError("matmul_mismatch", "matmul", first=(1, 2), second=(3, 4)),
]


def raised() -> Iterator[tuple[str, ast.Call]]:
    """The calls in the sources that create an error of the library, and their places."""
    for folder in ("model", "app"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in KINDS:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def places(code: str) -> set[str]:
    """The named fields of a message."""
    return {name for _, name, _, _ in Formatter().parse(MESSAGES[code]) if name is not None}


def test_each_code_is_raised_with_the_values_of_its_message() -> None:
    used = Counter[str]()
    for place, call in raised():
        code, given = call.args[0], {keyword.arg for keyword in call.keywords}
        if not isinstance(code, ast.Constant):  # the error of another, handed on with its values
            assert ast.unparse(code).endswith(".code"), place
            assert given == {None}, place
            continue
        assert code.value in MESSAGES, place
        if ast.unparse(call.func) == ShapeError.__name__:
            given.add("operation")
        assert given == places(code.value), place
        used[code.value] += 1
    assert set(MESSAGES) == set(used)
    for code, message in MESSAGES.items():
        assert code.isidentifier(), code
        assert message.endswith("."), code
        assert message == " ".join(message.split()), code


@pytest.mark.parametrize("error", EACH_KIND, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickle(error: ModelError, protocol: int) -> None:
    error.field = "elsewhere"  # a caller may know better which box it was
    error.add_note("while reading")
    again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 (our own bytes)
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == again.message == str(error)
    for value in error.values.values():
        assert str(value) in str(again)


def test_text_and_format_errors_have_their_fields() -> None:
    with pytest.raises(TextError) as unknown:
        Vocabulary("ab").encode("abc")
    assert (unknown.value.code, unknown.value.field) == ("unknown_characters", "text")
    with pytest.raises(FormatError) as twice:
        Vocabulary("aa")
    assert (twice.value.code, twice.value.field) == ("duplicate_character", "json")


def test_a_value_of_any_size_can_be_told() -> None:
    for huge in (10**5000, -(10**5000), "x" * 100_000):
        error = SettingsError("invalid_count", "count", value=huge)
        assert error.values["value"] is huge
        assert len(str(error)) < 2000
