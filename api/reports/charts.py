"""Lays out line charts as numbers and SVG point lists, which the page's template draws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from api.reports.numbers import Numbers
from api.runs.metric_values import logged_value
from api.runs.series import Series

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 10, 34
NUM_STYLES = 8
"""Colours; from the next line on, the strokes differ, too."""

_NUM_TICKS = 5


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class ChartLine:
    """`parts` are the point lists of its pieces: a value that is not finite is a gap."""

    label: str
    style: int
    dash: int
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    title: str
    lines: tuple[ChartLine, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    num_not_finite: int


def line_chart(title: str, lines: Sequence[tuple[str, Series]], numbers: Numbers) -> Chart:
    """The metric, or metrics of one kind, over the step."""
    columns = [
        (
            label,
            [float(step) for step in series.steps.tolist()],
            [logged_value(value) for value in series.values.tolist()],
        )
        for label, series in lines
    ]
    finite = [value for _, _, values in columns for value in values if math.isfinite(value)]
    x_axis = _Axis([step for _, steps, _ in columns for step in steps], LEFT, WIDTH - RIGHT)
    y_axis = _Axis(finite, HEIGHT - BOTTOM, TOP)
    return Chart(
        title=title,
        lines=tuple(
            ChartLine(
                label=label,
                style=index % NUM_STYLES,
                dash=index // NUM_STYLES,
                parts=_parts(steps, values, x_axis, y_axis),
            )
            for index, (label, steps, values) in enumerate(columns)
        ),
        x_ticks=x_axis.ticks(numbers),
        y_ticks=y_axis.ticks(numbers),
        num_not_finite=sum(len(values) for _, _, values in columns) - len(finite),
    )


class _Axis:
    """Maps values to places; equal values are in the middle."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = min(values, default=0.0), max(values, default=1.0)
        if low == high:
            margin = abs(low) / 2 or 0.5
            low, high = low - margin, high + margin
        # Halves, because the difference of two large floats may be infinite.
        self._half_low, self._half_span = low / 2, high / 2 - low / 2
        self._low, self._high = low, high
        self._start, self._end = start, end

    def place(self, value: float) -> float:
        share = (value / 2 - self._half_low) / self._half_span if self._half_span else 0.5
        return self._start + share * (self._end - self._start)

    def ticks(self, numbers: Numbers) -> tuple[Tick, ...]:
        return tuple(
            Tick(round(self.place(value), 1), numbers.short(value))
            for value in round_values(self._low, self._high)
        )


def round_values(low: float, high: float) -> list[float]:
    """A few round numbers from `low` to `high`; the ends themselves if there is no room for any."""
    span = high - low
    if not math.isfinite(span) or span <= 0 or span < abs(high) * 1e-12:
        return [low, high]
    raw = span / _NUM_TICKS
    # The power of a very small number would be 0.
    if raw < 1e-300:
        return [low, high]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step) + 1)]


def _parts(
    steps: Sequence[float], values: Sequence[float], x_axis: _Axis, y_axis: _Axis
) -> tuple[str, ...]:
    parts: list[list[str]] = [[]]
    for step, value in zip(steps, values, strict=True):
        if math.isfinite(value):
            parts[-1].append(f"{x_axis.place(step):.1f},{y_axis.place(value):.1f}")
        elif parts[-1]:
            parts.append([])
    return tuple(" ".join(part) for part in parts if part)
