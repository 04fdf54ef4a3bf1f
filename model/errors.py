"""The errors of the library, each with a code for programs and a message for people.

The checks at the end are those that many arguments share.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

MAX_SHOWN = 1000  # characters of a value in a message
MAX_NESTED = 100  # characters of a list or a mapping
HUGE = 10**30  # integers from here on are not written out in a message

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        # Sentences and their characters.
        "no_sentences": "There is no text to train on: enter at least one sentence, one per line.",
        "no_text": "There is no text to train on: enter one.",
        "empty_sentence": "A sentence is empty: each sentence needs at least one character.",
        "empty_vocabulary": "There are no characters to train on: enter at least one sentence.",
        "unknown_characters": (
            "The model does not know {characters}: remove them, or train a new model "
            "on a text with them."
        ),
        "no_known_sentences": (
            "The model does not know {characters}, and each sentence contains one of them: use a "
            "text in the characters of the model."
        ),
        "not_a_string": "A text must be a str; this is of type {kind}.",
        "sentences_not_a_list": (
            "Sentences must be a list of str, and this is of type {kind}: split a text with "
            "sentences_from_text."
        ),
        "vocabulary_entry_not_a_character": "Each entry of the vocabulary must be one character.",
        "duplicate_character": "The vocabulary contains a character twice.",
        "text_too_long": (
            "The text has {characters:,} characters: shorten it to {limit:,} at most."
        ),
        "too_many_sentences": (
            "The text has {sentences:,} sentences: shorten it to {limit:,} at most."
        ),
        "line_too_long": (
            "Line {line:,} is too long, and the longest has {characters:,} characters: break it "
            "into lines of {limit:,} at most; each line is one sentence."
        ),
        "too_many_distinct_characters": (
            "The text has {distinct:,} distinct characters: use a text of {limit:,} at most, or "
            "leave out the rare ones."
        ),
        # Files of texts.
        "not_a_text": "{name} is {kind}, not a text: choose a text file.",
        "text_is_model": "{name} is a saved model, not a text: load it as a model.",
        "file_too_large": "{name} has more than {limit:,} bytes, decompressed: split it.",
        "file_unreadable": "{name} cannot be read: {reason}.",
        "file_not_found": "There is no file {name}: correct the path.",
        "folder_without_texts": "The folder {name} has no text files: choose another.",
        "compression_damaged": (
            "{name} is compressed, and damaged or incomplete: get or compress it again."
        ),
        "encoding_not_known": (
            "{name} is not in UTF-8: save it as UTF-8, or name the encoding that it is in."
        ),
        "utf8_damaged": (
            "{name} is in UTF-8, but has invalid bytes in line {line:,}: correct it, or name the "
            "encoding that it is in."
        ),
        "wrong_encoding": "{name} is not in the encoding {encoding}: name another.",
        "unknown_encoding": "There is no encoding {encoding!r}: use a name such as cp1251.",
        # Options of a network and of its training.
        "unknown_kind": "There is no network of kind {kind!r}: choose {known}.",
        "invalid_letter_size": "The letter size must be an integer of at least 1.",
        "invalid_hidden_sizes": (
            "Hidden sizes must be integers of at least 1, one per layer, such as 20, 20."
        ),
        "out_of_range": "The {option} must be a number {range}; it is {value!r}.",
        "invalid_batch_size": (
            "The batch size must be an integer from 1 to {most:,}; it is {value!r}."
        ),
        "invalid_steps": "The steps must be an integer of at least 0; they are {value!r}.",
        "invalid_threads": "The threads must be an integer of at least 1; they are {value!r}.",
        "not_a_flag": "The {option} must be True or False; it is {value!r}.",
        "invalid_seed": "The seed must be an integer of at least 0, or None; it is {value!r}.",
        "invalid_dtype": "The dtype must be float32 or float64; it is {value!r}.",
        "not_a_vocabulary": (
            "The vocabulary must be a Vocabulary, such as Vocabulary.from_sentences(sentences)."
        ),
        "network_mismatch": (
            "The vocabulary, the layout and the parameters are of different networks: {expected} "
            "are expected, and there are {held}."
        ),
        "optimizer_mismatch": (
            "The optimizer is of another network: make it with RMSProp.zeros(model.params)."
        ),
        "out_of_memory": (
            "A network of {weights:,} weights does not fit into memory: use smaller hidden sizes."
        ),
        "invalid_sequence_length": (
            "The sequence length must be an integer from 1 to {most:,}; it is {value!r}."
        ),
        "invalid_warmup_steps": (
            "The warm-up steps must be an integer from 0 to {most:,}; they are {value!r}."
        ),
        "text_not_a_string": (
            'In the mode "text" the text must be a str; it is a {kind}. Use the mode "lines" for '
            "sentences."
        ),
        "text_too_short": (
            "The text has {characters:,} characters for training: it needs more than one sequence "
            "of {length:,}. Use a longer text, or a shorter sequence length."
        ),
        "unknown_choice": "There is no {option} {value!r}: choose {known}.",
        # Arguments of sampling and analysis.
        "invalid_count": "The count must be an integer of at least 1; it is {value!r}.",
        "invalid_max_chars": "max_chars must be an integer of at least 0; it is {value!r}.",
        "invalid_width": "The width must be an integer from 1 to {most}; it is {value!r}.",
        "invalid_temperature": "The temperature must be a number above 0; it is {value!r}.",
        "invalid_top_k": (
            "top_k must be an integer of at least 1, such as 10, or None for all characters; it is "
            "{value!r}."
        ),
        "invalid_top_p": (
            "top_p must be a number above 0, at most 1, such as 0.9, or None for all characters; "
            "it is {value!r}."
        ),
        "invalid_numbers_per_matrix": "numbers_per_matrix must be at least 1; it is {value!r}.",
        "model_diverged": (
            "This network has diverged: it has NaN or infinite weights and cannot be saved. "
            "Restart with a lower learning rate."
        ),
        # A saved model: JSON, vocabulary and sizes.
        "json_invalid": (
            "Invalid JSON: parse error at line {line}, column {column}. Paste the whole file, from "
            "the first {{ to the last }}."
        ),
        "json_unreadable": "This JSON cannot be read: it is not a saved model.",
        "json_not_an_object": "This JSON is not a saved model: it must be an object in braces.",
        "path_instead_of_json": (
            "This is the path of a file, not its content: use CharModel.load(path)."
        ),
        "foreign_file": "This is {kind}, not a saved model: {instead}.",
        "entry_missing": 'The JSON has no "{key}": it is no complete model. Paste the whole file.',
        "entry_not_an_object": '"{key}" must be an object in braces.',
        "letters_not_strings": '"letterToIndex" must have characters as its keys.',
        "letters_not_numbered": '"letterToIndex" must number the characters from 1 without gaps.',
        "letters_contradict": '"{key}" contradicts "letterToIndex": remove "{key}".',
        "hidden_sizes_not_integers": '"hidden_sizes" must be a list of integers, such as [20, 20].',
        "letter_size_not_an_integer": '"letter_size" must be an integer.',
        "too_many_layers": "This network has {count:,} layers. Use one of {limit:,} at most.",
        "mode_unknown": '"mode" must be {known}: remove it, or correct it.',
        "unknown_generator": '"generator" must be {known}.',
        # The matrices of a saved model.
        "matrix_missing": (
            '"{where}" has no matrix {matrix}, which the sizes require: correct the sizes, or save '
            "the model again."
        ),
        "matrix_without_numbers": '"{place}" must have its numbers under "w".',
        "matrix_shape_mismatch": (
            '"{place}" must be {rows} x {columns} for these sizes; its n x d is {n} x {d}.'
        ),
        "matrix_size_mismatch": '"{place}" must have {expected} numbers; it has {held}.',
        "matrix_number_missing": '"{place}" has no number at position "{position}".',
        "matrix_not_numeric": '"{place}" has an entry under "w" that is not a number.',
        "matrix_not_finite": '"{place}" has NaN or an infinite number: the model is damaged.',
        "weight_too_large": '"{where}" has a number too large for a weight: the model is damaged.',
        # The optimizer of a saved model.
        "step_cache_negative": '"step_cache" has a negative number: remove "step_cache".',
        "smooth_eps_out_of_range": (
            '"smooth_eps" of the solver must be a number from {least:g} to 1.'
        ),
        "steps_not_a_count": '"steps" of the solver must be an integer of at least 0.',
        "decay_out_of_range": '"{key}" of the solver must be a number of at least 0 and below 1.',
        "training_out_of_range": (
            '"{key}" of the training must be a number from 0 to {most:g}: remove "training".'
        ),
        "training_damaged": '"training" of the solver is invalid: {reason} Remove it.',
        "best_damaged": '"best" is invalid: remove it.',
        "order_damaged": '"order" of the solver is invalid: remove it.',
        # The expression graph; each message starts with the operation.
        "not_a_matrix": (
            "{operation}: a matrix has rows of equal length, such as [[1, 2], [3, 4]]."
        ),
        "not_two_dimensional": (
            "{operation}: a matrix has rows and columns, at least one of each, and this has shape "
            "{shape}: write [[1, 2]] for a row, [[1], [2]] for a column."
        ),
        "not_a_scalar": (
            "{operation}: only shape (1, 1) is one number, and this has shape {shape}: reduce it "
            "with .sum(), or index one number."
        ),
        "loss_not_a_scalar": (
            "{operation}: the loss must be one number, shape (1, 1), and its shape is {shape}: "
            "reduce it with .sum()."
        ),
        "loss_not_in_graph": (
            "backward: the loss was not computed in this graph. Compute it inside "
            "`with Graph() as graph:`."
        ),
        "broadcast_mismatch": (
            "{operation}: shapes {first} and {second} do not fit: the rows must be equal in number "
            "or one of them 1, and likewise those of columns."
        ),
        "matmul_mismatch": (
            "{operation}: shapes {first} and {second} do not fit: the first must have as many "
            "columns as the second has rows."
        ),
        "concatenate_mismatch": (
            "{operation}: shapes {first} and {second} do not fit along axis {axis}: all must have "
            "the same number of {dimension}."
        ),
        "nothing_to_concatenate": "{operation}: there must be at least one matrix.",
        "targets_mismatch": (
            "{operation}: logits of shape {first} and targets of shape {second} do not fit: each "
            "row needs one target."
        ),
        "axis_out_of_range": "{operation}: the axis must be 0 or 1; it is {axis!r}.",
        "indices_not_integers": (
            "{operation}: indices must be a list of integers, such as [0, 2, 1]."
        ),
        "index_out_of_range": (
            "{operation}: shape {shape} has no {dimension} {index}: they are numbered 0 to {last}."
        ),
        "empty_slice": (
            "{operation}: shape {shape} has nothing at rows {rows}, columns {columns}: a slice "
            "must have at least one number."
        ),
    }
)
"""The message of each code; the values of the error fill in the fields."""


class ModelError(ValueError):
    """An argument of the library is invalid.

    Attributes:
        code: identifies the error; a key of `MESSAGES`.
        field: the option at fault, by its public name ("hidden_sizes", "text", "json", …), so that
            a caller can show the message where the value was entered.
        values: fill in the message.
        message: says what to change.
    """

    def __init__(self, code: str, field: str | None = None, **values: Any) -> None:
        self.code = code
        self.field = field
        self.values = values
        shown = {name: _shortened(value) for name, value in values.items()}
        self.message = MESSAGES[code].format(**shown)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # By default pickle calls the class with the message, which is not a code.
        return _without_init, (type(self), self.message), self.__dict__


class TextError(ModelError):
    """Invalid sentences: none, an empty one, or unknown characters."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, "text", **values)


class SettingsError(ModelError):
    """An option of a network, of its training or of sampling that is out of range."""


class FormatError(ModelError):
    """Data that is not a valid saved model."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, "json", **values)


def is_integer(value: Any) -> bool:
    """Whether the value is an integer, of Python or NumPy, and no truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether the value is a real number, of Python or NumPy, which may be infinite or NaN."""
    return isinstance(value, Real) and not isinstance(value, bool)


def check_seed(seed: Any) -> None:
    """Check a random seed.

    Raises:
        SettingsError: it is neither None nor an integer of at least 0.
    """
    if seed is not None and not (is_integer(seed) and seed >= 0):
        raise SettingsError("invalid_seed", "seed", value=seed)


def check_range(field: str, name: str, value: Any, above: float | None, to: float) -> None:
    """Check a number: above `above`, or from 0 on if that is None, and at most `to`.

    Raises:
        SettingsError: it is out of range, NaN or no number. `name` is in the message.
    """
    if is_number(value) and (value >= 0 if above is None else value > above) and value <= to:
        return  # all comparisons are false for NaN
    low = "from 0" if above is None else f"above {above:g}"
    high = "" if math.isinf(to) else f", at most {to:g}"
    raise SettingsError("out_of_range", field, option=name, range=low + high, value=value)


def _shortened(value: Any) -> Any:
    """The value as a message shows it: Python does not write out 5,000 digits or levels."""
    if isinstance(value, list | tuple | dict):
        written = reprlib.repr(value)  # some hundred characters if it is nested
        return written if len(written) <= MAX_NESTED else f"{written[:MAX_NESTED]}…"
    if isinstance(value, str) and len(value) > MAX_SHOWN:
        return f"{value[:MAX_SHOWN]}…"
    if is_integer(value) and abs(value) >= HUGE:
        return math.inf if value > 0 else -math.inf
    return value


def _without_init(kind: type[ModelError], message: str) -> ModelError:
    """An error without attributes, which pickle adds."""
    return kind.__new__(kind, message)
