"""Turns dates into days since 1970 and the parts of the calendar that vary."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import TIMESTAMP
from training.tables.features.table_transformer import (
    NewFeature,
    State,
    TableTransformer,
    column_of,
)
from training.tables.labels import Floats

_MICROSECONDS_PER_DAY = 86_400_000_000


class DatePart(StrEnum):
    """A feature of a date column; the value is its label before the name of the column."""

    DAYS = "days since 1970 of"
    YEAR = "year of"
    MONTH = "month of"
    DAY = "day of the month of"
    WEEKDAY = "day of the week of"
    """0 is Monday."""
    HOUR = "hour of"


_PARTS: dict[DatePart, Callable[[pa.Array], pa.Array]] = {
    DatePart.YEAR: pc.year,
    DatePart.MONTH: pc.month,
    DatePart.DAY: pc.day,
    DatePart.WEEKDAY: pc.day_of_week,
    DatePart.HOUR: pc.hour,
}


class DateColumns(TableTransformer):
    """Dates of the years 1 to 9999; those with a zone count in UTC."""

    parts_: dict[str, tuple[DatePart, ...]]
    """Of each column."""

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.columns = columns

    def fit(self, table: pa.Table, y: None = None) -> Self:
        self.parts_ = {name: _varying_parts(_moments(table, name)) for name in self.columns}
        return self

    def transform(self, table: pa.Table) -> Floats:
        features = []
        for name, parts in self.parts_.items():
            moments = _moments(table, name)
            features += [_part(moments, part) for part in parts]
        return np.column_stack(features)

    def new_features(self) -> list[NewFeature]:
        return [
            NewFeature(column=name, label=f"{part} {name}")
            for name, parts in self.parts_.items()
            for part in parts
        ]

    def state(self) -> State:
        return {name: list(parts) for name, parts in self.parts_.items()}

    def restore(self, state: State) -> Self:
        self.parts_ = {name: tuple(map(DatePart, state[name])) for name in self.columns}
        return self


def _varying_parts(moments: pa.Array) -> tuple[DatePart, ...]:
    """The days, and the parts that have two values at least."""
    varying = [part for part, of in _PARTS.items() if len(pc.unique(of(moments.drop_null()))) > 1]
    return (DatePart.DAYS, *varying)


def _moments(table: pa.Table, name: str) -> pa.Array:
    values = column_of(table, name)
    if pa.types.is_timestamp(values.type) and values.type.tz:
        values = pc.cast(values, pa.timestamp("us", tz="UTC"), safe=False)
    # The number of microseconds stays: the time in UTC without its zone.
    return pc.cast(values, TIMESTAMP, safe=False)


def _part(moments: pa.Array, part: DatePart) -> Floats:
    if part is DatePart.DAYS:
        ticks = pc.cast(pc.cast(moments, pa.int64()), pa.float64(), safe=False)
        days: Floats = ticks.to_numpy(zero_copy_only=False) / _MICROSECONDS_PER_DAY
        return days
    numbers: Floats = pc.cast(_PARTS[part](moments), pa.float64()).to_numpy(zero_copy_only=False)
    return numbers
