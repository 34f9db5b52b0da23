"""Stage 4: makes numbers of the columns, the same way for training and prediction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.recipes.tables.stages.analysis import Analysis
from training.recipes.tables.stages.processing import ChosenColumns
from training.tables.features.encoder import TableEncoder
from training.tables.features.fitting import fit_encoder
from training.tables.labels import Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedTable:
    """The features of all rows, (num_rows, num_features); NaN is missing."""

    encoder: TableEncoder
    values: Floats

    def document(self) -> Mapping[str, Any]:
        return describe_encoder(self.encoder)


class FeatureEngineering:
    def run(self, analysis: Analysis, columns: ChosenColumns, *, seed: int) -> EncodedTable:
        """The encoder is fitted on rows that select models, never on the holdout, nor on labels."""
        encoder = fit_encoder(
            analysis.typed, analysis.split.development, columns.features, seed=seed
        )
        return EncodedTable(encoder=encoder, values=encoder.transform(analysis.typed.table))


def describe_encoder(encoder: TableEncoder) -> Mapping[str, Any]:
    """As plain JSON: the features for people, without the words and categories they are of."""
    return {
        "features": [
            {"label": item.label, "column": item.column, "kind": str(item.kind)}
            for item in encoder.features
        ],
        "notes": list(encoder.notes),
    }
