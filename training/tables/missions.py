"""Joins the tables of several missions of an archive into one, with common columns and classes."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from training.tables.column_types import type_columns
from training.tables.errors import TableError
from training.tables.leaks.known_tables import ArchivedTable, KnownTable, archived_tables
from training.tables.limits import DEFAULT_LIMITS, TableLimits
from training.tables.printable import name_list, printable
from training.tables.question import NO_ANSWERS, Question
from training.tables.reader import read_table

LABEL = "disposition"
GROUP = "star"
MISSION = "mission"


def join_missions(
    files: Mapping[str, Path], target: Path, limits: TableLimits = DEFAULT_LIMITS
) -> int:
    """Write the rows of all files, which are by mission, into the new CSV file `target`.

    Its columns are `mission`, `star`, `disposition` and the measurements that the missions share,
    each in the unit that its name says. Returns the number of rows. Raises TableError if a file
    lacks a column, or there is no such mission.
    """
    known = archived_tables()
    unknown = [mission for mission in files if mission not in known]
    if unknown:
        raise TableError(f"There is no mission '{printable(unknown[0])}'; {', '.join(known)} are.")
    parts = [_part(known[mission], path, limits) for mission, path in files.items()]
    joined = pa.concat_tables(parts)
    pa.csv.write_csv(joined, target)
    return int(joined.num_rows)


def _part(known: KnownTable, path: Path, limits: TableLimits) -> pa.Table:
    assert known.archive is not None
    read = read_table(path, limits=limits)
    if isinstance(read, Question):
        raise TableError(
            f"Expected a single sheet in the table {known.name}, but there are several."
        )
    _require_columns(known, known.archive, read.table.column_names)
    table = type_columns(read, NO_ANSWERS).table
    classes = _classes(known.archive, table.column(known.label))
    stars = pc.cast(table.column(known.group), pa.string())
    columns = {
        MISSION: pa.array([known.archive.mission] * table.num_rows),
        GROUP: pc.binary_join_element_wise(known.archive.mission, stars, " "),
        LABEL: classes,
        **{
            name: pc.multiply(pc.cast(table.column(it.column), pa.float64()), it.times)
            for name, it in known.archive.measurements.items()
        },
    }
    return pa.table(columns).filter(pc.is_valid(classes))


def _classes(archive: ArchivedTable, labels: pa.ChunkedArray) -> pa.ChunkedArray:
    """The class of each row; null for a label that has none."""
    names = pa.array(list(archive.classes))
    at = pc.index_in(pc.cast(labels, pa.string()), value_set=names)
    return pc.take(pa.array(list(archive.classes.values())), at)


def _require_columns(known: KnownTable, archive: ArchivedTable, present: list[str]) -> None:
    needed = [known.label, known.group, *(it.column for it in archive.measurements.values())]
    absent = [name for name in needed if name not in present]
    if absent:
        raise TableError(
            f"Expected the table {known.name} of the archive with all its columns, but "
            f"{name_list(absent)} are missing."
        )
