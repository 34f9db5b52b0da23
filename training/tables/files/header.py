"""Checks the names of the columns of an uploaded table."""

from collections import Counter
from collections.abc import Sequence

from training.tables.errors import TableError, too_large
from training.tables.limits import TableLimits
from training.tables.printable import name_list


def column_names(
    cells: Sequence[str], limits: TableLimits
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names in the cells of a header, and notes about names that were empty.

    An empty name becomes `column_3`, where 3 is its position. Raises TableError if there are too
    many names, none at all, or one stands twice.
    """
    if len(cells) > limits.max_columns:
        raise too_large(
            f"The table has {len(cells):,} columns; the limit is {limits.max_columns:,} columns."
        )
    stripped = [cell.strip() for cell in cells]
    taken = frozenset(stripped)
    if not any(stripped):
        raise TableError("Expected the names of the columns in the first line, but it has none.")
    _check_distinct(stripped)
    empty = [position for position, name in enumerate(stripped, start=1) if not name]
    names = [name or _new_name(position, taken) for position, name in enumerate(stripped, 1)]
    if not empty:
        return tuple(names), ()
    shown = name_list([names[position - 1] for position in empty])
    return tuple(names), (f"Columns without a name were named {shown} after their position.",)


def _check_distinct(names: Sequence[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if name and count > 1]
    if not repeated:
        return
    positions = [position for position, name in enumerate(names, 1) if name == repeated[0]]
    raise TableError(
        f"Expected each column name once, but {name_list(repeated)} stand more than once (the "
        f"first in columns {', '.join(map(str, positions[:5]))}). Rename or remove columns."
    )


def _new_name(position: int, taken: frozenset[str]) -> str:
    name = f"column_{position}"
    while name in taken:
        name += "_"
    return name
