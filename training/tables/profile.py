"""Describes a typed table: its columns, what repeats, and which columns name rows or groups."""

import hashlib

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from training.tables.columns.column_profile import ColumnProfile, profile_column
from training.tables.columns.entity_columns import DistinctCount, group_reason, identifier_reason
from training.tables.columns.row_codes import cell_codes, no_columns, num_repeated, with_column
from training.tables.descriptions import ColumnKind, TypedTable


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IdentifierColumn(_Part):
    """A column that only names its rows, and why it is taken for one."""

    column: str
    reason: str


class GroupCandidate(_Part):
    """A column whose rows of the same value should stay in the same split, and why."""

    column: str
    num_groups: int
    reason: str


class TableProfile(_Part):
    """What is in a table. `model_dump_json` writes it; it has no cells but frequent categories."""

    num_rows: int
    num_columns: int
    columns: tuple[ColumnProfile, ...]
    constant_columns: tuple[str, ...]
    """With the same value in all rows, or none in any."""
    duplicate_columns: tuple[tuple[str, ...], ...]
    """Names of columns with the same content, in the order of the table."""
    num_duplicate_rows: int
    """Rows that repeat an earlier one in all columns."""
    num_duplicate_rows_without_identifiers: int
    """Rows that repeat an earlier one in all columns but the identifiers."""
    identifier_columns: tuple[IdentifierColumn, ...]
    group_candidates: tuple[GroupCandidate, ...]
    """The one with the most groups first."""
    date_columns: tuple[str, ...]
    notes: tuple[str, ...]


def profile(typed: TypedTable) -> TableProfile:
    """The profile of the table, in time linear in the number of cells.

    Hashes take some 8-byte numbers per row, of one column at a time.
    """
    table = typed.table
    arrays = {name: table.column(name).combine_chunks() for name in table.column_names}
    columns = [profile_column(arrays[item.name], item) for item in typed.columns]
    identifiers = _identifiers(columns, arrays)
    named = {item.column for item in identifiers}
    hashes = _Hashes(arrays, named)
    return TableProfile(
        num_rows=table.num_rows,
        num_columns=table.num_columns,
        columns=tuple(columns),
        constant_columns=tuple(item.name for item in columns if _is_constant(item, table.num_rows)),
        duplicate_columns=hashes.duplicate_columns,
        num_duplicate_rows=hashes.num_duplicate_rows,
        num_duplicate_rows_without_identifiers=hashes.num_duplicate_rows_without_identifiers,
        identifier_columns=identifiers,
        group_candidates=_groups(columns, arrays),
        date_columns=tuple(item.name for item in columns if item.kind is ColumnKind.DATE),
        notes=typed.notes,
    )


def _is_constant(column: ColumnProfile, num_rows: int) -> bool:
    return column.num_missing == num_rows or (column.num_distinct == 1 and not column.num_missing)


def _count(column: ColumnProfile, values: pa.Array) -> DistinctCount:
    if not column.is_distinct_exact:
        # The distinct values were counted in the first rows only.
        return DistinctCount(column.num_distinct + 1, column.num_distinct)
    return DistinctCount(len(values) - values.null_count, column.num_distinct)


def _identifiers(
    columns: list[ColumnProfile], arrays: dict[str, pa.Array]
) -> tuple[IdentifierColumn, ...]:
    found = []
    for item in columns:
        values = arrays[item.name]
        reason = identifier_reason(item.name, values, _count(item, values))
        if reason is not None:
            found.append(IdentifierColumn(column=item.name, reason=reason))
    return tuple(found)


def _groups(
    columns: list[ColumnProfile], arrays: dict[str, pa.Array]
) -> tuple[GroupCandidate, ...]:
    found = []
    for item in columns:
        values = arrays[item.name]
        reason = group_reason(item.name, values, _count(item, values))
        if reason is not None:
            found.append(
                GroupCandidate(column=item.name, num_groups=item.num_distinct, reason=reason)
            )
    return tuple(sorted(found, key=lambda group: -group.num_groups))


class _Hashes:
    """What the hashes of all cells say; those of one column at a time are in memory."""

    def __init__(self, arrays: dict[str, pa.Array], identifiers: set[str]) -> None:
        num_rows = len(next(iter(arrays.values()))) if arrays else 0
        rows = no_columns(num_rows)
        rest = no_columns(num_rows)
        same: dict[bytes, list[str]] = {}
        for name, values in arrays.items():
            codes = cell_codes(values)
            rows = with_column(rows, codes)
            rest = rest if name in identifiers else with_column(rest, codes)
            if values.null_count < len(values):
                same.setdefault(hashlib.sha256(codes.tobytes()).digest(), []).append(name)
        self.duplicate_columns = tuple(tuple(names) for names in same.values() if len(names) > 1)
        self.num_duplicate_rows = num_repeated(rows)
        self.num_duplicate_rows_without_identifiers = (
            num_repeated(rest) if len(identifiers) < len(arrays) else 0
        )
