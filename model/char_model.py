"""A character-level recurrent network: creation, evaluation and sampling."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from model import sampling
from model.analysis import forward_trace
from model.analysis.forward_trace import Activations, ForwardTrace
from model.errors import SettingsError, TextError, check_seed
from model.formats.files import write_file
from model.formats.recurrentjs_json import parse, serialize
from model.kernels.types import FloatArray
from model.metrics import losses_and_predictions, perplexity_of, sentence_losses
from model.network import Network, ParameterLayout, float_type
from model.text.dataset import split_text
from model.text.sentences import Sentences
from model.text.vocabulary import Vocabulary
from model.training.optimizers import Optimizer
from model.training.validation import TextValidator

Initialization = Literal["recurrentjs", "glorot"]

INITIAL_WEIGHT = 0.08  # of "recurrentjs"
INITIAL_LETTER = 0.5  # of "glorot": measured, with letter vectors of 64
INITIAL_FORGET_BIAS = 1.0
END = "END"
"""The key of the end of a sentence in `next_char_probabilities`."""


class CharModel(Network):
    """A network that predicts the next character of a sentence, or of running text.

    `params` is the flat vector of its parameters, `named_parameters` returns them by name.
    """

    @classmethod
    def create(
        cls,
        vocabulary: Vocabulary,
        cell: str = "lstm",
        hidden_sizes: Sequence[int] = (20, 20),
        embedding_size: int = 5,
        seed: int | None = None,
        dtype: npt.DTypeLike = np.float32,
        initialization: Initialization = "recurrentjs",
    ) -> CharModel:
        """A new network with random weights.

        Args:
            vocabulary: the characters of the sentences.
            cell: "lstm", "rnn" or "gru".
            hidden_sizes: units of each layer, bottom first.
            embedding_size: numbers in a letter vector.
            seed: of the weights; None for different weights each time.
            dtype: float32 or float64.
            initialization: "recurrentjs" is that of the original demo: weights are uniform in
                -0.08..0.08, biases zero. With "glorot" the weights of a matrix are uniform in a
                range that depends on its shape (X. Glorot and Y. Bengio, "Understanding the
                difficulty of training deep feedforward neural networks", 2010), letter vectors in
                -0.5..0.5, and the forget gates of an LSTM have a bias of 1 (R. Jozefowicz, W.
                Zaremba and I. Sutskever, "An Empirical Exploration of Recurrent Network
                Architectures", 2015): wide networks learn faster.

        Raises:
            SettingsError: the cell or the initialization is unknown, a size is not an integer of at
                least 1, or the network does not fit into memory. The fields are "kind",
                "hidden_sizes", "letter_size", "seed", "dtype", "vocabulary" and "initialization".
        """
        _check_vocabulary(vocabulary)
        if not isinstance(hidden_sizes, Iterable):
            raise SettingsError("invalid_hidden_sizes", "hidden_sizes")
        layout = ParameterLayout(cell, len(vocabulary), embedding_size, tuple(hidden_sizes))
        if initialization not in get_args(Initialization):
            option, known = "initialization", " or ".join(get_args(Initialization))
            raise SettingsError(
                "unknown_choice", option, option=option, value=initialization, known=known
            )
        random = _generator(seed)
        params = _zeros(layout, dtype)
        for name, matrix in layout.views(params).items():
            if name.startswith("W"):
                limit = _initial_limit(name, matrix.shape, initialization)
                matrix[:] = random.uniform(-limit, limit, matrix.shape)
            elif initialization == "glorot" and name.startswith("bf"):
                matrix[:] = INITIAL_FORGET_BIAS
        return cls(vocabulary, layout, params)

    @classmethod
    def from_json(cls, saved: str | bytes | Mapping[str, Any]) -> CharModel:
        """The model of a saved JSON, in any variant that the original has written.

        Raises:
            FormatError: it is not a saved model; the message names the entry at fault.
        """
        network, *_ = parse(saved)
        return cls(network.vocabulary, network.layout, network.params, network.mode)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CharModel:
        """The model in a JSON file.

        Raises:
            FormatError: it is not a saved model; the message names the entry at fault, or the
                program that the file is of.
            OSError: the file cannot be read.
        """
        return cls.from_json(Path(path).read_bytes())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a JSON file, atomically, without its training.

        Raises:
            FormatError: the network has diverged.
            OSError: the file cannot be written; an earlier one is unchanged.
        """
        write_file(path, json.dumps(self.to_json()).encode())

    def to_json(self, optimizer: Optimizer | None = None) -> dict[str, Any]:
        """The model and the optimizer, if given, in the structure of the original's JSON.

        Raises:
            FormatError: the network has diverged.
        """
        return serialize(self, optimizer)

    def losses(self, sentences: Sequence[str]) -> npt.NDArray[np.float64]:
        """The sum of -ln p over the characters and the end of each sentence, (sentences,), in nats.

        Raises:
            TextError: there is no sentence, one is empty, or has an unknown character.
        """
        return sentence_losses(self, sentences)

    def perplexity(self, sentences: Iterable[str] | str) -> float:
        """The perplexity: exp of the mean loss of a prediction.

        A sentence of n characters has n + 1 predictions; the last one is its end. In the mode
        "text" this takes a text instead, of n predictions, with the state carried through it.

        Raises:
            TextError: as `losses` does, or the text is none.
        """
        if self.mode == "text":
            if not isinstance(sentences, str):
                raise TextError("text_not_a_string", kind=type(sentences).__name__)
            tokens = split_text(self.vocabulary, sentences, 0.0, self.start_token).train
            return TextValidator(self, tokens).evaluate()
        given = Sentences.of(sentences)
        if not given:
            raise TextError("no_sentences")
        loss, predictions = 0.0, 0
        for chunk in given.chunks():
            losses, counts = losses_and_predictions(self, chunk)
            loss += float(losses.sum())
            predictions += int(counts.sum())
        return perplexity_of(loss, predictions)

    def next_char_probabilities(self, prefix: str = "") -> dict[str, float]:
        """The probability of each character, and of `END`, after the prefix.

        In the mode "text" there is no `END`.

        Raises:
            TextError: the prefix has an unknown character.
        """
        probabilities = forward_trace.trace(self, prefix).probabilities[-1]
        if self.mode == "text":
            rest = probabilities[1:] / probabilities[1:].sum()
            return dict(zip(self.vocabulary.chars, map(float, rest), strict=True))
        return dict(zip((END, *self.vocabulary.chars), map(float, probabilities), strict=True))

    def trace(self, text: str) -> ForwardTrace:
        """The states and predictions at each step of a text and its end.

        Raises:
            TextError: the text has an unknown character.
        """
        return forward_trace.trace(self, text)

    def activations(self, text: str) -> list[Activations]:
        """The hidden and cell states of each layer over a text.

        For n characters both are (n + 1, units): after START, then after each character. The cell
        states are None for a GRU or RNN.

        Raises:
            TextError: the text has an unknown character.
        """
        return list(self.trace(text).layers)

    def sample(
        self,
        temperature: float = 1.0,
        prompt: str = "",
        top_k: int | None = None,
        top_p: float | None = None,
        max_chars: int = 100,
        seed: int | None = None,
    ) -> str:
        """A random continuation of the prompt, without the prompt.

        Args:
            temperature: divides the logits before the softmax: low values favour the most probable
                characters, high ones are more diverse; above 0.
            prompt: the beginning of the sentence.
            top_k: number of most probable characters to choose from, the end being one; None for
                all of them.
            top_p: probability that these reach together, above 0 and up to 1; None for no limit.
            max_chars: the maximal length; 0 or more.
            seed: makes the sample reproducible.

        Raises:
            SettingsError: an argument is out of range.
            TextError: the prompt has an unknown character; the field is "prime".
        """
        [sentence] = self.samples(1, temperature, prompt, top_k, top_p, max_chars, seed)
        return sentence

    def samples(
        self,
        count: int,
        temperature: float = 1.0,
        prompt: str = "",
        top_k: int | None = None,
        top_p: float | None = None,
        max_chars: int = 100,
        seed: int | None = None,
    ) -> list[str]:
        """`count` sentences, each as from `sample`; faster than single calls.

        Raises:
            SettingsError: the count is not an integer of at least 1, or as `sample` does.
            TextError: as `sample` does.
        """
        params = sampling.sampling_params(self, temperature, top_k, top_p)
        return sampling.generate(self, count, prompt, params, max_chars, _generator(seed))

    def iter_samples(
        self,
        count: int,
        temperature: float = 1.0,
        prompt: str = "",
        top_k: int | None = None,
        top_p: float | None = None,
        max_chars: int = 100,
        seed: int | None = None,
    ) -> Iterator[str]:
        """The sentences of `samples`, the first ones as soon as they are made.

        Raises:
            SettingsError, TextError: as `samples` does.
        """
        params = sampling.sampling_params(self, temperature, top_k, top_p)
        return sampling.stream(self, count, prompt, params, max_chars, _generator(seed))

    def greedy(self, prompt: str = "", max_chars: int = 100) -> str:
        """The continuation of the prompt by the most probable character at each step.

        Raises:
            SettingsError, TextError: as `sample` does.
        """
        [sentence] = sampling.generate(self, 1, prompt, sampling.GREEDY, max_chars)
        return sentence

    def beam_search(
        self, width: int = 5, prompt: str = "", max_chars: int = 100
    ) -> list[tuple[str, float]]:
        """The most probable continuations of the prompt that beam search finds, best first.

        Each has the natural logarithm of its probability given the prompt: of its characters and
        its end, or of its characters alone if it was cut at `max_chars`. There is no length
        normalisation, which favours short sentences.

        The first is at least as probable as the greedy sentence, which is the result for a width of
        1. There are at most `width`, and none if the network has diverged. The result is
        deterministic.

        Raises:
            SettingsError: the width is not an integer from 1 to 20, or max_chars is below 0.
            TextError: the prompt has an unknown character; the field is "prime".
        """
        return sampling.beam_search(self, width, prompt, max_chars)


def _initial_limit(name: str, shape: tuple[int, ...], initialization: Initialization) -> float:
    """The largest initial weight of a matrix."""
    if initialization == "recurrentjs":
        return INITIAL_WEIGHT
    return INITIAL_LETTER if name == "Wil" else math.sqrt(6 / sum(shape))


def _check_vocabulary(vocabulary: Any) -> None:
    if not isinstance(vocabulary, Vocabulary):
        raise SettingsError("not_a_vocabulary", "vocabulary")


def _generator(seed: int | None) -> np.random.Generator:
    """The random generator of a seed.

    Raises:
        SettingsError: the seed is neither None nor an integer of at least 0.
    """
    check_seed(seed)
    return np.random.default_rng(seed)


def _zeros(layout: ParameterLayout, dtype: npt.DTypeLike) -> FloatArray:
    """The flat vector of a network (parameters,).

    Raises:
        SettingsError: it does not fit into memory, or its dtype is not of a network.
    """
    kind, weights = float_type(dtype), layout.num_parameters
    try:
        return np.zeros(weights, kind)
    except (MemoryError, OverflowError, ValueError):  # too large for memory, an index, an array
        raise SettingsError("out_of_memory", "hidden_sizes", weights=weights) from None
