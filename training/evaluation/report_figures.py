"""Computes the figures of a clinical report as plain JSON: metrics, intervals and verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any, NotRequired, TypedDict, Unpack

from tracking_plugin.wilson_interval import Interval, positives_needed
from training.evaluation.calibration import Calibration, ReliabilityBin
from training.evaluation.detection import (
    Detection,
    Proportion,
    Verdict,
    detection,
    verdict_on_floor,
)
from training.evaluation.evidence_check import CheckedEvidence
from training.evaluation.intervals import class_auroc_key
from training.evaluation.metrics import ClassifierMetrics
from training.taxonomies.taxonomy import CriticalCondition, Modality, Taxonomy


class ReportInputs(TypedDict):
    """The inputs of a report, all about the same test images."""

    run: Mapping[str, str]  # identifies the run: name, id, recipe, epoch, data, date
    evaluation: ClassifierMetrics
    intervals: Mapping[str, Interval]  # as `bootstrap_intervals` returns them
    calibration: Calibration
    taxonomy: Taxonomy
    modality: Modality | None  # None: all modalities of the test set
    tta: bool  # whether test-time augmentation was on
    grouped: NotRequired[bool]  # whether the bootstrap drew patients instead of images
    num_resamples: NotRequired[int]
    held_out: NotRequired[bool]  # whether the model was trained and chosen without these images
    skipped_images: NotRequired[int]  # unreadable images, which are left out of every figure
    trained_on: NotRequired[int | None]  # scored images that the model was trained on, if known
    chosen_with: NotRequired[int | None]  # scored images that the best epoch was chosen with
    evidence: NotRequired[CheckedEvidence | None]  # the model's evidence, on these images


def report_document(**inputs: Unpack[ReportInputs]) -> dict[str, Any]:
    """Every figure of the report as strictly valid JSON; the page shows no others."""
    evaluation, taxonomy = inputs["evaluation"], inputs["taxonomy"]
    shown = _shown_classes(evaluation, taxonomy, inputs["modality"])
    return {
        "run": dict(inputs["run"]),
        "taxonomy": taxonomy.name,
        "modality": inputs["modality"],
        "num_images": evaluation.num_samples,
        "skipped_images": inputs.get("skipped_images", 0),
        "seen_images": {
            "trained_on": inputs.get("trained_on"),
            "chosen_with": inputs.get("chosen_with"),
        },
        "methods": {
            "test_time_augmentation": inputs["tta"],
            "grouped": inputs.get("grouped", False),
            "held_out": inputs.get("held_out", True),
            "num_resamples": inputs.get("num_resamples", 1000),
            "confidence": 0.95,
        },
        "critical_conditions": [
            _condition_figures(condition, evaluation, taxonomy)
            for condition in taxonomy.critical_conditions
        ],
        "metrics": _overall_figures(evaluation, inputs["intervals"]),
        "classes": [
            _class_figures(index, evaluation, taxonomy, inputs["intervals"]) for index in shown
        ],
        "calibration": _calibration_figures(inputs["calibration"]),
        "confusion_matrix": _confusion_figures(evaluation, taxonomy, shown),
        "evidence": _evidence_figures(inputs.get("evidence")),
    }


def _shown_classes(
    evaluation: ClassifierMetrics, taxonomy: Taxonomy, modality: Modality | None
) -> list[int]:
    """A report on one modality leaves out the classes that its images cannot have."""
    return [
        index
        for index, name in enumerate(taxonomy.classes)
        if modality in (None, taxonomy.modalities[index]) or evaluation.support[name]
    ]


def _condition_figures(
    condition: CriticalCondition, evaluation: ClassifierMetrics, taxonomy: Taxonomy
) -> dict[str, Any]:
    found = detection(evaluation.confusion_matrix, condition.class_indices)
    verdict = verdict_on_floor(found.sensitivity, condition.min_sensitivity)
    return {
        "name": condition.name,
        "classes": [taxonomy.classes[index] for index in condition.class_indices],
        "floor": condition.min_sensitivity,
        "support": found.support,
        "sensitivity": _proportion(found.sensitivity),
        "specificity": _proportion(found.specificity),
        "verdict": verdict,
        "explanation": _explanation(verdict, found, condition.min_sensitivity),
        "positives_needed": positives_needed(condition.min_sensitivity),
    }


def _explanation(verdict: Verdict, found: Detection, floor: float) -> str:
    if verdict is Verdict.MEETS_FLOOR:
        return "The whole 95% interval lies at or above the floor."
    if verdict is Verdict.NOT_ASSESSED:
        return f"No positives in the test set. {_needed(floor, share=1.0)}"
    missed = f"{found.misses} of {_counted(found.support, 'positive')} missed."
    share, interval = found.sensitivity.share, found.sensitivity.interval
    if verdict is Verdict.TOO_FEW_POSITIVES and share is not None:
        return f"{missed} The 95% interval reaches below the floor. {_needed(floor, share)}"
    if interval is not None and interval[1] < floor:
        return f"{missed} The whole 95% interval lies below the floor."
    return f"{missed} The 95% interval still reaches the floor: chance is not ruled out."


def _needed(floor: float, share: float) -> str:
    count = positives_needed(floor, share)
    if count is None:
        return "No number of positives found at this rate would show it."
    if share < 1:
        return f"Showing it at this rate of misses takes about {_counted(count, 'positive')}."
    return f"Showing it takes at least {_counted(count, 'positive')} without a miss."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _overall_figures(
    evaluation: ClassifierMetrics, intervals: Mapping[str, Interval]
) -> dict[str, dict[str, Any]]:
    values = evaluation.metrics | {"loss": evaluation.loss}
    return {name: _estimate(value, intervals.get(name)) for name, value in values.items()}


def _class_figures(
    index: int, evaluation: ClassifierMetrics, taxonomy: Taxonomy, intervals: Mapping[str, Interval]
) -> dict[str, Any]:
    name = taxonomy.classes[index]
    found = detection(evaluation.confusion_matrix, [index])
    auroc = evaluation.class_report[name]["auc_roc"]
    return {
        "name": name,
        "modality": taxonomy.modalities[index],
        "support": found.support,
        "sensitivity": _proportion(found.sensitivity),
        "specificity": _proportion(found.specificity),
        "precision": _proportion(found.precision),
        "auc_roc": _estimate(auroc, intervals.get(class_auroc_key(name))),
    }


def _proportion(proportion: Proportion) -> dict[str, Any]:
    counts = {"successes": proportion.successes, "total": proportion.total}
    return _estimate(proportion.share, proportion.interval) | counts


def _estimate(value: float | None, interval: Interval | None) -> dict[str, Any]:
    if value is None or not isfinite(value):
        return {"value": None, "interval": None}
    return {"value": value, "interval": None if interval is None else list(interval)}


def _calibration_figures(calibration: Calibration) -> dict[str, Any]:
    return {
        "temperature": calibration.temperature,
        "before": _reliability(calibration.ece_before, calibration.bins_before),
        "after": (
            None
            if calibration.ece_after is None
            else _reliability(calibration.ece_after, calibration.bins_after)
        ),
    }


def _reliability(error: float, bins: Sequence[ReliabilityBin]) -> dict[str, Any]:
    return {
        "expected_calibration_error": error,
        "bins": [
            {
                "mean_confidence": item.mean_confidence,
                "accuracy": item.accuracy,
                "num_images": item.num_samples,
            }
            for item in bins
        ],
    }


def _evidence_figures(checked: CheckedEvidence | None) -> dict[str, Any] | None:
    if checked is None:
        return None
    return {
        "temperature": checked.temperature,
        "error_before": checked.error_before,
        "error_after": checked.error_after,
        "errors": None if checked.errors is None else asdict(checked.errors),
        "prediction_sets": None
        if checked.coverage is None
        else {
            "required": checked.required_coverage,
            "coverage": _proportion(checked.coverage),
            "mean_size": checked.mean_set_size,
            "classes": [
                {"name": name, "coverage": _proportion(coverage)}
                for name, coverage in checked.class_coverage.items()
                if coverage.total
            ],
        },
        "conditions": [
            {
                "name": item.name,
                "required": item.required_sensitivity,
                "threshold": item.threshold,
                "sensitivity": _proportion(item.found.sensitivity),
                "specificity": _proportion(item.found.specificity),
                "note": item.note,
            }
            for item in checked.conditions
        ],
        "missing": list(checked.missing),
    }


def _confusion_figures(
    evaluation: ClassifierMetrics, taxonomy: Taxonomy, shown: Sequence[int]
) -> dict[str, Any]:
    """Rows are the shown classes; columns also those that their images were predicted as."""
    counts = evaluation.confusion_matrix
    columns = [
        index
        for index in range(len(taxonomy.classes))
        if index in shown or any(counts[row][index] for row in shown)
    ]
    return {
        "rows": [taxonomy.classes[index] for index in shown],
        "columns": [taxonomy.classes[index] for index in columns],
        "counts": [[counts[row][column] for column in columns] for row in shown],
    }
