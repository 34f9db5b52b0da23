"""A chart of curves in characters, drawn by plotext."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import plotext
from rich.text import Text

from api.cli.curves import Chart, Point, thinned
from api.cli.plain_text import number
from api.printable import printable

SYMBOLS = ("braille", "●")
"""By which the curves of a chart differ, besides their colours."""

COLORS = ("cyan", "orange")
"""As plotext says them."""

_RICH = {"cyan": "cyan", "orange": "yellow"}
_LEAST_WIDTH = 24
_LEAST_HEIGHT = 5


def legend(chart: Chart) -> Text:
    """The chart's title, and its curves by symbol, name and newest value."""
    text = Text(f" {printable(chart.title, 24)} ", "bold")
    for curve, symbol, color in zip(chart.curves, SYMBOLS, COLORS, strict=False):
        shown = "⠒⠒" if symbol == "braille" else symbol
        newest = number(curve.points[-1][1]) if curve.points else ""
        text.append(f" {shown} {printable(curve.label, 24)} {newest} ", f"not bold {_RICH[color]}")
    return text


@dataclass(frozen=True)
class _Axis:
    """A range of numbers as plotext gets it: from 0 to 1, whatever floats there are."""

    lower: float
    upper: float

    def place(self, number: float) -> float:
        # Halves, since the difference of two large floats is infinite.
        extent = self.upper / 2 - self.lower / 2
        return (number / 2 - self.lower / 2) / extent if extent > 0 else 0.5

    def ticks(self, spell: Callable[[float], str]) -> tuple[list[float], list[str]]:
        if self.place(self.upper) == self.place(self.lower):
            return [0.5], [spell(self.lower)]
        middle = self.lower / 2 + self.upper / 2
        return [0.0, 0.5, 1.0], [spell(self.lower), spell(middle), spell(self.upper)]


def drawn(chart: Chart, width: int, height: int) -> Text:
    """`chart` in `width` columns and `height` lines; blank where there is no room or no number."""
    points = [
        (step, value) for curve in chart.curves for step, value in curve.points if value is not None
    ]
    if width < _LEAST_WIDTH or height < _LEAST_HEIGHT or not points:
        return Text("\n".join([" " * width] * height))
    steps = _Axis(min(step for step, _ in points), max(step for step, _ in points))
    values = _Axis(min(value for _, value in points), max(value for _, value in points))
    _begin(width, height)
    for curve, symbol, color in zip(chart.curves, SYMBOLS, COLORS, strict=False):
        # Braille has two dots to a column, and each gets its least and its greatest value.
        for stretch in _stretches(curve.points, 4 * width):
            _draw([(steps.place(x), values.place(y)) for x, y in stretch], symbol, color)
    _label("x", *steps.ticks(_step))
    _label("y", *values.ticks(number))
    return Text.from_ansi(plotext.figure.build().string().rstrip("\n"))


def _begin(width: int, height: int) -> None:
    """An empty figure: plotext has one for the whole process."""
    plotext.terminal.limit(width=False, height=False)
    plotext.figure.clear.all()
    plotext.figure.theme("colorless")
    plotext.figure.legend(active=False)
    plotext.figure.plot_size(width, height)


def _draw(points: Sequence[tuple[float, float]], symbol: str, color: str) -> None:
    marker = plotext.marker(symbol, plotext.pixel(foreground=color))
    signal = plotext.figure.signal([x for x, _ in points], [y for _, y in points], marker=marker)
    plotext.figure.draw(signal.lines() if symbol == "braille" else signal)


def _label(axis: str, places: list[float], labels: list[str]) -> None:
    ruler = plotext.figure.ruler(axis)
    ruler.lim(0.0, 1.0)
    ruler.ticks(places, labels)


def _step(step: float) -> str:
    return f"{step:.0f}" if abs(step) < 1e7 else number(step)


def _stretches(points: Sequence[Point], most: int) -> Iterator[list[tuple[int, float]]]:
    """What lies between values that are no numbers: a curve has a gap there."""
    stretch: list[tuple[int, float]] = []
    for step, value in thinned(points, most):
        if value is not None:
            stretch.append((step, value))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch
