"""The solver's settings: the same in every contestant."""

from __future__ import annotations

LEARNING_RATE = 0.001  # small, so that no contestant runs off; it takes as long as a large one
L2 = 1e-6
CLIP = 5.0
DECAY = 0.999
EPSILON = 1e-8
