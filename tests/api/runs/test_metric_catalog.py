"""The catalogue covers the metrics with fixed names and refers only to things that exist."""

import pytest

from api.runs.metric_catalog import METRIC_CATALOG, CatalogMetric
from api.runs.metrics_data import nest
from tracking_plugin.names import Metric, MetricGroup

GROUPS = {group.name for group in METRIC_CATALOG.groups}
PREFIXES = {family.prefix for family in METRIC_CATALOG.families}

every_metric = pytest.mark.parametrize("entry", METRIC_CATALOG.metrics, ids=lambda each: each.name)


def test_each_metric_of_a_training_has_an_entry_and_none_has_two() -> None:
    names = [entry.name for entry in METRIC_CATALOG.metrics]

    assert set(Metric) <= set(names)
    assert len(set(names)) == len(names)


def test_each_group_of_classes_or_conditions_is_a_family() -> None:
    assert {f"{group}/" for group in MetricGroup} < PREFIXES


@every_metric
def test_an_entry_names_a_chart_group_of_the_catalogue(entry: CatalogMetric) -> None:
    assert entry.group is None or entry.group in GROUPS


@every_metric
def test_an_entry_says_where_metrics_data_holds_the_value(entry: CatalogMetric) -> None:
    data = nest({entry.name: 0.25}).model_dump()

    field = data["other" if entry.short_name is None else entry.short_name]
    part = entry.name if entry.short_name is None else entry.part
    assert (field if part is None else field[part]) == 0.25


@every_metric
def test_a_short_label_fits_into_a_terminal_card(entry: CatalogMetric) -> None:
    assert 0 < len(entry.short_label) <= 12


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("val/f1", (0.0, 1.0)),
        ("val/f1_micro", (0.0, 1.0)),
        ("val/kappa", (-1.0, 1.0)),
        ("per_class/Drusen", (0.0, 1.0)),
        ("critical/RAO", (0.0, 1.0)),
        ("critical_support/RAO", None),
        ("val/loss", None),
        ("somebody/elses", None),
    ],
)
def test_bounds_are_those_of_the_metric_or_of_its_family(
    name: str, bounds: tuple[float, float] | None
) -> None:
    assert METRIC_CATALOG.bounds_of(name) == bounds
