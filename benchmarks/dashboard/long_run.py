"""The run that is looked at: how many metrics it has, how long they are, and what they look like."""

import math

NUM_METRICS = 20
METRICS = tuple(f"m{number:02}" for number in range(NUM_METRICS))
NUM_POINTS = 20_000
STORED_STEPS = 4_000
"""What a page reads at most of a metric; the rest of NUM_POINTS comes live, so that it holds them all."""


def value_at(metric: int, step: int) -> float:
    """A curve that falls and is never smooth, as a loss is."""
    return math.exp(-step / NUM_POINTS) + 0.2 * math.sin(step * 12.9898 + metric) ** 3
