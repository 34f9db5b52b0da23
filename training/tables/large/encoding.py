"""Encodes all rows of a large table into files, one for each part."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from training.tables.columns.row_codes import Codes, no_columns, with_column
from training.tables.features.encoder import TableEncoder
from training.tables.labels import Floats, Integers
from training.tables.large.feature_file import FeatureFile
from training.tables.large.hash_parts import HOLDOUT, HashParts, part_names
from training.tables.large.memory_plan import MemoryPlan
from training.tables.large.row_reader import RowReader, TypedRows
from training.tables.large.source import TableSource
from training.tables.large.statistics import (
    ColumnSummary,
    DistinctSketch,
    RunningMoments,
    StreamedColumn,
)
from training.tables.large.target_reader import TargetReader
from training.tables.splits.split_report import PartSummary


@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedParts:
    """The files of the parts, by number, and what was seen while they were written."""

    files: Sequence[FeatureFile]
    summaries: tuple[PartSummary, ...]
    """Numbers of groups are estimated above `statistics.SKETCH_SIZE`."""
    columns: tuple[StreamedColumn, ...]
    """In the order of `TableEncoder.input_columns`, of all rows that are not held out."""
    target_scale: tuple[float, float]
    """Mean and deviation of numbers that are not held out; 0 and 1 for classes."""
    num_rows: int


class PartEncoder:
    """One pass over the table that encodes each labelled row into the file of its part."""

    def __init__(
        self,
        reader: RowReader,
        encoder: TableEncoder,
        parts: HashParts,
        target: TargetReader,
        target_column: str,
        classes: Sequence[str],
        folder: Path,
    ) -> None:
        self._reader, self._encoder, self._parts = reader, encoder, parts
        self._target, self._target_column = target, target_column
        self._classes = classes
        self._names = part_names(parts.num_folds)
        self._files = [
            FeatureFile(folder / f"part-{number}.bin", len(encoder.features))
            for number in range(len(self._names))
        ]
        self._groups = [DistinctSketch() for _ in self._names]
        self._counts = np.zeros((len(self._names), max(1, len(classes))), np.int64)
        inputs = {column.name: column for column in reader.columns}
        self._columns = {name: ColumnSummary(inputs[name]) for name in encoder.input_columns}
        self._numbers = RunningMoments()
        self._num_rows = 0

    def encode(self, source: TableSource, plan: MemoryPlan) -> EncodedParts:
        """Raises TableError for a fault in the file, OSError if the disk is full."""
        max_rows = plan.batch_rows(len(self._encoder.features))
        for rows in self._reader.batches(source, max_rows):
            self._add(rows)
        return EncodedParts(
            files=self._files,
            summaries=tuple(self._summary(number) for number in range(len(self._names))),
            columns=tuple(summary.summary() for summary in self._columns.values()),
            target_scale=self._scale(),
            num_rows=self._num_rows,
        )

    def _add(self, rows: TypedRows) -> None:
        self._num_rows += rows.table.num_rows
        targets, codes = self._target.read(rows.table.column(self._target_column))
        keys = self._parts.keys(rows.table)
        part_of_row = np.where(codes < 0, -1, self._parts.parts(keys))
        self._summarise(rows.table.take(pa.array(np.flatnonzero(part_of_row > HOLDOUT))))
        self._count_unreadable(rows.unreadable)
        self._numbers.add(targets[part_of_row > HOLDOUT])
        values = self._encoder.transform(rows.table)
        for number in range(len(self._names)):
            at = np.flatnonzero(part_of_row == number)
            self._append(number, values[at], targets[at], codes[at], keys[at])

    def _append(
        self, number: int, values: Floats, targets: Floats, codes: Integers, keys: Codes
    ) -> None:
        if len(codes):
            self._files[number].append(values, targets, keys)
            # Mixed again, since the keys of a part are all in one interval.
            self._groups[number].add(with_column(keys, no_columns(len(keys))))
            self._counts[number] += np.bincount(codes, minlength=self._counts.shape[1])

    def _summarise(self, table: pa.Table) -> None:
        for name, summary in self._columns.items():
            summary.add(table.column(name))

    def _count_unreadable(self, unreadable: Counter[str]) -> None:
        for name, count in unreadable.items():
            if name in self._columns:
                self._columns[name].num_unreadable += count

    def _summary(self, number: int) -> PartSummary:
        counts = self._counts[number]
        return PartSummary(
            name=self._names[number],
            num_rows=self._files[number].num_rows,
            num_groups=self._groups[number].estimate,
            classes={name: int(counts[code]) for code, name in enumerate(self._classes)},
        )

    def _scale(self) -> tuple[float, float]:
        if self._classes or self._numbers.mean is None:
            return 0.0, 1.0
        return self._numbers.mean, self._numbers.deviation or 1.0
