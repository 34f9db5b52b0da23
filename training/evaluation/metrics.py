"""Computes the metrics of a classifier exactly, from its predictions on all samples of a split."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from statistics import fmean
from typing import Any, TypedDict

import torch
from torch import Tensor

from tracking_plugin.names import MetricGroup
from training.errors import DataError
from training.evaluation.detection import detection
from training.evaluation.scoring import Predictions, WeightedScores, summary
from training.taxonomies.names import metric_part
from training.taxonomies.taxonomy import Taxonomy

__all__ = [
    "ClassScores",
    "ClassifierMetrics",
    "Predictions",
    "evaluate_predictions",
    "evaluation_document",
    "logged_metrics",
    "selection_score",
]


class ClassScores(TypedDict):
    """One class against the rest; None stands for undefined."""

    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    specificity: float | None
    auc_roc: float | None


@dataclass(frozen=True, kw_only=True)
class ClassifierMetrics:
    """All metrics of one evaluation; an undefined one is NaN in `metrics` and absent elsewhere."""

    loss: float  # mean cross entropy
    metrics: dict[str, float]  # accuracy, auc_roc_macro, auc_roc_weighted, f1 (macro), kappa
    recall: dict[str, float]  # classes with positives only
    support: dict[str, int]
    sensitivity: dict[str, float]  # critical conditions with positives only
    condition_support: dict[str, int]
    confusion_matrix: list[list[int]]  # rows are the truth
    class_report: dict[str, ClassScores]
    num_samples: int


def evaluate_predictions(predictions: Predictions, taxonomy: Taxonomy) -> ClassifierMetrics:
    """Every metric of these predictions; classes without positives are left out of macro means."""
    _require_classes_of(taxonomy, predictions)
    scores = WeightedScores(predictions)
    every_sample_once = torch.ones(1, scores.num_samples, dtype=torch.float64)
    auroc = scores.auroc(every_sample_once)
    confusion = scores.confusion(every_sample_once)
    overall = summary(confusion, auroc)
    return _evaluation(
        taxonomy,
        confusion_matrix=confusion[0].long().tolist(),
        auroc=auroc[0],
        loss=scores.loss(every_sample_once).item(),
        metrics={name: value.item() for name, value in overall.items()},
    )


def selection_score(evaluation: ClassifierMetrics) -> float:
    """The score that selects the best epoch: the mean of F1, macro AUROC and kappa, where defined."""
    parts = (evaluation.metrics[name] for name in ("f1", "auc_roc_macro", "kappa"))
    return fmean(part for part in parts if isfinite(part))


def logged_metrics(evaluation: ClassifierMetrics, prefix: str = "val") -> dict[str, float]:
    """The metrics under their MLflow names, undefined ones left out.

    Class and condition groups have no prefix on val, `<prefix>_` on any other split.
    """
    group_prefix = "" if prefix == "val" else f"{prefix}_"
    overall = {"loss": evaluation.loss} | evaluation.metrics
    named = {f"{prefix}/{name}": value for name, value in overall.items() if isfinite(value)}
    groups: Mapping[MetricGroup, Mapping[str, float]] = {
        MetricGroup.PER_CLASS: {metric_part(name): v for name, v in evaluation.recall.items()},
        MetricGroup.CRITICAL: evaluation.sensitivity,
        MetricGroup.CRITICAL_SUPPORT: evaluation.condition_support,
    }
    return named | {
        f"{group_prefix}{group}/{name}": float(value)
        for group, values in groups.items()
        for name, value in values.items()
    }


def evaluation_document(
    evaluation: ClassifierMetrics, taxonomy: Taxonomy, *, epoch: int | None, step: int
) -> dict[str, Any]:
    """The JSON of `epochs/<epoch>/evaluation.json`; an undefined metric is null, never NaN."""
    overall = {"loss": evaluation.loss} | evaluation.metrics
    return {
        "epoch": epoch,
        "step": step,
        "num_samples": evaluation.num_samples,
        "classes": list(taxonomy.classes),
        "confusion_matrix": evaluation.confusion_matrix,
        "class_report": evaluation.class_report,
        "metrics": {name: value if isfinite(value) else None for name, value in overall.items()},
        "critical_conditions": _condition_entries(evaluation, taxonomy),
    }


def _evaluation(
    taxonomy: Taxonomy,
    *,
    confusion_matrix: list[list[int]],
    auroc: Tensor,
    loss: float,
    metrics: dict[str, float],
) -> ClassifierMetrics:
    report = {
        name: _class_scores(confusion_matrix, index, float(auroc[index]))
        for index, name in enumerate(taxonomy.classes)
    }
    found = {
        condition.name: detection(confusion_matrix, condition.class_indices)
        for condition in taxonomy.critical_conditions
    }
    sensitivity = {name: finding.sensitivity.share for name, finding in found.items()}
    return ClassifierMetrics(
        loss=loss,
        metrics=metrics,
        recall=_defined({name: scores["recall"] for name, scores in report.items()}),
        support={name: scores["support"] for name, scores in report.items()},
        sensitivity=_defined(sensitivity),
        condition_support={name: finding.support for name, finding in found.items()},
        confusion_matrix=confusion_matrix,
        class_report=report,
        num_samples=sum(map(sum, confusion_matrix)),
    )


def _class_scores(confusion_matrix: list[list[int]], index: int, auroc: float) -> ClassScores:
    finding = detection(confusion_matrix, [index])
    return ClassScores(
        support=finding.support,
        precision=finding.precision.share,
        recall=finding.sensitivity.share,
        f1=finding.f1,
        specificity=finding.specificity.share,
        auc_roc=auroc if isfinite(auroc) else None,
    )


def _condition_entries(evaluation: ClassifierMetrics, taxonomy: Taxonomy) -> dict[str, Any]:
    entries = {}
    for condition in taxonomy.critical_conditions:
        sensitivity = detection(evaluation.confusion_matrix, condition.class_indices).sensitivity
        interval = sensitivity.interval
        entries[condition.name] = {
            "sensitivity": sensitivity.share,
            "threshold": condition.min_sensitivity,
            "support": sensitivity.total,
            "confidence_interval": None if interval is None else list(interval),
        }
    return entries


def _defined(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}


def _require_classes_of(taxonomy: Taxonomy, predictions: Predictions) -> None:
    num_outputs = predictions.logits.shape[-1]
    if num_outputs != len(taxonomy.classes):
        raise DataError(
            f"Expected one output for each of the {len(taxonomy.classes)} classes of the taxonomy "
            f"{taxonomy.name}, but the model has {num_outputs}; evaluate with the taxonomy that "
            "the model was trained with."
        )
