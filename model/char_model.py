"""A character-level recurrent network: its parameters, and writing with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from model import sampling as writing
from model.analysis import forward_trace as reading
from model.analysis.forward_trace import Activations, Reading
from model.dataset import pack_sentences
from model.kernels import entry_points as entry
from model.kernels import workspace
from model.kernels.cells import CELLS
from model.metrics import perplexity_of
from model.network import FloatArray, Layout
from model.sampling_choice import LIKELIEST, drawing
from model.training.optimizers import Solver
from model.vocabulary import Vocabulary

INITIAL_WEIGHT = 0.08  # initial weights are uniform in -0.08..0.08, as the original's
END = "END"
"""How the end of a sentence is named among characters in `next_char_probabilities`."""


class CharModel:
    """A network that predicts the next character of a sentence.

    Its parameters are one flat vector, float32 unless made otherwise; `parameters` names every
    matrix in it.
    """

    def __init__(self, vocabulary: Vocabulary, layout: Layout, flat: FloatArray) -> None:
        self.vocabulary = vocabulary
        self.layout = layout
        self.flat = flat  # (layout.parameter_count,)

    @classmethod
    def create(
        cls,
        vocabulary: Vocabulary,
        kind: str = "lstm",
        hidden_sizes: Sequence[int] = (20, 20),
        letter_size: int = 5,
        seed: int | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> CharModel:
        """A new network with random weights and zero biases.

        Raises:
            SettingsError: an unknown kind, or a size that is not a whole number from 1 on.
        """
        layout = Layout(kind, len(vocabulary), letter_size, tuple(hidden_sizes))
        flat = np.zeros(layout.parameter_count, dtype=dtype)  # (parameters,)
        random = np.random.default_rng(seed)
        for name, matrix in layout.views(flat).items():
            if name.startswith("W"):
                matrix[:] = random.uniform(-INITIAL_WEIGHT, INITIAL_WEIGHT, matrix.shape)
        return cls(vocabulary, layout, flat)

    @classmethod
    def from_json(cls, saved: str | bytes | Mapping[str, Any]) -> CharModel:
        """The model of a saved JSON, in any form that the original has written.

        Raises:
            FormatError: it is damaged or no such model; the message names the place.
        """
        from model.formats.recurrentjs_json import read_model

        return read_model(saved).model

    def to_json(self, solver: Solver | None = None) -> dict[str, Any]:
        """The model, and its solver's memory if given, in the structure of the original's JSON.

        Raises:
            FormatError: the network has run off to infinity.
        """
        from model.formats.recurrentjs_json import model_as_json

        return model_as_json(self, solver)

    @property
    def kind(self) -> str:
        """The cell of its layers."""
        return self.layout.kind

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Units of each layer, bottom first."""
        return self.layout.hidden_sizes

    @property
    def letter_size(self) -> int:
        """Numbers in a letter vector."""
        return self.layout.letter_size

    @property
    def weight_count(self) -> int:
        """How many numbers the network learns, biases included."""
        return self.layout.parameter_count

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """Every matrix by name, as views of the flat vector: writing to one changes the model."""
        return self.layout.views(self.flat)

    def copy(self) -> CharModel:
        """The same model with parameters of its own."""
        return CharModel(self.vocabulary, self.layout, self.flat.copy())

    def costs(self, sentences: Sequence[str]) -> npt.NDArray[np.float64]:
        """Sum of -ln p over each sentence's characters and its end, shape (sentences,)."""
        letters, starts = pack_sentences(self.vocabulary, sentences)
        costs = np.zeros(len(sentences))  # (sentences,)
        rows = int(np.diff(starts).max())
        work = workspace.for_rows(self.layout, rows, self.flat.dtype)
        steps = np.arange(rows + 1)
        entry.evaluate(
            CELLS[self.kind], self.layout.sizes, self.flat, letters, starts, work, steps, costs
        )
        return costs

    def perplexity(self, sentences: Iterable[str]) -> float:
        """exp of the mean cost of a prediction: among how many characters it is as if guessing.

        A sentence of n characters is n + 1 predictions, the end of the sentence being one.

        Raises:
            TextError: no sentence, an empty one, or a character that the model does not know.
        """
        given = list(sentences)
        cost = float(self.costs(given).sum())
        predictions = sum(len(self.vocabulary.units(sentence)) + 1 for sentence in given)
        return perplexity_of(cost, predictions)

    def next_char_probabilities(self, prefix: str = "") -> dict[str, float]:
        """The probability of each character, and of `END`, to come after the prefix."""
        probabilities = map(float, writing.predict(self, prefix))
        return dict(zip((END, *self.vocabulary.letters), probabilities, strict=True))

    def read(self, text: str) -> Reading:
        """What the network does while it reads a text and its end.

        Raises:
            TextError: the text holds a character that the model does not know.
        """
        return reading.read(self, text)

    def activations(self, text: str) -> list[Activations]:
        """The hidden and cell states of each layer while the network reads a text.

        Of n characters, both are (n + 1, units): after START, then after each character. A GRU and
        a plain recurrent layer keep no cell state, and have None for it.

        Raises:
            TextError: the text holds a character that the model does not know.
        """
        return list(self.read(text).layers)

    def sample(
        self,
        temperature: float = 1.0,
        prime: str = "",
        top_k: int | None = None,
        top_p: float | None = None,
        max_chars: int = 100,
        seed: int | None = None,
    ) -> str:
        """A sentence drawn character by character, after `prime`; without the prime itself.

        Logits are divided by the temperature before the softmax: near 0 the likeliest characters
        win, above 1 the draw becomes more adventurous. Then `top_k` leaves no more than so many of
        the likeliest characters, the end being one, and `top_p` no more than it takes to reach this
        probability together; both count by the probabilities at this temperature.

        Raises:
            SettingsError: the temperature is not a number above 0, top_k not a whole number from 1
                on, top_p not a number above 0 and up to 1, or max_chars below 0.
            TextError: the prime holds a character that the model does not know.
        """
        [sentence] = self.samples(1, temperature, prime, top_k, top_p, max_chars, seed)
        return sentence

    def samples(
        self,
        count: int,
        temperature: float = 1.0,
        prime: str = "",
        top_k: int | None = None,
        top_p: float | None = None,
        max_chars: int = 100,
        seed: int | None = None,
    ) -> list[str]:
        """So many sentences, each drawn as by `sample`; all together, which is faster.

        Raises:
            SettingsError: the count is not a whole number from 1 on, or as `sample` does.
            TextError: as `sample` does.
        """
        choice = drawing(self, temperature, top_k, top_p)
        random = np.random.default_rng(seed)
        return writing.write(self, count, prime, choice, max_chars, random)

    def greedy(self, prime: str = "", max_chars: int = 100) -> str:
        """The sentence of the likeliest next characters, after `prime`; raises as `sample`."""
        [sentence] = writing.write(self, 1, prime, LIKELIEST, max_chars)
        return sentence

    def beam_search(
        self, width: int = 5, prime: str = "", max_chars: int = 100
    ) -> list[tuple[str, float]]:
        """The likeliest sentences that a beam of this width finds, after `prime`, best first.

        Beside each stands its log-probability given the prime, the natural logarithm: of its
        characters and of its end. One that is cut at `max_chars` has its characters' alone; it
        stands for all sentences that begin so. Nothing is divided by the length, so short sentences
        are at an advantage: they have fewer choices to be unlikely in.

        The first is at least as probable as the greedy sentence, which is what a width of 1 gives.
        There are as many as the width, or fewer where fewer are found; none where the network has
        run off to infinity. The same model always gives the same.

        Raises:
            SettingsError: the width is not a whole number from 1 to 20, or max_chars below 0.
            TextError: the prime holds a character that the model does not know.
        """
        return writing.beam_search(self, width, prime, max_chars)
