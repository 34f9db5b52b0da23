"""Draws a confusion matrix as an image: counts in the cells, coloured by share of the true class."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

_DPI = 100
_LABEL_POINTS = 9
_MAX_NAME_LENGTH = 36
_INK, _PAPER, _EMPTY_ROW = "#14202b", "#ffffff", "#e4e4e4"


@dataclass(frozen=True)
class _Layout:
    """Sizes in inches that leave room for the longest name on both axes."""

    num_classes: int
    longest_label: int

    @property
    def cell(self) -> float:
        return 0.72 if self.num_classes <= 12 else 0.38

    @property
    def side(self) -> float:
        return self.cell * self.num_classes

    @property
    def left(self) -> float:
        return 0.075 * self.longest_label + 0.6

    @property
    def bottom(self) -> float:
        return 0.05 * self.longest_label + 0.6

    @property
    def size(self) -> tuple[float, float]:
        return max(self.left + self.side + 0.3, 4.5), self.bottom + self.side + 0.5


def confusion_matrix_image(
    matrix: Sequence[Sequence[int]], classes: Sequence[str], *, title: str
) -> NDArray[np.uint8]:
    """RGB pixels [H, W, 3]; rows are the truth, and rows without positives are hatched.

    It is drawn on a canvas of its own, so other users of matplotlib are not affected.
    """
    counts = np.asarray(matrix, dtype=np.int64)
    support = counts.sum(axis=1)
    columns = _labels(classes)
    rows = [f"{name}  n={n}" for name, n in zip(columns, support, strict=True)]
    layout = _Layout(len(rows), max(map(len, rows)))
    figure, axes = _blank(layout)
    shares = counts / np.maximum(support, 1)[:, None]
    axes.imshow(shares, cmap=colormaps["Blues"], vmin=0, vmax=1)
    _label(axes, rows, columns, "".join(c if _has_glyph(c) else "?" for c in title))
    _write_counts(axes, counts, shares, cell_inches=layout.cell)
    _hatch_rows(axes, np.flatnonzero(support == 0), num_columns=len(columns))
    return _pixels(figure)


def _blank(layout: _Layout) -> tuple[Figure, Axes]:
    width, height = layout.size
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor=_PAPER)
    share = (layout.left / width, layout.bottom / height, layout.side / width, layout.side / height)
    return figure, figure.add_axes(share)


def _label(axes: Axes, rows: Sequence[str], columns: Sequence[str], title: str) -> None:
    # A class may be named "$x$", which must not be drawn as a formula.
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", va="top")
    axes.set_yticks(range(len(rows)), rows)
    for name in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        name.set(rotation_mode="anchor", fontsize=_LABEL_POINTS, parse_math=False)
    axes.set_xlabel("predicted (an empty cell is 0)")
    axes.set_ylabel("true")
    axes.set_title(title, loc="left", fontsize=11, parse_math=False)
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#c9d3dc", linewidth=0.5)
    axes.tick_params(which="both", length=0)


def _write_counts(
    axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64], *, cell_inches: float
) -> None:
    """Make the outline of each number once and place copies, in half the time of 784 text objects."""
    for count in np.unique(counts[counts > 0]):
        cells = np.argwhere(counts == count)
        is_dark = shares[tuple(cells.T)] > 0.55
        axes.add_collection(
            PathCollection(
                [_centred_outline(str(count), cell_inches)],
                offsets=cells[:, ::-1],
                offset_transform=axes.transData,
                transform=Affine2D().scale(_DPI / 72),
                facecolors=np.where(is_dark, _PAPER, _INK).tolist(),
                linewidths=0,
            ),
            autolim=False,
        )


def _centred_outline(text: str, cell_inches: float) -> Path:
    """The outline of a number around (0, 0), in points, as large as a cell allows."""
    points = min(11.0, 0.9 * 72 * cell_inches / max(3, len(text)) / 0.64)
    outline = TextPath((0, 0), text, size=points, usetex=False)
    box = outline.get_extents()
    return outline.transformed(Affine2D().translate(-(box.x0 + box.x1) / 2, -(box.y0 + box.y1) / 2))


def _hatch_rows(axes: Axes, rows: NDArray[np.int64], *, num_columns: int) -> None:
    for row in rows:
        axes.add_patch(
            Rectangle(
                (-0.5, float(row) - 0.5),
                num_columns,
                1,
                facecolor=_EMPTY_ROW,
                edgecolor="#a5a5a5",
                hatch="////",
                linewidth=0,
            )
        )


def _pixels(figure: Figure) -> NDArray[np.uint8]:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    rgba = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    return np.asarray(rgba, dtype=np.uint8)[..., :3].copy()


def _labels(classes: Sequence[str]) -> list[str]:
    """The names, shortened; the font has no letters of some scripts, and then it is their number."""
    return [
        _shortened(name) if all(map(_has_glyph, name)) else f"class {number}"
        for number, name in enumerate(classes)
    ]


@functools.cache
def _characters() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties())).get_charmap())


def _has_glyph(character: str) -> bool:
    return ord(character) in _characters()


def _shortened(name: str) -> str:
    return name if len(name) <= _MAX_NAME_LENGTH else f"{name[: _MAX_NAME_LENGTH - 1]}…"
