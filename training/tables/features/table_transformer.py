"""The base of the scikit-learn transformers that take an Arrow table."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa
from sklearn.base import BaseEstimator

from training.tables.arrow_columns import one_array
from training.tables.features.feature import FeatureKind
from training.tables.labels import Floats

State = dict[str, Any]
"""What a transformer learned, as JSON has it."""


@dataclass(frozen=True, kw_only=True)
class NewFeature:
    """A feature that has no name and no unique label yet; see `Feature`."""

    column: str
    label: str
    kind: FeatureKind = FeatureKind.NUMBER
    num_categories: int = 0


class TableTransformer(BaseEstimator, ABC):  # type: ignore[misc]
    """Encodes the columns of one kind. It learns from columns alone, never from a target."""

    columns: Sequence[str]

    @abstractmethod
    def fit(self, table: pa.Table, y: None = None) -> Self:
        """Learn from the rows of the table, which has all of the columns."""

    @abstractmethod
    def transform(self, table: pa.Table) -> Floats:
        """The features, (num_rows, num_features), in the order of `new_features`."""

    @abstractmethod
    def new_features(self) -> list[NewFeature]: ...

    @abstractmethod
    def state(self) -> State:
        """What `restore` needs; the weights of text columns have a file of their own."""

    @abstractmethod
    def restore(self, state: State) -> Self:
        """Take over what `state` gave. Raises ValueError or KeyError if it is malformed."""

    def __sklearn_is_fitted__(self) -> bool:
        return True


def column_of(table: pa.Table, name: str) -> pa.Array:
    """The column in one piece. Parquet's and Excel's chunks would slow down the work on them."""
    return one_array(table.column(name))
