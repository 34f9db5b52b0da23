"""A trained model of tables with all that a prediction needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from training.tables.descriptions import TypedTable
from training.tables.evaluation.calibration import Calibration, CalibrationKind
from training.tables.features.encoder import TableEncoder
from training.tables.labels import Floats, Integers
from training.tables.leaks.leak_report import Leak
from training.tables.model.cell_warnings import cell_warnings
from training.tables.model.explanation import Explainer
from training.tables.model.input_column import InputColumn
from training.tables.model.json_rows import MAX_JSON_ROWS, rows_of_json
from training.tables.model.model_checks import check_parts
from training.tables.model.model_file import ModelDocument, read_document, write_document
from training.tables.model.predictions import Explanation, TablePredictions
from training.tables.model.row_predictor import RowPredictor
from training.tables.model.table_rows import rows_of
from training.tables.model.target import ModelTarget
from training.tables.reader import ReadTable
from training.tables.selection.ensemble_model import EnsembleModel

_ENCODER = "encoder"
_ENSEMBLE = "ensemble"
NUM_REASONS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class TableModel:
    """An encoder, an ensemble and its calibration, with what they were trained on.

    Raises TableError if the parts do not fit each other.
    """

    encoder: TableEncoder
    ensemble: EnsembleModel
    calibration: Calibration
    target: ModelTarget
    inputs: tuple[InputColumn, ...]
    """The columns that the model takes, in the order of the encoder."""
    leaks: tuple[Leak, ...] = ()
    """Columns that were flagged, and whether they were left out."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """The report on the holdout, as JSON."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else is known of the training, as JSON: the table, the group, numbers of rows."""

    def __post_init__(self) -> None:
        check_parts(self.encoder, self.ensemble, self.target, self.inputs)

    def predict(
        self, rows: pa.Table, *, explain: bool = False, top: int = NUM_REASONS, first_row: int = 1
    ) -> TablePredictions:
        """The answers for rows from `rows_from_json` or `rows_from_table`.

        With `explain`, the model of the greatest weight is explained, each row with at most `top`
        reasons. `first_row` is the number of the first row in warnings and answers.
        """
        values = self.encoder.transform(rows)
        predicted = self.ensemble.predict(values)
        probabilities = self.calibration.apply(predicted) if self.target.has_classes else None
        codes = None if probabilities is None else probabilities.argmax(axis=1)
        return TablePredictions(
            first_row=first_row,
            labels=self.target.labels_of(predicted if probabilities is None else probabilities),
            classes=self.target.classes,
            probabilities=probabilities,
            warnings=cell_warnings(self.inputs, rows, first_row=first_row),
            explanations=self._explanations(values, rows, codes, top) if explain else None,
            explained_model=self._explainer.title if explain else None,
            adds_up_to=self.adds_up_to() if explain else None,
        )

    def adds_up_to(self) -> str:
        """What the contributions of an explanation add up to, and what follows from the sum."""
        return f"{self._explainer.adds_up_to()} {self._what_follows()}"

    def save(self, folder: Path) -> None:
        """Write the model into a new or empty folder, without pickle. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.save(folder / _ENCODER)
        self.ensemble.save(folder / _ENSEMBLE)
        document = ModelDocument(
            target=self.target,
            inputs=self.inputs,
            calibration=self.calibration,
            leaks=self.leaks,
            evidence=dict(self.evidence),
            facts=dict(self.facts),
        )
        write_document(folder, document)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote.

        Raises TableError if files are absent, malformed, of another format, or not all of the
        same model.
        """
        document = read_document(folder)
        return cls(
            encoder=TableEncoder.load(folder / _ENCODER),
            ensemble=EnsembleModel.load(folder / _ENSEMBLE),
            calibration=document.calibration,
            target=document.target,
            inputs=document.inputs,
            leaks=document.leaks,
            evidence=document.evidence,
            facts=document.facts,
        )

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.ensemble.main, self.encoder.features, self.inputs, self.target)

    def _explanations(
        self, values: Floats, rows: pa.Table, codes: Integers | None, top: int
    ) -> tuple[Explanation, ...]:
        return self._explainer.explain(values, rows, codes, top=top)

    def _what_follows(self) -> str:
        """How the prediction differs from the sum of the contributions."""
        steps = []
        if len(self.ensemble.main.members) > 1 and not self._explainer.is_prediction:
            steps.append("averaged over the folds")
        if len(self.ensemble.models) > 1:
            share = max(self.ensemble.weights) / sum(self.ensemble.weights)
            steps.append(
                f"averaged over {len(self.ensemble.models)} kinds of models, of which this one has "
                f"{share:.0%} of the weight"
            )
        if self.target.has_classes and self.calibration.kind is not CalibrationKind.IDENTITY:
            steps.append(f"then calibrated ({self.calibration.kind})")
        if not steps:
            return self._explainer.follows()
        answer = "Probabilities are" if self.target.has_classes else "The predicted number is"
        return f"{answer} {', '.join(steps)}, so this sum alone does not give them."


def rows_from_json(
    model: TableModel, rows: list[dict[str, Any]], *, max_rows: int = MAX_JSON_ROWS
) -> pa.Table:
    """The rows that `model.predict` takes. See `json_rows.rows_of_json` for errors."""
    return rows_of_json(model.inputs, rows, max_rows=max_rows)


def rows_from_table(
    model: RowPredictor, table: ReadTable | TypedTable, *, first_row: int = 1
) -> pa.Table:
    """The rows that `model.predict` takes. See `table_rows.rows_of` for errors."""
    return rows_of(model.inputs, table, first_row=first_row)
