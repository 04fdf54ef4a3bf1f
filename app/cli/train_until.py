"""Training on the command line: up to a limit, with a progress bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Never

from tqdm import tqdm

from model import Trainer, TrainingStats

DEFAULT_SECONDS = 60.0  # how long it goes on when no limit is given
LOOK_SECONDS = 0.25  # of training between two looks at the progress
NEAR_TARGET = 1.1  # from here on the whole text is evaluated, which a mere look would not pay


@dataclass(frozen=True)
class Limits:
    """When a training is over: at the first of these that is reached.

    Attributes:
        steps: steps taken, each a batch of sentences.
        seconds: time spent in training.
        perplexity: of all sentences that are learnt.
    """

    steps: int | None = None
    seconds: float | None = None
    perplexity: float | None = None

    @classmethod
    def given(cls, steps: int | None, seconds: float | None, perplexity: float | None) -> Limits:
        """These limits, or the default when there is none."""
        if steps is None and seconds is None and perplexity is None:
            seconds = DEFAULT_SECONDS
        return cls(steps, seconds, perplexity)


def train_until(limits: Limits, trainer: Trainer) -> None:
    """Train until a limit is reached; Ctrl-C ends it as well and keeps what was learnt."""
    bar: tqdm[Never] = tqdm(
        total=limits.steps or limits.seconds,
        bar_format="{l_bar}{bar}| {postfix}" if limits.steps or limits.seconds else "{postfix}",
    )
    with bar:
        try:
            reached = False
            while not reached:
                look = _train_until_next_look(limits, trainer)
                _show(bar, limits, trainer, look)
                reached = _is_reached(limits, trainer, look)
        except KeyboardInterrupt:
            bar.write("Stopped; what was learnt is kept.")


def _train_until_next_look(limits: Limits, trainer: Trainer) -> TrainingStats:
    done = trainer.totals
    if limits.steps is not None:
        in_time = int(done.steps / done.seconds * LOOK_SECONDS) if done.seconds else 1
        return trainer.train(max(1, min(limits.steps - done.steps, in_time)))
    left = LOOK_SECONDS if limits.seconds is None else limits.seconds - done.seconds
    return trainer.train_for(min(left, LOOK_SECONDS))


def _show(bar: tqdm[Never], limits: Limits, trainer: Trainer, look: TrainingStats) -> None:
    totals = trainer.totals
    bar.n = min(totals.steps if limits.steps else totals.seconds, bar.total or totals.seconds)
    bar.set_postfix_str(
        f"perplexity {look.perplexity:.2f}, epoch {totals.epoch:.1f}, "
        f"{look.characters / look.seconds:,.0f} characters/s"
    )


def _is_reached(limits: Limits, trainer: Trainer, look: TrainingStats) -> bool:
    if limits.steps is not None and trainer.totals.steps >= limits.steps:
        return True
    if limits.seconds is not None and trainer.totals.seconds >= limits.seconds:
        return True
    if limits.perplexity is None or look.perplexity > limits.perplexity * NEAR_TARGET:
        return False
    return trainer.model.perplexity(trainer.train_sentences) <= limits.perplexity
