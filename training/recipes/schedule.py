"""The learning rate of each step: linear warm-up, then half a cosine."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WarmupCosine:
    """Per-step schedule of the MAE fine-tuning recipe (He et al. 2021)."""

    peak: float
    minimum: float
    warmup_steps: int
    total_steps: int

    def __call__(self, step: int) -> float:
        """The learning rate of the optimizer step that follows `step` finished ones."""
        if step < self.warmup_steps:
            return self.peak * (step + 1) / self.warmup_steps
        span = max(1, self.total_steps - self.warmup_steps)
        share = min(1.0, (step - self.warmup_steps) / span)
        return self.minimum + (self.peak - self.minimum) * 0.5 * (1 + math.cos(math.pi * share))
