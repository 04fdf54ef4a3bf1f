"""Loads a network from `charnn export --format safetensors` into PyTorch."""

import json
from functools import partial
from itertools import pairwise

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": partial(nn.RNN, nonlinearity="relu")}


class Network(nn.Module):
    """An embedding of the characters, recurrent layers and a decoder."""

    def __init__(self, path: str) -> None:
        super().__init__()
        with safe_open(path, framework="pt") as file:
            about = file.metadata()
        sizes = [int(about["letter_size"]), *json.loads(about["hidden_sizes"])]
        cell = CELLS[about["kind"]]
        self.vocabulary = json.loads(about["vocabulary"])  # numbered from 1
        self.start = int(about["start"])  # START, or a line break for running text
        self.embedding = nn.Embedding(len(self.vocabulary) + 1, sizes[0])
        self.layers = nn.ModuleList(cell(below, hidden) for below, hidden in pairwise(sizes))
        self.decoder = nn.Linear(sizes[-1], len(self.vocabulary) + 1)
        self.load_state_dict(load_file(path))

    def encode(self, text: str) -> torch.Tensor:
        """The token before a text and those of the text: (1 + characters,)."""
        return torch.tensor([self.start, *(self.vocabulary.index(char) + 1 for char in text)])

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The logits (time, V) of the next token at each step; token 0 is END."""
        x = self.embedding(tokens)  # (time, letter_size)
        for layer in self.layers:
            x, _ = layer(x)  # (time, hidden)
        return self.decoder(x)


if __name__ == "__main__":
    network = Network("model.safetensors")
    odds = network(network.encode(""))[-1].softmax(0)  # of the first character of a sentence
    for char, p in zip(["END", *network.vocabulary], odds.tolist(), strict=True):
        print(f"{char!r:8} {p:.4f}")
