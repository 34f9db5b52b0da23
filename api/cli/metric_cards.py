"""The newest values of a run as cards: known metrics and main values first, then all others."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.cli.plain_text import NOTHING, number
from api.runs.headlines import headline_names
from api.runs.metric_catalog import METRIC_CATALOG, CatalogMetric
from api.runs.metric_classifier import classify
from api.runs.metric_roles import Role
from api.runs.schemas import MetricsData
from tracking_plugin.printable import printable

_MAX_LABEL_LENGTH = 12


@dataclass(frozen=True)
class MetricCard:
    label: str
    value: str
    style: str = "bold"


def metric_cards(metrics: MetricsData) -> list[MetricCard]:
    """A card for each logged metric; one for a value that is not a number says so."""
    values = {
        name: value for name, value in logged_values(metrics).items() if not _is_elsewhere(name)
    }
    known = [entry for entry in METRIC_CATALOG.metrics if entry.name in values]
    labels = {entry.name: entry.short_label for entry in known}
    labels |= {name: name for name in headline_names(values) if name not in labels}
    labels |= {name: name for name in values if name not in labels}
    return [
        _card(label, metrics.not_finite.get(name, ""), values[name])
        for name, label in labels.items()
    ]


def logged_values(metrics: MetricsData) -> Mapping[str, float | None]:
    """The values by MLflow name, without those of classes and conditions.

    A value that is not a number is None.
    """
    fields = {
        entry.name: _field(metrics, entry) for entry in METRIC_CATALOG.metrics if entry.short_name
    }
    logged = {
        name: value
        for name, value in fields.items()
        if value is not None or name in metrics.not_finite
    }
    return {**logged, **metrics.other}


def _field(metrics: MetricsData, entry: CatalogMetric) -> float | None:
    """The field of `metrics` that holds the metric of the catalogue's `entry`."""
    value = getattr(metrics, str(entry.short_name))
    found: float | None = value if entry.part is None else getattr(value, entry.part)
    return found


def _is_elsewhere(name: str) -> bool:
    """Whether the screen shows the metric in its header or, as the machine's, in its footer."""
    return classify(name).role in (Role.EPOCH, Role.MACHINE)


def _card(label: str, not_finite: str, value: float | None) -> MetricCard:
    shown = printable(label, _MAX_LABEL_LENGTH)
    if not_finite:
        return MetricCard(shown, f"! {not_finite}", "bold red")
    return MetricCard(shown, number(value) if value is not None else NOTHING)
