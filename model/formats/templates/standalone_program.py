"""Generates sentences with a network that charnn has trained. Requires only NumPy.

    python model.py --temperature 0.5 --count 5 --prime "the " --seed 1

The formulas come first, the parameters of the network last. A network processes START and the
characters of a sentence one by one, and after each it predicts the next character or END. In the
shapes below V is the number of tokens (the characters, and START/END), H the units of a layer, I
the size of its input.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Matrices = dict[str, Array]  # by name; those of layer d end with d
State = tuple[Array, ...]  # of a layer: h (H,), then c (H,) if the cell has one

CONTROL = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


# ---------------------------------------------------------------- the formulas


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), in a form that does not overflow."""
    return (1 + np.tanh(x / 2)) / 2


def rnn(m: Matrices, d: int, x: Array, before: State) -> State:
    """A step of a simple recurrent layer: Elman (1990), with ReLU.

    Wxh (H, I), Whh (H, H), bhh (H,); x (I,). The initial state is 0.
    """
    (h,) = before or (np.zeros_like(m[f"bhh{d}"]),)
    return (np.maximum(m[f"Wxh{d}"] @ x + m[f"Whh{d}"] @ h + m[f"bhh{d}"], 0),)


def lstm(m: Matrices, d: int, x: Array, before: State) -> State:
    """A step of an LSTM: Hochreiter and Schmidhuber (1997), with a forget gate (Gers et al., 2000).

    W?x (H, I), W?h (H, H), b? (H,); x (I,). The initial state is 0.
    """
    zeros = np.zeros_like(m[f"bi{d}"])
    h, c = before or (zeros, zeros)
    i = sigmoid(m[f"Wix{d}"] @ x + m[f"Wih{d}"] @ h + m[f"bi{d}"])  # input gate (H,)
    f = sigmoid(m[f"Wfx{d}"] @ x + m[f"Wfh{d}"] @ h + m[f"bf{d}"])  # forget gate
    o = sigmoid(m[f"Wox{d}"] @ x + m[f"Woh{d}"] @ h + m[f"bo{d}"])  # output gate
    g = np.tanh(m[f"Wcx{d}"] @ x + m[f"Wch{d}"] @ h + m[f"bc{d}"])  # cell write
    c = f * c + i * g
    return o * np.tanh(c), c


def gru(m: Matrices, d: int, x: Array, before: State) -> State:
    """A step of a GRU: Cho et al. (2014), with the reset gate after the product, as in cuDNN.

    W?x (H, I), W?h (H, H), b? and bch (H,); x (I,). The initial state is 0.
    """
    (h,) = before or (np.zeros_like(m[f"bz{d}"]),)
    z = sigmoid(m[f"Wzx{d}"] @ x + m[f"Wzh{d}"] @ h + m[f"bz{d}"])  # update gate (H,)
    r = sigmoid(m[f"Wrx{d}"] @ x + m[f"Wrh{d}"] @ h + m[f"br{d}"])  # reset gate
    n = np.tanh(m[f"Wcx{d}"] @ x + m[f"bc{d}"] + r * (m[f"Wch{d}"] @ h + m[f"bch{d}"]))  # candidate
    return ((1 - z) * n + z * h,)


# ---------------------------------------------------------------- inference


@dataclass
class Network:
    """The network at the end of this file."""

    chars: str  # the characters, numbered from 1; token 0 is START as an input, END as an output
    cell: Callable[[Matrices, int, Array, State], State]
    layers: int
    start: int  # the token before a text: START, or a line break for running text
    ends: bool  # whether it writes END; running text has none
    matrices: Matrices

    def step(self, token: int, states: Sequence[State]) -> tuple[Array, list[State]]:
        """The logits (V,) of the next token, and the new states of the layers."""
        m = self.matrices
        x, after = m["Wil"][token], []
        for d, before in enumerate(states):
            after.append(self.cell(m, d, x, before))
            x = after[-1][0]  # h
        return m["Whd"] @ x + m["bd"], after

    def forward(self, tokens: Sequence[int]) -> tuple[Array, list[State]]:
        """The same after the token before a text and these tokens."""
        logits, states = self.step(self.start, [()] * self.layers)
        for token in tokens:
            logits, states = self.step(token, states)
        return logits, states

    def generate(
        self, prompt: str, temperature: float, max_chars: int, random: np.random.Generator
    ) -> str:
        """The prompt and its continuation, until END or by at most max_chars characters."""
        tokens = self.encode(prompt)
        logits, states = self.forward(tokens)
        for _ in range(max_chars):
            if not self.ends:
                logits[0] = -np.inf
            token = sample_token(logits, temperature, random)
            if token == 0:
                break
            tokens.append(token)
            logits, states = self.step(token, states)
        return self.decode(tokens)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text: of its characters, or UTF-16 units if it was trained on those."""
        units = list(text)
        if any("\ud800" <= char <= "\udfff" for char in self.chars):
            utf16 = text.encode("utf-16-le", "surrogatepass")
            units = [chr(half) for half in np.frombuffer(utf16, dtype="<u2")]
        for unit in units:
            if unit not in self.chars:
                raise SystemExit(f"The network does not know the character {unit!r}: leave it out.")
        return [self.chars.index(unit) + 1 for unit in units]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of these tokens; a lone UTF-16 half becomes a replacement character."""
        text = "".join(self.chars[token - 1] for token in tokens)
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def sample_token(logits: Array, temperature: float, random: np.random.Generator) -> int:
    """The next token: the most probable one at temperature 0, else a random one."""
    if temperature == 0:
        return int(logits.argmax())
    with np.errstate(over="ignore"):  # near 0 the exponent may be -infinity
        odds = np.exp((logits - logits.max()).astype(np.float64) / temperature)
    return int(random.choice(len(odds), p=odds / odds.sum()))


# ---------------------------------------------------------------- the command line


def whole_number(text: str) -> int:
    """A number of at least 0."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def temperature(text: str) -> float:
    """A number of at least 0."""
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError
    return number


def main(network: Network) -> None:
    """Parse the command line and print sentences."""
    parser = argparse.ArgumentParser(
        description="Generate sentences with a network trained by charnn."
    )
    add = parser.add_argument
    add("--temperature", type=temperature, default=1.0, help="0 is greedy, high is diverse")
    add("--count", type=whole_number, default=5, help="number of sentences; one at temperature 0")
    add("--prime", default="", help="text to continue")
    add("--prime-file", help="file with the text to continue, in UTF-8")
    add("--json", action="store_true", help="print a JSON object per line")
    add(
        "--max-chars",
        "--length",
        type=whole_number,
        default=100,
        help="cut sentences after this many characters",
    )
    add("--seed", type=whole_number, help="random seed, for reproducible sentences")
    args = parser.parse_args()
    random = np.random.default_rng(args.seed)
    try:
        prime = read_prime(args.prime_file) if args.prime_file else args.prime
        prepare_output(network)
        for _ in range(1 if args.temperature == 0 else args.count):
            text = network.generate(prime, args.temperature, args.max_chars, random)
            write_line(json.dumps({"text": text}) if args.json else text)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:  # a file that cannot be read, a full disk, a pipe without a reader
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is buffered
        raise SystemExit(f"{error.filename or 'standard output'}: {error.strerror}") from None


def read_prime(path: str) -> str:
    """The text of a file, without the newline at its end."""
    return Path(path).read_text(encoding="utf-8-sig", errors="replace").removesuffix("\n")


def prepare_output(network: Network) -> None:
    """Let standard output replace the characters that its encoding lacks, and say so."""
    if sys.stdout is None:
        raise SystemExit("standard output is closed")
    try:
        network.decode(range(1, len(network.chars) + 1)).encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        print(f"{sys.stdout.encoding} lacks some characters: they become ?", file=sys.stderr)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]


def write_line(text: str) -> None:
    """Print a line at once, for a terminal with its control characters written out."""
    if sys.stdout.isatty():
        text = CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    print(text, flush=True)


# ---------------------------------------------------------------- the network


def array(shape: tuple[int, ...], text: str) -> Array:
    """A matrix or a vector from base64 of float32 numbers, row by row."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4").reshape(shape)
