"""Gives each column of a table its type: number, date, boolean, category or text."""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import is_date, is_text, one_array
from training.tables.columns.boolean_columns import read_booleans
from training.tables.columns.date_columns import read_dates
from training.tables.columns.missing_values import MISSING_MARKERS, markers_that_are_categories
from training.tables.columns.number_columns import read_numbers
from training.tables.columns.typed_values import KeptText, TypedValues
from training.tables.descriptions import ColumnDescription, ColumnKind, TypedTable
from training.tables.file_type import FileType
from training.tables.question import NO_ANSWERS, Answers, Question
from training.tables.reader import ReadTable

MAX_CATEGORIES = 10_000
MAX_CATEGORY_CHARS = 64
"""On average."""
MIN_REPEATED = 10
"""Up to so many distinct texts are categories as soon as one repeats."""


def type_columns(read: ReadTable, answers: Answers = NO_ANSWERS) -> TypedTable:
    """The table with typed columns, a description of each, and what the user must decide.

    Texts in a Parquet file stay texts, because its types were chosen; texts of other files may be
    numbers, dates or booleans. `answers` are those to the questions of an earlier call.
    """
    columns, descriptions, questions = [], [], []
    for name, values in zip(read.table.column_names, read.table.columns, strict=True):
        column = _Column(name, one_array(values), read, answers)
        typed, description, question = column.typed()
        columns.append(typed)
        descriptions.append(description)
        if question is not None:
            questions.append(question)
    return TypedTable(
        table=pa.table(columns, names=read.table.column_names),
        columns=tuple(descriptions),
        questions=tuple(questions),
        notes=read.notes,
    )


_Typed = tuple[pa.Array, ColumnDescription, Question | None]


class _Column:
    """One column, and what decides its type."""

    def __init__(self, name: str, values: pa.Array, read: ReadTable, answers: Answers) -> None:
        self._name = name
        self._values = values
        self._decimal = read.decimal
        self._stays_text = read.file_type is FileType.PARQUET
        self._answers = answers

    def typed(self) -> _Typed:
        kind = self._values.type
        if is_text(kind):
            return self._text()
        if is_date(kind):
            return self._described(self._values, ColumnKind.DATE)
        if pa.types.is_boolean(kind):
            return self._described(self._values, ColumnKind.BOOLEAN)
        return self._numbers()

    def _numbers(self) -> _Typed:
        values = self._values
        notes: tuple[str, ...] = ()
        if pa.types.is_float64(values.type):
            num_infinite = int(pc.sum(pc.is_inf(values)).as_py() or 0)
            notes = (f"{num_infinite:,} infinite values count as missing.",) if num_infinite else ()
            values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, values.type))
        return self._described(values, ColumnKind.NUMBER, notes=notes)

    def _text(self) -> _Typed:
        texts = pc.utf8_trim_whitespace(self._values)
        values = _without(texts, MISSING_MARKERS)
        markers = _markers(texts, values)
        if values.null_count == len(values):
            return self._described(values, ColumnKind.EMPTY, markers=markers)
        kept = None
        if not self._stays_text:
            for read, kind in self._readings(values):
                if isinstance(read, TypedValues):
                    return self._described(read.values, kind, markers=markers, read=read)
                kept = kept or read
        return self._categories(texts, values, kept)

    def _readings(
        self, values: pa.Array
    ) -> Iterator[tuple[TypedValues | KeptText | None, ColumnKind]]:
        yield read_booleans(values), ColumnKind.BOOLEAN
        yield self._read_numbers(values), ColumnKind.NUMBER
        yield read_dates(values, self._name, self._answers), ColumnKind.DATE

    def _read_numbers(self, values: pa.Array) -> TypedValues | KeptText | None:
        return read_numbers(values, self._name, decimal=self._decimal, answers=self._answers)

    def _categories(self, texts: pa.Array, values: pa.Array, kept: KeptText | None) -> _Typed:
        """A column of categories or of free text, in which some markers are values."""
        num_distinct = len(pc.unique(values.drop_null()))
        notes: tuple[str, ...] = () if kept is None else (kept.reason,)
        kind = ColumnKind.TEXT
        if num_distinct <= MAX_CATEGORIES:
            reasons = markers_that_are_categories(_counts(texts))
            values = _without(texts, MISSING_MARKERS, kept=reasons)
            notes += tuple(
                f"'{marker}' is a category: {reason}." for marker, reason in reasons.items()
            )
            kind = _text_kind(values)
        markers = _markers(texts, values)
        question = None if kept is None else kept.question
        typed, description, _ = self._described(values, kind, markers=markers, notes=notes)
        return typed, description, question

    def _described(
        self,
        values: pa.Array,
        kind: ColumnKind,
        *,
        markers: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        read: TypedValues | None = None,
    ) -> _Typed:
        description = ColumnDescription(
            name=self._name,
            kind=ColumnKind.EMPTY if values.null_count == len(values) else kind,
            num_missing=int(values.null_count),
            unit=None if read is None else read.unit,
            missing_markers=markers,
            notes=notes if read is None else (*notes, *read.notes),
            problem=None if read is None else read.problem,
            decimal=None if read is None else read.decimal,
            day_order=None if read is None else read.day_order,
        )
        return values, description, None


def _text_kind(values: pa.Array) -> ColumnKind:
    """Category if texts are short and repeat, else text."""
    present = values.drop_null()
    num_distinct = len(pc.unique(present))
    repeats = num_distinct < len(present) and num_distinct <= max(MIN_REPEATED, len(present) // 2)
    is_short = (pc.mean(pc.utf8_length(present)).as_py() or 0) <= MAX_CATEGORY_CHARS
    return ColumnKind.CATEGORY if repeats and is_short else ColumnKind.TEXT


def _without(texts: pa.Array, markers: Iterable[str], kept: Iterable[str] = ()) -> pa.Array:
    """The texts with null in place of the markers in any case, except those that are kept."""
    is_marker = pc.is_in(pc.ascii_lower(texts), value_set=pa.array(sorted(markers), texts.type))
    if kept := sorted(kept):
        is_kept = pc.is_in(texts, value_set=pa.array(kept, texts.type))
        is_marker = pc.and_(is_marker, pc.invert(is_kept))
    return pc.if_else(is_marker, pa.scalar(None, texts.type), texts)


def _markers(texts: pa.Array, values: pa.Array) -> tuple[str, ...]:
    """The distinct texts that became null, without the empty one."""
    removed = texts.filter(pc.and_(pc.is_null(values), pc.is_valid(texts)))
    return tuple(sorted(text for text in pc.unique(removed).to_pylist() if text))


def _counts(texts: pa.Array) -> Mapping[str, int]:
    counts = pc.value_counts(texts.drop_null())
    return dict(zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True))
