"""The newest values of a run, the most telling first, each with its name and what it looks like."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.cli.plain_text import NOTHING, number
from api.printable import printable
from api.runs.schemas import MetricsData
from tracking_plugin.names import SYSTEM_METRIC_PREFIX, Metric

_LONGEST_LABEL = 12
_LABELS: Mapping[str, str] = {
    Metric.TRAIN_LOSS: "train loss",
    Metric.VAL_LOSS: "val loss",
    Metric.TRAIN_ACCURACY: "train acc.",
    Metric.VAL_ACCURACY: "val acc.",
    Metric.VAL_AUC_ROC_MACRO: "AUC macro",
    Metric.VAL_F1: "F1",
    Metric.LEARNING_RATE: "learn. rate",
    Metric.IMAGES_PER_SECOND: "images/s",
    Metric.VAL_AUC_ROC_WEIGHTED: "AUC weighted",
    Metric.VAL_KAPPA: "kappa",
}


@dataclass(frozen=True)
class MetricCard:
    label: str
    value: str
    style: str = "bold"


def metric_cards(metrics: MetricsData) -> list[MetricCard]:
    """A card for each metric that there is; one that is no number says what it was."""
    values = logged_values(metrics)
    first = [name for name in _LABELS if name in values]
    rest = [name for name in values if name not in _LABELS and not _is_elsewhere(name)]
    return [
        _card(_LABELS.get(name, name), metrics.not_finite.get(name, ""), values[name])
        for name in [*first, *rest]
    ]


def _is_elsewhere(name: str) -> bool:
    """In the head of the screen, or, as the machine's, at its foot."""
    return name == Metric.EPOCH or name.startswith(SYSTEM_METRIC_PREFIX)


def logged_values(metrics: MetricsData) -> Mapping[str, float | None]:
    """By MLflow name, but for classes and conditions; None for what is no number."""
    scheme: Mapping[str, float | None] = {
        Metric.TRAIN_LOSS: metrics.loss.train,
        Metric.VAL_LOSS: metrics.loss.val,
        Metric.TRAIN_ACCURACY: metrics.accuracy.train,
        Metric.VAL_ACCURACY: metrics.accuracy.val,
        Metric.VAL_AUC_ROC_MACRO: metrics.auc_roc.macro,
        Metric.VAL_AUC_ROC_WEIGHTED: metrics.auc_roc.weighted,
        Metric.VAL_F1: metrics.f1_score,
        Metric.LEARNING_RATE: metrics.learning_rate,
    }
    logged = {
        str(name): value
        for name, value in scheme.items()
        if value is not None or name in metrics.not_finite
    }
    return {**logged, **metrics.other}


def _card(label: str, not_finite: str, value: float | None) -> MetricCard:
    shown = printable(label, _LONGEST_LABEL)
    if not_finite:
        return MetricCard(shown, f"! {not_finite}", "bold red")
    return MetricCard(shown, number(value) if value is not None else NOTHING)
