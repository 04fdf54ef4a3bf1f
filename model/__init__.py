"""Character-level recurrent networks that train fast on one core.

For example::

from model import CharModel, Trainer, Vocabulary

sentences = ["start small", "ship it, then listen"]
model = CharModel.create(Vocabulary.from_sentences(sentences), hidden_sizes=(20, 20))
trainer = Trainer(model, sentences)
print(trainer.train_for(seconds=2).perplexity, model.sample(temperature=0.5))
"""

from model.analysis.gradient_check import (
    GradientReport,
    ModelReport,
    gradient_check,
    graph_gradient_check,
)
from model.autograd.graph import Graph, Mat, ShapeError
from model.char_model import END, CharModel
from model.errors import FormatError, ModelError, SettingsError, TextError
from model.formats.checkpoint import ModelCheckpoint, load_model
from model.text.characters import format_chars
from model.text.dataset import Split, adapt_sentences, select_known, train_validation_split
from model.text.decoding import Decoded, decode_text
from model.text.limits import TextLimits, TextStats, text_stats
from model.text.reader import TextRead, WholeText, read_text, read_texts
from model.text.sentences import Sentences, running_text, sentences_from_text
from model.text.vocabulary import Vocabulary
from model.training.config import TrainingConfig
from model.training.divergence import Rollback
from model.training.optimizers import Adam, AdamW, RMSProp
from model.training.stats import ParameterUpdate, StepLog, TrainingStats
from model.training.trainer import Trainer
from model.training.validation import ValidationSet, Validator
from model.training.warmup import (
    KernelKey,
    beam_search_compiled,
    compile_beam_search,
    compile_inference,
    compile_kernels,
    compile_training,
    inference_compiled,
    kernels_cached,
    training_compiled,
)

__all__ = [
    "END",
    "Adam",
    "AdamW",
    "CharModel",
    "Decoded",
    "FormatError",
    "GradientReport",
    "Graph",
    "KernelKey",
    "Mat",
    "ModelCheckpoint",
    "ModelError",
    "ModelReport",
    "ParameterUpdate",
    "RMSProp",
    "Rollback",
    "Sentences",
    "SettingsError",
    "ShapeError",
    "Split",
    "StepLog",
    "TextError",
    "TextLimits",
    "TextRead",
    "TextStats",
    "Trainer",
    "TrainingConfig",
    "TrainingStats",
    "ValidationSet",
    "Validator",
    "Vocabulary",
    "WholeText",
    "adapt_sentences",
    "beam_search_compiled",
    "compile_beam_search",
    "compile_inference",
    "compile_kernels",
    "compile_training",
    "decode_text",
    "format_chars",
    "gradient_check",
    "graph_gradient_check",
    "inference_compiled",
    "kernels_cached",
    "load_model",
    "read_text",
    "read_texts",
    "running_text",
    "select_known",
    "sentences_from_text",
    "text_stats",
    "train_validation_split",
    "training_compiled",
]
