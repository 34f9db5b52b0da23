"""Small tables with the columns of NASA's."""

from collections.abc import Callable
from pathlib import Path

_KEPLER = (
    *("kepid", "kepoi_name", "koi_disposition", "koi_score", "koi_period", "koi_duration"),
    *("koi_depth", "koi_prad", "koi_teq", "koi_insol", "koi_steff", "koi_slogg", "koi_srad"),
)
_TESS = (
    *("toi", "tid", "tfopwg_disp", "pl_orbper", "pl_trandurh", "pl_trandep", "pl_rade"),
    *("pl_eqt", "pl_insol", "st_teff", "st_logg", "st_rad"),
)
NUM_ROWS = 60


def write_copies(folder: Path) -> None:
    """cumulative.csv and TOI.csv; there is none of K2."""
    folder.mkdir()
    (folder / "cumulative.csv").write_text(_table(_KEPLER, _kepler))
    (folder / "TOI.csv").write_text(_table(_TESS, _tess))


def _measured(row: int) -> str:
    return (
        f"{1.5 + row % 23:.2f},{2 + row % 7 / 10:.1f},{400 + 13 * (row % 31)},{1 + row % 9 / 4:.2f},"
        f"{600 + 7 * (row % 41)},{50 + row % 37},{5000 + 11 * (row % 43)},{4 + row % 8 / 10:.1f},"
        f"{0.7 + row % 6 / 10:.1f}"
    )


def _kepler(row: int) -> str:
    label = ("CONFIRMED", "CANDIDATE", "FALSE POSITIVE")[row % 3]
    return f"{10_000 + row // 2},K{row:05d}.01,{label},{row % 10 / 10},{_measured(row)}"


def _tess(row: int) -> str:
    return (
        f"{1000 + row}.01,{50_000 + row // 2},{('CP', 'PC', 'FP', 'KP')[row % 4]},{_measured(row)}"
    )


def _table(columns: tuple[str, ...], line: Callable[[int], str]) -> str:
    return "\n".join([",".join(columns), *(line(row) for row in range(NUM_ROWS))]) + "\n"
