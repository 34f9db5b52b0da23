"""Turns the messages of the inference service into the answers of the route; does no I/O."""

from collections.abc import Iterator

from api.predictions.cells import cell_of, text_of
from api.predictions.schemas import (
    Explanation,
    PredictAnswer,
    PredictionWarning,
    RowPrediction,
    TableModelVersion,
)
from api.predictions.v1 import predictions_pb2 as v1


def predict_answer(found: v1.Predictions) -> PredictAnswer:
    predictions = list(row_predictions(found))
    return PredictAnswer(
        model=model_version(found.model),
        target=found.target,
        classes=[cell_of(value) for value in found.classes],
        count=len(predictions),
        predictions=predictions,
    )


def row_predictions(found: v1.Predictions) -> Iterator[RowPrediction]:
    names = class_names(found)
    for row in found.rows:
        yield RowPrediction(
            row=row.row,
            label=cell_of(row.label),
            probabilities=dict(zip(names, row.probabilities, strict=True)) if names else None,
            confidence=row.confidence if row.HasField("confidence") else None,
            abstained=row.abstained,
            reason=row.reason,
            warnings=[
                PredictionWarning(row=it.row, column=it.column, text=it.text) for it in row.warnings
            ],
            explanation=_explanation(found.explained, row) if row.HasField("explanation") else None,
        )


def class_names(found: v1.Predictions) -> list[str]:
    return [text_of(value) for value in found.classes]


def model_version(model: v1.TableModelVersion) -> TableModelVersion:
    return TableModelVersion(name=model.name, version=model.version, run_id=model.run_id)


def _explanation(frame: v1.ExplanationFrame, row: v1.Prediction) -> Explanation:
    given = row.explanation
    return Explanation(
        model=frame.model,
        output=given.output,
        adds_up_to=frame.adds_up_to,
        base_value=given.base_value,
        contributions=dict(zip(frame.features, given.contributions, strict=True)),
        sum=given.sum,
        reasons=list(given.reasons),
    )
