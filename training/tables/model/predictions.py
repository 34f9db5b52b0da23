"""What a model answers for the rows it was given."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from training.tables.labels import Floats
from training.tables.model.target import Label


@dataclass(frozen=True, kw_only=True)
class CellWarning:
    """A value that training did not have; the prediction for its row is less certain."""

    row: int
    """Counted from 1."""
    column: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why a model of the ensemble gave this output for a row (SHAP values).

    `base_value` and all contributions add up to `total` within 1e-4 of its size, or of 1 if that
    is smaller.
    """

    output: str
    """What is explained: `log-odds of CONFIRMED`."""
    base_value: float
    total: float
    contributions: dict[str, float]
    """How much each feature moved the output, by the label of the feature."""
    reasons: tuple[str, ...]
    """The columns that matter most, in words."""


@dataclass(frozen=True, kw_only=True)
class PredictedRow:
    """The answer for one row."""

    row: int
    """Counted from 1."""
    label: Label
    probabilities: dict[str, float] | None
    """Calibrated, by class as text; None for a regression."""
    confidence: float | None
    """The probability of the label."""
    warnings: tuple[CellWarning, ...]
    explanation: Explanation | None


@dataclass(frozen=True, kw_only=True, eq=False)
class TablePredictions:
    """The answers for some rows, by column; `rows` gives them one by one."""

    first_row: int
    """Number of the first row; 1 unless the rows are a part of a table."""
    labels: tuple[Label, ...]
    classes: tuple[str, ...]
    probabilities: Floats | None
    """(num_rows, num_classes), calibrated; None for a regression."""
    warnings: tuple[CellWarning, ...]
    """By row."""
    explanations: tuple[Explanation, ...] | None
    explained_model: str | None
    """The title of the model that is explained."""
    adds_up_to: str | None
    """What the contributions add up to, and how the prediction follows from it, in sentences."""

    @property
    def confidence(self) -> Floats | None:
        """The probability of each label, (num_rows,)."""
        return None if self.probabilities is None else self.probabilities.max(axis=1)

    def rows(self) -> Iterator[PredictedRow]:
        """The answers row by row."""
        by_row: dict[int, list[CellWarning]] = {}
        for warning in self.warnings:
            by_row.setdefault(warning.row, []).append(warning)
        confidence = self.confidence
        for at, label in enumerate(self.labels):
            row = self.first_row + at
            yield PredictedRow(
                row=row,
                label=label,
                probabilities=self._probabilities(at),
                confidence=None if confidence is None else float(confidence[at]),
                warnings=tuple(by_row.get(row, ())),
                explanation=None if self.explanations is None else self.explanations[at],
            )

    def to_json(self) -> dict[str, Any]:
        """The answers as JSON has them."""
        return {
            "rows": [_json(row) for row in self.rows()],
            "explained_model": self.explained_model,
            "adds_up_to": self.adds_up_to,
        }

    def _probabilities(self, at: int) -> dict[str, float] | None:
        if self.probabilities is None:
            return None
        return dict(zip(self.classes, self.probabilities[at].tolist(), strict=True))


def _json(row: PredictedRow) -> dict[str, Any]:
    return {
        "row": row.row,
        "label": row.label,
        "probabilities": row.probabilities,
        "confidence": row.confidence,
        "warnings": [
            {"column": warning.column, "message": warning.message} for warning in row.warnings
        ],
        "explanation": None if row.explanation is None else _explanation_json(row.explanation),
    }


def _explanation_json(explanation: Explanation) -> dict[str, Any]:
    return {
        "output": explanation.output,
        "base_value": explanation.base_value,
        "total": explanation.total,
        "contributions": explanation.contributions,
        "reasons": list(explanation.reasons),
    }
