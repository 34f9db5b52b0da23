"""The learning rate of each step: a linear warm-up, then half a cosine, a straight line or a constant."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Schedule(Protocol):
    """A learning rate for each step."""

    @property
    def peak(self) -> float: ...

    def __call__(self, step: int) -> float:
        """The learning rate of the optimizer step that follows `step` finished ones."""


class ScheduleKind(StrEnum):
    """What follows the warm-up."""

    COSINE = "cosine"
    LINEAR = "linear"
    CONSTANT = "constant"


@dataclass(frozen=True, kw_only=True)
class WarmupCosine:
    """Per-step schedule of the MAE fine-tuning recipe (He et al. 2021)."""

    peak: float
    minimum: float
    warmup_steps: int
    total_steps: int

    def __call__(self, step: int) -> float:
        if step < self.warmup_steps:
            return _warming_up(self.peak, step, self.warmup_steps)
        share = _share_of_fall(step, self.warmup_steps, self.total_steps)
        return self.minimum + (self.peak - self.minimum) * 0.5 * (1 + math.cos(math.pi * share))


@dataclass(frozen=True, kw_only=True)
class WarmupLinear:
    """Falls in a straight line from the peak to the minimum at the end."""

    peak: float
    minimum: float
    warmup_steps: int
    total_steps: int

    def __call__(self, step: int) -> float:
        if step < self.warmup_steps:
            return _warming_up(self.peak, step, self.warmup_steps)
        share = _share_of_fall(step, self.warmup_steps, self.total_steps)
        return self.peak * (1 - share) + self.minimum * share


@dataclass(frozen=True, kw_only=True)
class WarmupConstant:
    """Stays at the peak after the warm-up."""

    peak: float
    warmup_steps: int

    def __call__(self, step: int) -> float:
        if step < self.warmup_steps:
            return _warming_up(self.peak, step, self.warmup_steps)
        return self.peak


def build_schedule(
    kind: ScheduleKind, *, peak: float, minimum: float, warmup_steps: int, total_steps: int
) -> Schedule:
    """The schedule of `kind`; a constant one has no minimum and no end."""
    if kind is ScheduleKind.CONSTANT:
        return WarmupConstant(peak=peak, warmup_steps=warmup_steps)
    falling = WarmupCosine if kind is ScheduleKind.COSINE else WarmupLinear
    return falling(peak=peak, minimum=minimum, warmup_steps=warmup_steps, total_steps=total_steps)


def _warming_up(peak: float, step: int, warmup_steps: int) -> float:
    return peak * (step + 1) / warmup_steps


def _share_of_fall(step: int, warmup_steps: int, total_steps: int) -> float:
    """0 after the warm-up, 1 from the last step on."""
    span = max(1, total_steps - warmup_steps)
    return min(1.0, (step - warmup_steps) / span)
