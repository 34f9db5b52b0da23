"""Turns the predictions of a model of tables into the messages of an answer; does no I/O."""

from collections import defaultdict
from collections.abc import Sequence

from serving.tables.cells import value_of
from serving.v1 import predictions_pb2 as messages
from training.tables.model.predictions import CellWarning, Explanation, TablePredictions


def predictions_message(
    frame: messages.Predictions, made: TablePredictions, confidence_threshold: float
) -> messages.Predictions:
    """The answer; `frame` has what the rows of all requests have in common."""
    answer = messages.Predictions()
    answer.CopyFrom(frame)
    warnings = _by_row(made.warnings)
    probabilities = None if made.probabilities is None else made.probabilities.tolist()
    confidence = None if made.confidence is None else made.confidence.tolist()
    for at, label in enumerate(made.labels):
        number = made.first_row + at
        row = answer.rows.add(row=number, label=value_of(label), warnings=warnings.get(number, ()))
        if probabilities is not None and confidence is not None:
            row.probabilities.extend(probabilities[at])
            row.confidence = confidence[at]
            _abstain(row, confidence_threshold)
        if made.explanations is not None:
            row.explanation.CopyFrom(_explanation(made.explanations[at]))
    if made.explanations:
        answer.explained.CopyFrom(_frame(made, made.explanations))
    return answer


def _abstain(row: messages.Prediction, threshold: float) -> None:
    if row.confidence < threshold:
        row.abstained = True
        row.reason = f"the confidence {row.confidence:.3g} is below the threshold {threshold:g}"


def _by_row(warnings: Sequence[CellWarning]) -> dict[int, list[messages.PredictionWarning]]:
    found: dict[int, list[messages.PredictionWarning]] = defaultdict(list)
    for each in warnings:
        found[each.row].append(
            messages.PredictionWarning(row=each.row, column=each.column, text=each.message)
        )
    return found


def _frame(
    made: TablePredictions, explanations: Sequence[Explanation]
) -> messages.ExplanationFrame:
    return messages.ExplanationFrame(
        features=list(explanations[0].contributions),
        model=made.explained_model or "",
        adds_up_to=made.adds_up_to or "",
    )


def _explanation(explained: Explanation) -> messages.Explanation:
    return messages.Explanation(
        output=explained.output,
        base_value=explained.base_value,
        contributions=explained.contributions.values(),
        sum=explained.total,
        reasons=explained.reasons,
    )
