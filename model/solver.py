"""What an optimizer remembers between steps."""

from __future__ import annotations

from dataclasses import dataclass

from model.layout import FloatArray


@dataclass
class RMSProp:
    """RMSProp's running mean of squared gradients.

    Attributes:
        step_cache: that mean for every parameter, flat, in the order of `Layout`.
        decay_rate: how much of it a step keeps.
        smooth_eps: added under the square root.
    """

    step_cache: FloatArray
    decay_rate: float = 0.999
    smooth_eps: float = 1e-8
