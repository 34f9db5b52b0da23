"""From an update to the charts that show it: the first of them, and the last."""

import bisect
from dataclasses import dataclass

from benchmarks.dashboard.frame_trace import Presented
from benchmarks.dashboard.long_run import NUM_METRICS
from benchmarks.dashboard.tab import Noted


@dataclass(frozen=True, kw_only=True)
class Delay:
    """Of one update, to one of its charts; in ms."""

    to_drawn: float
    """From its event at the page's socket until the chart's script is done."""
    to_surface: float
    """From the same event until the browser has put the frame with it on its surface."""
    from_server: float
    """From the server's bus, whose time is in whole ms, until the surface."""


@dataclass(frozen=True, kw_only=True)
class Delays:
    first_chart: list[Delay]
    all_charts: list[Delay]


def delays(noted: Noted, presented: Presented) -> Delays:
    """AssertionError where an update never came to all charts."""
    charts = [_Shown(noted, chart) for chart in range(NUM_METRICS)]
    found = Delays(first_chart=[], all_charts=[])
    for step, published_ms, at_ms in noted.updates:
        drawn_ms = [chart.drawn_ms(step) for chart in charts]
        for kept, drawn in ((found.first_chart, min(drawn_ms)), (found.all_charts, max(drawn_ms))):
            surface_ms = presented.after(drawn)
            delay = Delay(
                to_drawn=drawn - at_ms,
                to_surface=surface_ms - at_ms,
                from_server=surface_ms - published_ms,
            )
            kept.append(delay)
    return found


class _Shown:
    """What one chart said, and when: steps only rise."""

    def __init__(self, noted: Noted, chart: int) -> None:
        said = [(step, at_ms) for number, step, at_ms in noted.shown if number == chart]
        self._steps = [step for step, _ in said]
        self._at_ms = [at_ms for _, at_ms in said]

    def drawn_ms(self, step: int) -> float:
        """When it first showed that step, or a later one."""
        index = bisect.bisect_left(self._steps, step)
        assert index < len(self._steps), f"a chart never showed step {step}"
        return self._at_ms[index]
