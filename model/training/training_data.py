"""What a training learns from: sentences, or the windows of a running text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from model.char_model import CharModel
from model.errors import TextError
from model.kernels.types import FloatArray
from model.metrics import packed_losses
from model.network import Network
from model.text.dataset import pack_sentences, split_text, train_validation_split
from model.text.vocabulary import IndexArray
from model.training.batch_sampler import BatchSampler, Int64Array
from model.training.config import TrainingConfig
from model.training.streams import StreamSampler
from model.training.validation import TextValidator, ValidationSet, Validator


class TrainingData(ABC):
    """The sequences of a training, and the order in which they are drawn.

    Attributes:
        tokens: the tokens of all sequences.
        offsets: (sequences + 1,), where each begins: its inputs start at tokens[offsets[s]], its
            targets one place later.
        lengths: (sequences,), the predictions of each.
        sentences: the sentences; empty for running text.
        sampler: draws the sequences of each step.
        validation: evaluates what is held out; None if there is nothing.
        ends: predictions of a sequence that are no characters.
        clip_scale: what the limit for gradients is multiplied by: the kernels compute the gradient
            of the mean loss of a sequence.
    """

    sampler: BatchSampler | StreamSampler
    ends: int
    clip_scale: int

    def __init__(
        self,
        tokens: IndexArray,
        offsets: Int64Array,
        validation: ValidationSet | None,
        sentences: Sequence[str] = (),
    ) -> None:
        self.tokens, self.offsets = tokens, offsets
        self.lengths = np.diff(offsets)  # (sequences,)
        self.validation = validation
        self.sentences = sentences

    @property
    @abstractmethod
    def state(self) -> FloatArray:
        """The carried state of each sequence of the next step: see `Network.zero_state`."""

    @abstractmethod
    def reset_state(self) -> None:
        """Set the carried states to zero."""

    @abstractmethod
    def _loss(self, network: Network, number: int) -> float:
        """The loss that a network has on a sequence."""

    def mean_loss(self, network: Network, order: Int64Array) -> float:
        """The mean loss of a prediction that a network has on these sequences."""
        numbers, counts = np.unique(order, return_counts=True)
        losses = [self._loss(network, number) for number in numbers]
        return float(np.dot(counts, losses) / self.lengths[order].sum())


class SentenceData(TrainingData):
    """Sentences, each from START to END."""

    ends = 1
    clip_scale = 1

    def __init__(self, model: CharModel, sentences: Sequence[str], config: TrainingConfig) -> None:
        split = train_validation_split(sentences, config.validation_fraction)
        validation = Validator(model, split.validation) if split.validation else None
        tokens, offsets = pack_sentences(model.vocabulary, split.train)
        super().__init__(tokens, offsets, validation, split.train)
        self.sampler = BatchSampler(self.lengths, config.batch_size, config.shuffle, config.seed)
        self._no_state = model.zero_state(0)

    @property
    def state(self) -> FloatArray:
        """No rows: every sentence begins with a state of zero."""
        return self._no_state

    def reset_state(self) -> None:
        """Do nothing."""

    def _loss(self, network: Network, number: int) -> float:
        return float(packed_losses(network, self.tokens, self.offsets[number : number + 2])[0])


class TextData(TrainingData):
    """Windows of one text, with a state that is carried from each to the next."""

    ends = 0

    def __init__(self, model: CharModel, text: Sequence[str] | str, config: TrainingConfig) -> None:
        if not isinstance(text, str):
            raise TextError("text_not_a_string", kind=type(text).__name__)
        length = config.sequence_length
        split = split_text(model.vocabulary, text, config.validation_fraction, model.start_token)
        characters = len(split.train) - 1
        if characters < length:
            raise TextError("text_too_short", characters=characters, length=length)
        held_out = split.validation
        validation = TextValidator(model, held_out, length) if held_out is not None else None
        self.sampler: StreamSampler = StreamSampler(
            model, characters // length, length, config.batch_size
        )
        super().__init__(split.train, np.arange(len(self.sampler) + 1) * length, validation)
        self.clip_scale = length

    @property
    def state(self) -> FloatArray:
        """The states of the streams."""
        return self.sampler.state

    def reset_state(self) -> None:
        """Set the states of the streams to zero."""
        self.sampler.reset_state()

    def _loss(self, network: Network, number: int) -> float:
        """The loss of a window, read with the one before it, whose state it begins with."""
        before, end = max(number - 1, 0), number + 1
        both = packed_losses(network, self.tokens, self.offsets[[before, end]])[0]
        if not number:
            return float(both)
        known = packed_losses(network, self.tokens, self.offsets[[before, number]])[0]
        return float(both - known)


def training_data(
    model: CharModel, sentences: Sequence[str] | str, config: TrainingConfig
) -> TrainingData:
    """The data of a training in the mode of its options.

    Raises:
        TextError: there is no sentence, one is empty, or has an unknown character; or the text is
            shorter than a window.
    """
    if config.mode == "text":
        return TextData(model, sentences, config)
    return SentenceData(model, sentences, config)
