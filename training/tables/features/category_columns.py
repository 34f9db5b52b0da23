"""Turns categories into codes, and those of columns with very many into how frequent they are."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.features.feature import FeatureKind
from training.tables.features.table_transformer import (
    NewFeature,
    State,
    TableTransformer,
    column_of,
)
from training.tables.labels import Floats

MAX_CODES = 254
"""Histogram boosting takes at most 255 bins, one of them for missing values."""


@dataclass(frozen=True, kw_only=True)
class Categories:
    """The categories that a column had in training."""

    coded: tuple[str, ...]
    """Those with a code of their own, by the alphabet."""
    rare: tuple[str, ...] = ()
    """The others, which share the code after."""
    counts: tuple[int, ...] = ()
    """Rows of each in training, first those of `coded`; empty without rare ones."""
    num_rows: int = 0

    @property
    def num_codes(self) -> int:
        return len(self.coded) + bool(self.rare)


class CategoryColumns(TableTransformer):
    """A category that training lacked is NaN as a code, and 0 as a frequency."""

    categories_: dict[str, Categories]
    """Of each column."""

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.columns = columns

    def fit(self, table: pa.Table, y: None = None) -> Self:
        self.categories_ = {name: _learned(column_of(table, name)) for name in self.columns}
        return self

    def transform(self, table: pa.Table) -> Floats:
        features = []
        for name, categories in self.categories_.items():
            features += _encoded(column_of(table, name), categories)
        return np.column_stack(features)

    def new_features(self) -> list[NewFeature]:
        features = []
        for name, categories in self.categories_.items():
            features.append(
                NewFeature(
                    column=name,
                    label=name,
                    kind=FeatureKind.CATEGORY,
                    num_categories=categories.num_codes,
                )
            )
            if categories.rare:
                features.append(NewFeature(column=name, label=f"frequency of {name}"))
        return features

    def state(self) -> State:
        return {name: asdict(categories) for name, categories in self.categories_.items()}

    def restore(self, state: State) -> Self:
        self.categories_ = {name: _restored(state[name]) for name in self.columns}
        return self


def _learned(values: pa.Array) -> Categories:
    found = pc.value_counts(values.drop_null())
    pairs = zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True)
    counts: dict[str, int] = dict(pairs)
    if len(counts) <= MAX_CODES:
        return Categories(coded=tuple(sorted(counts)))
    by_frequency = sorted(counts, key=lambda text: (-counts[text], text))
    coded = tuple(sorted(by_frequency[: MAX_CODES - 1]))
    rare = tuple(sorted(by_frequency[MAX_CODES - 1 :]))
    return Categories(
        coded=coded,
        rare=rare,
        counts=tuple(counts[text] for text in (*coded, *rare)),
        num_rows=sum(counts.values()),
    )


def _restored(state: State) -> Categories:
    categories = Categories(
        coded=tuple(map(str, state["coded"])),
        rare=tuple(map(str, state["rare"])),
        counts=tuple(map(int, state["counts"])),
        num_rows=int(state["num_rows"]),
    )
    num_counts = len(categories.coded) + len(categories.rare) if categories.rare else 0
    if len(categories.counts) != num_counts:
        raise ValueError("the number of counts differs from that of categories")
    return categories


def _encoded(values: pa.Array, categories: Categories) -> list[Floats]:
    known = pa.array([*categories.coded, *categories.rare], pa.string())
    found = pc.index_in(pc.cast(values, pa.string()), value_set=known)
    places: Floats = pc.cast(found, pa.float64()).to_numpy(zero_copy_only=False)
    codes = np.minimum(places, len(categories.coded))
    if not categories.rare:
        return [codes]
    shares = np.array([*categories.counts, 0]) / categories.num_rows
    frequencies = shares[np.where(np.isnan(places), -1, places).astype(np.int64)]
    frequencies[pc.is_null(values).to_numpy(zero_copy_only=False)] = np.nan
    return [codes, frequencies]
