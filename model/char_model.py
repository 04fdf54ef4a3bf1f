"""A character-level recurrent network: creation, evaluation and sampling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from model import sampling
from model.analysis import forward_trace
from model.analysis.forward_trace import Activations, ForwardTrace
from model.formats.recurrentjs_json import parse, serialize
from model.metrics import perplexity_of, sentence_losses
from model.network import Network, ParameterLayout
from model.training.optimizers import Optimizer
from model.vocabulary import Vocabulary

INITIAL_WEIGHT = 0.08  # initial weights are uniform in -0.08..0.08, as the original's
END = "END"
"""How the end of a sentence is named among characters in `next_char_probabilities`."""


class CharModel(Network):
    """A network that predicts the next character of a sentence.

    Its parameters are one flat vector, `params`; `parameters` names every matrix in it.
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
    ) -> CharModel:
        """A new network with random weights and zero biases.

        Raises:
            SettingsError: an unknown kind, or a size that is not a whole number from 1 on.
        """
        layout = ParameterLayout(cell, len(vocabulary), embedding_size, tuple(hidden_sizes))
        params = np.zeros(layout.num_parameters, dtype=dtype)  # (parameters,)
        random = np.random.default_rng(seed)
        for name, matrix in layout.views(params).items():
            if name.startswith("W"):
                matrix[:] = random.uniform(-INITIAL_WEIGHT, INITIAL_WEIGHT, matrix.shape)
        return cls(vocabulary, layout, params)

    @classmethod
    def from_json(cls, saved: str | bytes | Mapping[str, Any]) -> CharModel:
        """The model of a saved JSON, in any form that the original has written.

        Raises:
            FormatError: it is damaged or no such model; the message names the place.
        """
        network = parse(saved).network
        return cls(network.vocabulary, network.layout, network.params)

    def to_json(self, optimizer: Optimizer | None = None) -> dict[str, Any]:
        """The model, and the optimizer's state if given, in the structure of the original's JSON.

        Raises:
            FormatError: the network has diverged.
        """
        return serialize(self, optimizer)

    def losses(self, sentences: Sequence[str]) -> npt.NDArray[np.float64]:
        """Sum of -ln p over each sentence's characters and its end, shape (sentences,)."""
        return sentence_losses(self, sentences)

    def perplexity(self, sentences: Iterable[str]) -> float:
        """exp of the mean loss of a prediction.

        A sentence of n characters is n + 1 predictions, the end of the sentence being one.

        Raises:
            TextError: no sentence, an empty one, or a character that the model does not know.
        """
        given = list(sentences)
        loss = float(self.losses(given).sum())
        predictions = sum(len(self.vocabulary.tokenize(sentence)) + 1 for sentence in given)
        return perplexity_of(loss, predictions)

    def next_char_probabilities(self, prefix: str = "") -> dict[str, float]:
        """The probability of each character, and of `END`, to come after the prefix."""
        probabilities = map(float, sampling.predict(self, prefix))
        return dict(zip((END, *self.vocabulary.chars), probabilities, strict=True))

    def trace(self, text: str) -> ForwardTrace:
        """The forward pass over a text and its end: states and predictions at every step.

        Raises:
            TextError: the text holds a character that the model does not know.
        """
        return forward_trace.trace(self, text)

    def activations(self, text: str) -> list[Activations]:
        """The hidden and cell states of each layer over a text.

        Of n characters, both are (n + 1, units): after START, then after each character. The cell
        states of a GRU or a plain recurrent layer are None.

        Raises:
            TextError: the text holds a character that the model does not know.
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
        """A sentence drawn character by character, after `prompt`; without the prompt itself.

        Logits are divided by the temperature before the softmax: near 0 the most probable
        characters win, above 1 the sample is more diverse. Then `top_k` keeps only that many of the
        most probable characters, the end being one, and `top_p` only as many as together reach this
        probability; both use the probabilities at this temperature.

        Raises:
            SettingsError: the temperature is not a number above 0, top_k not a whole number from 1
                on, top_p not a number above 0 and up to 1, or max_chars below 0.
            TextError: the prompt holds a character that the model does not know.
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
        """`count` sentences, each as from `sample`; one call for all is faster.

        Raises:
            SettingsError: the count is not a whole number from 1 on, or as `sample` does.
            TextError: as `sample` does.
        """
        params = sampling.sampling_params(self, temperature, top_k, top_p)
        random = np.random.default_rng(seed)
        return sampling.generate(self, count, prompt, params, max_chars, random)

    def greedy(self, prompt: str = "", max_chars: int = 100) -> str:
        """The greedy continuation of `prompt`; raises the errors of `sample`."""
        [sentence] = sampling.generate(self, 1, prompt, sampling.GREEDY, max_chars)
        return sentence

    def beam_search(
        self, width: int = 5, prompt: str = "", max_chars: int = 100
    ) -> list[tuple[str, float]]:
        """The most probable continuations of `prompt` that a beam of this width finds, best first.

        Each comes with its log-probability given the prompt (natural logarithm) of its characters
        and its end, or of its characters alone if it was cut at `max_chars`. There is no length
        normalisation, which favours short sentences.

        The first is at least as probable as the greedy sentence, which is what a width of 1 gives.
        There are at most `width` of them, and none if the network has diverged. The result is
        deterministic.

        Raises:
            SettingsError: the width is not a whole number from 1 to 20, or max_chars below 0.
            TextError: the prompt holds a character that the model does not know.
        """
        return sampling.beam_search(self, width, prompt, max_chars)
