"""Reads the evaluations that runs log as JSON: any client may have written them, so every part may be absent."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from api.reports.evaluations import (
    ClassFigures,
    ConditionFigures,
    ConfusionCounts,
    Estimate,
    Evaluation,
    EvaluationKind,
    ReliabilityPoint,
    RocCurve,
)
from api.runs.evaluations import EpochEvaluation
from api.strangers_json import json_object, json_objects

MOST_CLASSES = 200
MOST_MATRIX_CLASSES = 40
"""A larger matrix cannot be read on a page."""
MOST_POINTS = 400
_LONGEST_TEXT = 1000


def of_scores(name: str, document: Any) -> Evaluation:
    """The evaluation of `scores.json`."""
    report = json_object(document)
    calibration = json_object(report.get("calibration"))
    reliability = json_object(calibration.get("after")) or json_object(calibration.get("before"))
    seen = json_object(report.get("seen_images"))
    counts = json_object(report.get("confusion_matrix"))
    classes = list(_named(report.get("classes")))
    return Evaluation(
        name=name,
        kind=EvaluationKind.TEST,
        num_cases=_whole(report.get("num_images")),
        num_left_out=_whole(report.get("skipped_images")) or 0,
        trained_on=_whole(seen.get("trained_on")),
        chosen_with=_whole(seen.get("chosen_with")),
        metrics=_estimates(report.get("metrics")),
        conditions=tuple(
            _condition(each) for each in _named(report.get("critical_conditions"))[:MOST_CLASSES]
        ),
        classes=tuple(_class(each, "num_images") for each in classes[:MOST_CLASSES]),
        num_classes=len(classes),
        confusion=_confusion(counts.get("rows"), counts.get("columns"), counts.get("counts")),
        num_matrix_classes=len(_texts(counts.get("rows"))),
        reliability=_reliability(
            reliability.get("bins"), ("mean_confidence", "accuracy", "num_images")
        ),
        calibration_error=Estimate(value=_number(reliability.get("expected_calibration_error"))),
        is_rescaled=bool(json_object(calibration.get("after"))),
    )


def of_holdout(document: Any, *, others: str) -> Evaluation:
    """The evaluation of a table's pipeline; `others` is the word for classes that it does not list."""
    report = json_object(document)
    counts, reliability = (
        json_object(report.get("confusion")),
        json_object(report.get("reliability")),
    )
    names = [
        *_texts(counts.get("classes")),
        *([others] if counts.get("has_others") is True else []),
    ]
    classes = list(_named(report.get("classes")))
    gap = _text(json_object(report.get("gap")).get("sentence"))
    return Evaluation(
        name="holdout",
        kind=EvaluationKind.HOLDOUT,
        num_cases=_whole(report.get("num_rows")),
        num_groups=_whole(report.get("num_groups")),
        metrics=_estimates(report.get("metrics")),
        classes=tuple(_class(each, "support") for each in classes[:MOST_CLASSES]),
        num_classes=len(classes),
        confusion=_confusion(names, names, counts.get("counts")),
        num_matrix_classes=len(names),
        reliability=_reliability(
            reliability.get("bins"), ("mean_probability", "observed", "num_rows")
        ),
        calibration_error=_estimate(reliability.get("error")),
        roc=tuple(_roc_curves(classes)),
        notes=tuple(text for text in (gap, *_texts(report.get("notes"))) if text),
    )


def of_epoch(epoch: int, found: EpochEvaluation) -> Evaluation:
    """The evaluation of an epoch on the validation data."""
    return Evaluation(
        name=str(epoch),
        kind=EvaluationKind.VALIDATION,
        num_cases=sum(map(sum, found.confusion_matrix)),
        metrics={},
        classes=tuple(
            ClassFigures(
                name=name,
                support=report.support,
                measures={
                    "sensitivity": Estimate(value=report.recall),
                    "precision": Estimate(value=report.precision),
                    "specificity": Estimate(value=report.specificity),
                    "f1": Estimate(value=report.f1),
                    "auroc": Estimate(value=report.auc_roc),
                },
            )
            for name, report in list(found.class_report.items())[:MOST_CLASSES]
        ),
        num_classes=len(found.class_report),
        confusion=_confusion(found.classes, found.classes, found.confusion_matrix),
        num_matrix_classes=len(found.classes),
    )


def missing_evidence(document: Any) -> tuple[str, ...]:
    """What `evidence.json` says could not be shown."""
    report = json_object(document)
    missing = _texts(report.get("missing"))
    notes = (
        f"{name}: {note}"
        for each in _named(report.get("conditions"))
        if (name := _text(each.get("name")))
        and (note := _text(each.get("note")))
        # A sentence about the condition says the same.
        and not any(name in sentence for sentence in missing)
    )
    return (*missing, *notes)[:MOST_CLASSES]


def _condition(entry: Mapping[str, Any]) -> ConditionFigures:
    return ConditionFigures(
        name=_text(entry.get("name")),
        floor=_number(entry.get("floor")),
        support=_whole(entry.get("support")),
        sensitivity=_estimate(entry.get("sensitivity")),
        specificity=_estimate(entry.get("specificity")),
        verdict=_text(entry.get("verdict")),
        explanation=_text(entry.get("explanation")),
    )


_MEASURES = {
    "sensitivity": "sensitivity",
    "recall": "sensitivity",
    "specificity": "specificity",
    "precision": "precision",
    "f1": "f1",
    "auc_roc": "auroc",
    "auroc": "auroc",
    "dice": "dice",
    "iou": "iou",
}


def _class(entry: Mapping[str, Any], support: str) -> ClassFigures:
    found = {shown: _estimate(entry[name]) for name, shown in _MEASURES.items() if entry.get(name)}
    # An evaluation of images has `support`; one of pixels counts images.
    num = _whole(entry.get("support"))
    return ClassFigures(
        name=_text(entry.get("name")),
        support=_whole(entry.get(support)) if num is None else num,
        measures=found,
    )


def _confusion(rows: Any, columns: Any, counts: Any) -> ConfusionCounts | None:
    """None unless the counts are a table of that shape, and small enough for a page."""
    of_rows, of_columns = _texts(rows), _texts(columns)
    if not 0 < len(of_rows) <= MOST_MATRIX_CLASSES or len(of_columns) > MOST_MATRIX_CLASSES:
        return None
    numbers = [
        [_whole(each) for each in row] if isinstance(row, list) else []
        for row in (counts if isinstance(counts, list) else [])[: len(of_rows) + 1]
    ]
    if [len(row) for row in numbers] != [len(of_columns)] * len(of_rows):
        return None
    if any(each is None for row in numbers for each in row):
        return None
    return ConfusionCounts(
        rows=of_rows,
        columns=of_columns,
        counts=tuple(tuple(each or 0 for each in row) for row in numbers),
    )


def _reliability(bins: Any, names: tuple[str, str, str]) -> tuple[ReliabilityPoint, ...]:
    said, happened, num = names
    points = (
        (_share(each.get(said)), _share(each.get(happened)), _whole(each.get(num)) or 0)
        for each in json_objects(bins)[:100]
    )
    return tuple(
        ReliabilityPoint(said=x, happened=y, num=count)
        for x, y, count in points
        if x is not None and y is not None
    )


def _roc_curves(classes: Sequence[Mapping[str, Any]]) -> Iterator[RocCurve]:
    """Of two classes, the curve of one is that of the other."""
    for each in classes[:1] if len(classes) == 2 else classes[:MOST_MATRIX_CLASSES]:
        points = [
            (x, y)
            for point in json_objects(each.get("roc"))[:MOST_POINTS]
            if (x := _share(point.get("x"))) is not None
            and (y := _share(point.get("y"))) is not None
        ]
        if len(points) > 1:
            yield RocCurve(name=_text(each.get("name")), points=tuple(points))


def _estimates(value: Any) -> Mapping[str, Estimate]:
    found = list(json_object(value).items())[:MOST_CLASSES]
    return {str(name)[:250]: _estimate(each) for name, each in found}


def _estimate(value: Any) -> Estimate:
    found = json_object(value)
    low_high = found.get("interval")
    interval = None
    if isinstance(low_high, list) and len(low_high) == 2:
        low, high = map(_number, low_high)
        interval = None if low is None or high is None else (low, high)
    return Estimate(
        value=_number(found.get("value")),
        interval=interval,
        num=_whole(found.get("successes")),
        of=_whole(found.get("total")),
    )


def _named(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in json_objects(value) if isinstance(each.get("name"), str)]


def _texts(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list | tuple) else ()
    return tuple(each[:_LONGEST_TEXT] for each in found if isinstance(each, str))


def _text(value: Any) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # A whole number beyond the range of floats is no measure of anything.
    if not is_number or abs(value) > 1e300 or not isfinite(value):
        return None
    return float(value)


def _share(value: Any) -> float | None:
    found = _number(value)
    return found if found is not None and 0 <= found <= 1 else None


def _whole(value: Any) -> int | None:
    found = _number(value)
    return int(found) if found is not None and found >= 0 else None
