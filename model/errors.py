"""The errors of the library: a code for programs, and a message that says what to change."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        # Sentences, and the characters that they are made of.
        "no_sentences": "There is nothing to learn: write at least one sentence, one a line.",
        "empty_sentence": "A sentence is empty: every sentence needs at least one character.",
        "empty_vocabulary": "There is no character to learn: write at least one sentence.",
        "unknown_characters": (
            "The model does not know {characters}: leave them out, or train a new model on a text "
            "that has them."
        ),
        "no_known_sentences": (
            "The model does not know {characters}, and every sentence has one of them: take a "
            "text in the model's characters."
        ),
        "vocabulary_entry_not_a_character": (
            "Every entry of the vocabulary must be one single character."
        ),
        "duplicate_character": "The vocabulary names a character twice: each must stand once.",
        # The options of a network and of its training.
        "unknown_kind": "There is no network of kind {kind!r}: take {known}.",
        "invalid_letter_size": "The letter size must be a whole number from 1 on.",
        "invalid_hidden_sizes": (
            "Hidden sizes must be whole numbers from 1 on, one a layer, such as 20, 20."
        ),
        "out_of_range": "The {option} must be a number {range}; it is {value!r}.",
        "invalid_batch_size": (
            "The batch size must be a whole number from 1 to {most:,}; it is {value!r}."
        ),
        "unknown_choice": "There is no {option} {value!r}: take {known}.",
        # What is asked of a network.
        "invalid_count": "The count must be a whole number from 1 on; it is {value!r}.",
        "invalid_max_chars": "max_chars must be a number from 0 on; it is {value!r}.",
        "invalid_width": "The width must be a whole number from 1 to {most}; it is {value!r}.",
        "invalid_temperature": "The temperature must be a number above 0; it is {value!r}.",
        "invalid_top_k": (
            "top_k must be a whole number from 1 on, such as 10, or None for all characters; it "
            "is {value!r}."
        ),
        "invalid_top_p": (
            "top_p must be a number above 0, at most 1, such as 0.9, or None for all characters; "
            "it is {value!r}."
        ),
        "invalid_numbers_per_matrix": (
            "At least 1 number of each matrix must be checked; numbers_per_matrix is {value!r}."
        ),
        "model_diverged": (
            "This network has diverged: it has NaN or infinite weights and cannot be saved. "
            "Restart with a lower learning rate."
        ),
        # A saved model as a whole, and its vocabulary and sizes.
        "json_invalid": (
            "Invalid JSON: parse error at line {line}, column {column}. Paste "
            "everything that was saved, from the first {{ to the last }}."
        ),
        "json_unreadable": (
            "This JSON cannot be read: it is not a saved model. Take one that was saved whole."
        ),
        "json_not_an_object": "This JSON is not a saved model: it must be an object in braces.",
        "entry_missing": (
            'The JSON has no "{key}": it is not a whole saved model. Paste everything that was '
            "saved."
        ),
        "entry_not_an_object": '"{key}" must be an object in braces.',
        "letters_not_strings": '"letterToIndex" must have characters for its keys.',
        "letters_not_numbered": (
            '"letterToIndex" must number the characters 1, 2, 3 … without a gap.'
        ),
        "letters_contradict": (
            '"{key}" and "letterToIndex" contradict each other: leave out "{key}".'
        ),
        "hidden_sizes_not_integers": (
            '"hidden_sizes" must be a list of whole numbers, such as [20, 20].'
        ),
        "letter_size_not_an_integer": '"letter_size" must be a whole number.',
        "unknown_generator": '"generator" must be {known}, nothing else.',
        # A saved model's matrices.
        "matrix_missing": (
            '"{where}" has no matrix {matrix}, which the sizes ask for: change the sizes, or save '
            "the model again."
        ),
        "matrix_without_numbers": '"{place}" must hold its numbers under "w".',
        "matrix_shape_mismatch": (
            '"{place}" must be {rows} x {columns} for these sizes; its n x d is {n} x {d}.'
        ),
        "matrix_size_mismatch": '"{place}" must hold {expected} numbers; it holds {held}.',
        "matrix_number_missing": '"{place}" has no number at position "{position}": add it.',
        "matrix_not_numeric": (
            '"{place}" holds something that is not a number: all under "w" must be numbers.'
        ),
        "matrix_not_finite": (
            '"{place}" holds NaN or an infinite number: the model is damaged. Take another copy.'
        ),
        "weight_too_large": (
            '"{where}" holds a number that is too large for a weight: the model is damaged. Take '
            "another copy."
        ),
        # A saved optimizer.
        "step_cache_negative": (
            '"step_cache" holds a number below 0, which no mean of squares can be: leave it out.'
        ),
        "smooth_eps_out_of_range": (
            '"smooth_eps" of the solver must be a number from {least:g} to 1.'
        ),
        "steps_not_a_count": '"steps" of the solver must be a whole number from 0 on.',
        "decay_out_of_range": '"{key}" of the solver must be a number from 0 to below 1.',
        "order_damaged": '"order" of the solver is damaged: leave it out.',
        # The expression graph; each begins with the operation.
        "not_a_matrix": (
            "{operation}: a matrix is rows of equally many numbers, such as [[1, 2], [3, 4]]."
        ),
        "not_two_dimensional": (
            "{operation}: a matrix has rows and columns, at least one of each, and this has shape "
            "{shape}: write [[1, 2]] for a row, [[1], [2]] for a column."
        ),
        "not_a_scalar": (
            "{operation}: only shape (1, 1) is one number, and this has shape {shape}: add it up "
            "with .sum(), or take one number of it."
        ),
        "loss_not_a_scalar": (
            "{operation}: the loss must be one number, shape (1, 1), and its shape is {shape}: "
            "add it up with .sum() first."
        ),
        "loss_not_in_graph": (
            "backward: the loss was not computed in this graph. Compute it inside "
            "`with Graph() as graph:`."
        ),
        "broadcast_mismatch": (
            "{operation}: shapes {first} and {second} do not fit: rows must be as many in both, "
            "or 1 in one of them, and columns likewise."
        ),
        "matmul_mismatch": (
            "{operation}: shapes {first} and {second} do not fit: the first must have as many "
            "columns as the second has rows."
        ),
        "concatenate_mismatch": (
            "{operation}: shapes {first} and {second} do not fit along axis {axis}: all must have "
            "as many {dimension}."
        ),
        "nothing_to_concatenate": (
            "{operation}: there is no matrix to put together: give at least one."
        ),
        "targets_mismatch": (
            "{operation}: logits of shape {first} and targets of shape {second} do not fit: every "
            "row needs one target."
        ),
        "axis_out_of_range": "{operation}: a matrix has the axes 0 and 1; {axis!r} is neither.",
        "indices_not_integers": (
            "{operation}: indices must be a list of whole numbers, such as [0, 2, 1]."
        ),
        "index_out_of_range": (
            "{operation}: shape {shape} has no {dimension} {index}: they are numbered 0 to {last}."
        ),
        "empty_slice": (
            "{operation}: shape {shape} has nothing at rows {rows}, columns {columns}: a part "
            "must have at least one number."
        ),
    }
)
"""What each code says; {named} places are filled with the values of the error."""


class ModelError(ValueError):
    """Something given to the library cannot be used.

    Attributes:
        code: tells programs which error it is; a key of `MESSAGES`.
        field: names what is at fault ("hidden_sizes", "text", "json", …), so that a caller can
            show the message where the value was entered.
        values: what the message is filled with.
        message: says what to change.
    """

    def __init__(self, code: str, field: str | None = None, **values: Any) -> None:
        self.code = code
        self.field = field
        self.values = values
        self.message = MESSAGES[code].format(**values)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are otherwise made anew from their message, which is no code.
        return _without_init, (type(self), self.message), self.__dict__


class TextError(ModelError):
    """Unusable sentences: none, empty ones, or with characters the model does not know."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, "text", **values)


class SettingsError(ModelError):
    """An option of a network or of its training that is out of range."""


class FormatError(ModelError):
    """A saved model that is damaged, or is not one."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, "json", **values)


def _without_init(kind: type[ModelError], message: str) -> ModelError:
    """An error that pickle gives its attributes next."""
    return kind.__new__(kind, message)
