"""Turns the rows of a table into the features of a model, with what it learned in training."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
from sklearn.pipeline import FeatureUnion

from training.tables.descriptions import ColumnKind
from training.tables.errors import TableError
from training.tables.features.category_columns import CategoryColumns
from training.tables.features.date_columns import DateColumns
from training.tables.features.encoded_column import EncodedColumn, checked
from training.tables.features.feature import Feature
from training.tables.features.number_columns import NumberColumns
from training.tables.features.table_transformer import NewFeature, TableTransformer
from training.tables.features.text_columns import TextColumns
from training.tables.labels import Floats
from training.tables.printable import name_list, printable

FORMAT_VERSION = 1
ENCODER_FILE = "encoder.json"
_BATCH_ROWS = 65_536
_KINDS: dict[str, tuple[ColumnKind, ...]] = {
    "numbers": (ColumnKind.NUMBER, ColumnKind.BOOLEAN),
    "dates": (ColumnKind.DATE,),
    "categories": (ColumnKind.CATEGORY,),
    "texts": (ColumnKind.TEXT,),
}
"""The kinds of columns that each step of the pipeline encodes, in the order of features."""


class TableEncoder:
    """A fitted scikit-learn pipeline from a table to features. See `fitting.fit_encoder`."""

    def __init__(
        self, columns: Sequence[EncodedColumn], pipeline: FeatureUnion, notes: Sequence[str] = ()
    ) -> None:
        self.columns = tuple(columns)
        self._pipeline = pipeline
        self.notes = tuple(notes)
        """Which columns are not encoded, and why."""
        self.features = _named([new for _, step in self._steps() for new in step.new_features()])

    @property
    def input_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def transform(self, table: pa.Table) -> Floats:
        """The features, float64 (num_rows, num_features), NaN where missing.

        Columns are found by name, in any order; others are ignored. A column may be missing in
        all rows. Raises TableError if one is absent, or is not of the kind that it had.
        """
        table = self._checked(table)
        features = np.empty((table.num_rows, len(self.features)))
        for start in range(0, table.num_rows, _BATCH_ROWS):
            part = table.slice(start, _BATCH_ROWS)
            # The pipeline's own method starts joblib, which takes longer than to encode a row.
            encoded = [step.transform(part) for _, step in self._steps()]
            features[start : start + _BATCH_ROWS] = np.hstack(encoded)
        return features

    def save(self, folder: Path) -> None:
        """Write JSON, and skops for the words of texts. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "format_version": FORMAT_VERSION,
            "columns": [asdict(column) for column in self.columns],
            "steps": {name: step.state() for name, step in self._steps()},
            "num_features": len(self.features),
            "notes": self.notes,
        }
        text = json.dumps(document, ensure_ascii=False, indent=1)
        (folder / ENCODER_FILE).write_text(text, encoding="utf-8")
        for _, step in self._steps():
            if isinstance(step, TextColumns):
                step.save_words(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The encoder that `save` wrote. Raises TableError if a file is absent or malformed."""
        try:
            document = json.loads((folder / ENCODER_FILE).read_text(encoding="utf-8"))
            require_version(document, "encoder")
            encoder = cls(*_restored(document, folder))
        except OSError as error:
            raise TableError(f"The encoder cannot be read: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, BadZipFile) as error:
            raise TableError(
                f"Expected an encoder that this program wrote, but its files are malformed "
                f"({type(error).__name__}). Train again, or take another version of the model."
            ) from None
        if len(encoder.features) != document["num_features"]:
            raise TableError(
                f"Expected an encoder of {document['num_features']} features, but its files have "
                f"{len(encoder.features)}. They are not all of the same model."
            )
        return encoder

    def _steps(self) -> list[tuple[str, TableTransformer]]:
        return list(self._pipeline.transformer_list)

    def _checked(self, table: pa.Table) -> pa.Table:
        """The columns that are encoded."""
        names = set(table.column_names)
        if absent := [name for name in self.input_columns if name not in names]:
            raise TableError(f"Expected the columns {name_list(absent)}, which the table lacks.")
        columns = [checked(table.column(column.name), column) for column in self.columns]
        return pa.table(columns, names=list(self.input_columns))


def make_pipeline(columns: Sequence[EncodedColumn], *, seed: int = 0) -> FeatureUnion:
    """The pipeline for the columns, not fitted."""
    makers = {
        "numbers": NumberColumns,
        "dates": DateColumns,
        "categories": CategoryColumns,
        "texts": lambda names: TextColumns(names, seed),
    }
    steps = []
    for step, kinds in _KINDS.items():
        names = [column.name for column in columns if column.kind in kinds]
        if names:
            steps.append((step, makers[step](names)))
    return FeatureUnion(steps)


def require_version(document: dict[str, Any], what: str) -> None:
    """Raise TableError unless the document has the format of this program."""
    version = document["format_version"]
    if version != FORMAT_VERSION:
        raise TableError(
            f"Expected the {what} in format {FORMAT_VERSION}, but format {printable(str(version))} "
            "came. Use the version of Fovea that wrote it, or train again."
        )


def _restored(
    document: dict[str, Any], folder: Path
) -> tuple[list[EncodedColumn], FeatureUnion, list[str]]:
    columns = [
        EncodedColumn(str(column["name"]), ColumnKind(column["kind"]))
        for column in document["columns"]
    ]
    pipeline = make_pipeline(columns)
    for name, step in pipeline.transformer_list:
        step.restore(document["steps"][name])
        if isinstance(step, TextColumns):
            step.load_words(folder)
    return columns, pipeline, [str(note) for note in document["notes"]]


def _named(features: Sequence[NewFeature]) -> tuple[Feature, ...]:
    """The features with names, and labels that differ."""
    named: list[Feature] = []
    labels: set[str] = set()
    for number, feature in enumerate(features):
        label = feature.label if feature.label not in labels else f"{feature.label} (f{number})"
        labels.add(label)
        named.append(
            Feature(
                name=f"f{number}",
                column=feature.column,
                label=label,
                kind=feature.kind,
                num_categories=feature.num_categories,
            )
        )
    return tuple(named)
