"""Writes sentences with a network that charnn has trained. It needs Python and NumPy alone.

    python model.py --temperature 0.5 --count 5 --prime "the " --seed 1

First the formulas, at the end the network's numbers. A network reads START and the characters of a
sentence one after the other; after each it says how likely every character is to come next, or the
END. In the shapes below V is the number of characters and START/END, H the units of a layer, I the
numbers that come from the layer below it.
"""

from __future__ import annotations

import argparse
import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Matrices = dict[str, Array]  # by name, those of a layer with its number d at the end
State = tuple[Array, ...]  # what a layer hands on: h (H,), then c (H,) where its cell has one


# ---------------------------------------------------------------- the formulas


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), in a form in which nothing overflows."""
    return (1 + np.tanh(x / 2)) / 2


def rnn(m: Matrices, d: int, x: Array, before: State) -> State:
    """A step of a plain recurrent layer with rectified units: Elman (1990), with the rectifier.

    Wxh (H, I), Whh (H, H), bhh (H,); x (I,). What came before START is 0.
    """
    (h,) = before or (np.zeros_like(m[f"bhh{d}"]),)
    return (np.maximum(m[f"Wxh{d}"] @ x + m[f"Whh{d}"] @ h + m[f"bhh{d}"], 0),)


def lstm(m: Matrices, d: int, x: Array, before: State) -> State:
    """A step of an LSTM: Hochreiter and Schmidhuber (1997), with a forget gate (Gers et al., 2000).

    Every W?x (H, I), W?h (H, H), b? (H,); x (I,). What came before START is 0.
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
    """A step of a GRU: Cho et al. (2014), the reset gate applied after the product, as in cuDNN.

    Every W?x (H, I), W?h (H, H), b? and bch (H,); x (I,). What came before START is 0.
    """
    (h,) = before or (np.zeros_like(m[f"bz{d}"]),)
    z = sigmoid(m[f"Wzx{d}"] @ x + m[f"Wzh{d}"] @ h + m[f"bz{d}"])  # update gate (H,)
    r = sigmoid(m[f"Wrx{d}"] @ x + m[f"Wrh{d}"] @ h + m[f"br{d}"])  # reset gate
    n = np.tanh(m[f"Wcx{d}"] @ x + m[f"bc{d}"] + r * (m[f"Wch{d}"] @ h + m[f"bch{d}"]))  # candidate
    return ((1 - z) * n + z * h,)


# ---------------------------------------------------------------- reading and writing


@dataclass
class Network:
    """What is at the end of this file, and how it reads and writes."""

    letters: str  # the characters, numbered from 1; number 0 is START when read, END when written
    cell: Callable[[Matrices, int, Array, State], State]
    layers: int
    matrices: Matrices

    def read(self, letter: int, states: Sequence[State]) -> tuple[Array, list[State]]:
        """The logits (V,) of what comes after a letter, and the layers' new states."""
        m = self.matrices
        x, after = m["Wil"][letter], []
        for d, before in enumerate(states):
            after.append(self.cell(m, d, x, before))
            x = after[-1][0]  # h
        return m["Whd"] @ x + m["bd"], after

    def read_all(self, letters: Sequence[int]) -> tuple[Array, list[State]]:
        """The same after START and all these letters."""
        logits, states = self.read(0, [()] * self.layers)
        for letter in letters:
            logits, states = self.read(letter, states)
        return logits, states

    def write(
        self, prime: str, temperature: float, max_chars: int, random: np.random.Generator
    ) -> str:
        """A sentence that begins with the prime; it ends at END, or after so many more letters."""
        letters = self.encode(prime)
        logits, states = self.read_all(letters)
        for _ in range(max_chars):
            letter = choose(logits, temperature, random)
            if letter == 0:
                break
            letters.append(letter)
            logits, states = self.read(letter, states)
        return self.decode(letters)

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's characters; of their UTF-16 halves if it was trained on those."""
        units = list(text)
        if any("\ud800" <= letter <= "\udfff" for letter in self.letters):
            utf16 = text.encode("utf-16-le", "surrogatepass")
            units = [chr(half) for half in np.frombuffer(utf16, dtype="<u2")]
        for unit in units:
            if unit not in self.letters:
                raise SystemExit(f"The network does not know the character {unit!r}: leave it out.")
        return [self.letters.index(unit) + 1 for unit in units]

    def decode(self, numbers: Sequence[int]) -> str:
        """The text that they stand for; half a character alone gets a sign in its place."""
        text = "".join(self.letters[number - 1] for number in numbers)
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def choose(logits: Array, temperature: float, random: np.random.Generator) -> int:
    """The number of the next letter: the likeliest at temperature 0, else drawn by the odds."""
    if temperature == 0:
        return int(logits.argmax())
    with np.errstate(over="ignore"):  # close to 0, what is unlikely has no chance at all
        odds = np.exp((logits - logits.max()).astype(np.float64) / temperature)
    return int(random.choice(len(odds), p=odds / odds.sum()))


# ---------------------------------------------------------------- the command line


def whole_number(text: str) -> int:
    """A number from 0 on."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def temperature(text: str) -> float:
    """A number from 0 on."""
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError
    return number


def main(network: Network) -> None:
    """Print sentences."""
    parser = argparse.ArgumentParser(description="Write sentences with a network of charnn's.")
    add = parser.add_argument
    add("--temperature", type=temperature, default=1.0, help="0 is greedy, high is adventurous")
    add("--count", type=whole_number, default=5, help="how many sentences; one at temperature 0")
    add("--prime", default="", help="the beginning that the network goes on from")
    add("--max-chars", type=whole_number, default=100, help="end after so many characters")
    add("--seed", type=whole_number, help="makes the sentences repeatable")
    asked = parser.parse_args()
    random = np.random.default_rng(asked.seed)
    for _ in range(1 if asked.temperature == 0 else asked.count):
        print(network.write(asked.prime, asked.temperature, asked.max_chars, random))


# ---------------------------------------------------------------- the network


def array(shape: tuple[int, ...], text: str) -> Array:
    """The numbers of a matrix or a vector: float32, row by row, in base64."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4").reshape(shape)
