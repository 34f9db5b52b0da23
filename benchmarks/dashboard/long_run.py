"""The run that the dashboard's benchmarks show: its metrics, their length and their values."""

import math

NUM_METRICS = 20
METRICS = tuple(f"m{number:02}" for number in range(NUM_METRICS))
NUM_POINTS = 20_000
STORED_STEPS = 4_000
"""The maximum that a page reads of a metric; the rest of NUM_POINTS is published live."""


def value_at(metric: int, step: int) -> float:
    """A falling and noisy curve, like a loss."""
    return math.exp(-step / NUM_POINTS) + 0.2 * math.sin(step * 12.9898 + metric) ** 3
