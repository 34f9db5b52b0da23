"""Draws a chart of curves in characters, with plotext."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import plotext
from rich.text import Text

from api.cli.curves import Chart, Point, downsampled
from api.cli.plain_text import number
from tracking_plugin.printable import printable

SYMBOLS = ("braille", "●")
"""Markers that distinguish the curves of a chart without colour."""

COLORS = ("cyan", "orange")
"""Names of colours in plotext."""

_RICH_COLORS = {"cyan": "cyan", "orange": "yellow"}
_MIN_WIDTH = 24
_MIN_HEIGHT = 5


def legend(chart: Chart) -> Text:
    """The chart's title, and the symbol, label and newest value of each curve."""
    text = Text(f" {printable(chart.title, 24)} ", "bold")
    for curve, symbol, color in zip(chart.curves, SYMBOLS, COLORS, strict=False):
        shown = "⠒⠒" if symbol == "braille" else symbol
        newest = number(curve.points[-1][1]) if curve.points else ""
        text.append(
            f" {shown} {printable(curve.label, 24)} {newest} ", f"not bold {_RICH_COLORS[color]}"
        )
    return text


@dataclass(frozen=True)
class _Axis:
    """Scales a range of floats to 0 to 1, since plotext fails on very large ranges."""

    lower: float
    upper: float

    def scale(self, number: float) -> float:
        # Use halves, since the difference of two large floats may be infinite.
        extent = self.upper / 2 - self.lower / 2
        return (number / 2 - self.lower / 2) / extent if extent > 0 else 0.5

    def ticks(self, text_of: Callable[[float], str]) -> tuple[list[float], list[str]]:
        if self.scale(self.upper) == self.scale(self.lower):
            return [0.5], [text_of(self.lower)]
        middle = self.lower / 2 + self.upper / 2
        return [0.0, 0.5, 1.0], [text_of(self.lower), text_of(middle), text_of(self.upper)]


def draw_chart(chart: Chart, width: int, height: int) -> Text:
    """`chart` in `width` columns and `height` lines; blank without enough room or without values."""
    points = [
        (step, value) for curve in chart.curves for step, value in curve.points if value is not None
    ]
    if width < _MIN_WIDTH or height < _MIN_HEIGHT or not points:
        return Text("\n".join([" " * width] * height))
    steps = _Axis(min(step for step, _ in points), max(step for step, _ in points))
    values = _Axis(min(value for _, value in points), max(value for _, value in points))
    _reset_figure(width, height)
    for curve, symbol, color in zip(chart.curves, SYMBOLS, COLORS, strict=False):
        # Braille has two dots in each column; keep the smallest and the largest value of each.
        for segment in _segments(curve.points, 4 * width):
            _draw([(steps.scale(x), values.scale(y)) for x, y in segment], symbol, color)
    _label("x", *steps.ticks(_step))
    _label("y", *values.ticks(number))
    return Text.from_ansi(plotext.figure.build().string().rstrip("\n"))


def _reset_figure(width: int, height: int) -> None:
    """Empty the figure, of which plotext has one for the whole process."""
    plotext.terminal.limit(width=False, height=False)
    plotext.figure.clear.all()
    plotext.figure.theme("colorless")
    plotext.figure.legend(active=False)
    plotext.figure.plot_size(width, height)


def _draw(points: Sequence[tuple[float, float]], symbol: str, color: str) -> None:
    marker = plotext.marker(symbol, plotext.pixel(foreground=color))
    signal = plotext.figure.signal([x for x, _ in points], [y for _, y in points], marker=marker)
    plotext.figure.draw(signal.lines() if symbol == "braille" else signal)


def _label(axis: str, positions: list[float], labels: list[str]) -> None:
    ruler = plotext.figure.ruler(axis)
    ruler.lim(0.0, 1.0)
    ruler.ticks(positions, labels)


def _step(step: float) -> str:
    return f"{step:.0f}" if abs(step) < 1e7 else number(step)


def _segments(points: Sequence[Point], max_points: int) -> Iterator[list[tuple[int, float]]]:
    """The parts of a curve between values that are not numbers, which are gaps."""
    segment: list[tuple[int, float]] = []
    for step, value in downsampled(points, max_points):
        if value is not None:
            segment.append((step, value))
        elif segment:
            yield segment
            segment = []
    if segment:
        yield segment
