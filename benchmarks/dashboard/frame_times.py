"""Computes a page's frame rate and its share of late frames."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.harness.results import percentile

TARGET_FPS = 55
MAX_FRAME_MS = 1000 / TARGET_FPS


@dataclass(frozen=True, kw_only=True)
class FrameTimes:
    """Statistics of requestAnimationFrame: all frames that the page could draw, drawn or not."""

    per_s: float
    share_late: float
    """The share of frames that came more than MAX_FRAME_MS after the one before."""
    p99_ms: float
    worst_second: int


def frame_times(times_ms: Sequence[float]) -> FrameTimes:
    lengths_ms = [later - earlier for earlier, later in pairwise(times_ms)]
    seconds = Counter(int((time_ms - times_ms[0]) // 1000) for time_ms in times_ms)
    num_whole = int((times_ms[-1] - times_ms[0]) // 1000)
    return FrameTimes(
        per_s=1000 * len(lengths_ms) / sum(lengths_ms),
        share_late=sum(length > MAX_FRAME_MS for length in lengths_ms) / len(lengths_ms),
        p99_ms=percentile(lengths_ms, 99),
        worst_second=min(seconds[second] for second in range(num_whole)),
    )
