"""Computes the delay from an update to the first and to the last chart that shows it."""

import bisect
from dataclasses import dataclass

from benchmarks.dashboard.frame_trace import FrameTrace
from benchmarks.dashboard.long_run import NUM_METRICS
from benchmarks.dashboard.tab import PageRecord


@dataclass(frozen=True, kw_only=True)
class Delay:
    """The delay of one update at one chart, in ms."""

    to_drawn: float
    """From the message event in the page until the chart's script is done."""
    to_surface: float
    """From the message event until the browser has presented the frame."""
    from_server: float
    """From the publication on the server's bus, in whole ms, until the frame is presented."""


@dataclass(frozen=True, kw_only=True)
class DisplayDelays:
    first_chart: list[Delay]
    all_charts: list[Delay]


def display_delays(record: PageRecord, trace: FrameTrace) -> DisplayDelays:
    """Raises AssertionError if an update never reached all charts."""
    charts = [_ChartSteps(record, chart) for chart in range(NUM_METRICS)]
    delays = DisplayDelays(first_chart=[], all_charts=[])
    for step, published_ms, at_ms in record.updates:
        drawn_ms = [chart.drawn_ms(step) for chart in charts]
        for collected, drawn in (
            (delays.first_chart, min(drawn_ms)),
            (delays.all_charts, max(drawn_ms)),
        ):
            surface_ms = trace.presented_ms(drawn)
            delay = Delay(
                to_drawn=drawn - at_ms,
                to_surface=surface_ms - at_ms,
                from_server=surface_ms - published_ms,
            )
            collected.append(delay)
    return delays


class _ChartSteps:
    """The steps that one chart has shown, in ascending order, with their times."""

    def __init__(self, record: PageRecord, chart: int) -> None:
        shown = [(step, at_ms) for number, step, at_ms in record.shown if number == chart]
        self._steps = [step for step, _ in shown]
        self._at_ms = [at_ms for _, at_ms in shown]

    def drawn_ms(self, step: int) -> float:
        """The time at which the chart first showed `step` or a later one."""
        index = bisect.bisect_left(self._steps, step)
        assert index < len(self._steps), f"a chart never showed step {step}"
        return self._at_ms[index]
