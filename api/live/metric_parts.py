"""Parts of a run's metrics: those of one write, and pages of all of them.

A run may log tens of thousands of metrics, and a message must not grow with their number.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from api.runs.schemas import MetricsData
from tracking_plugin.names import MetricGroup

MOST_WHOLE = 32
"""A map of at most so many entries is always sent whole."""

PAGE_BYTES = 512 * 1024
"""About the size of a page. Many WebSocket clients refuse a message of more than 1 MiB."""

_MAPS = ("critical_conditions", "per_class", "not_finite", "other")
_ENTRY_BYTES: Mapping[str, int] = {"critical_conditions": 200}
_USUAL_ENTRY_BYTES = 32


def changed(metrics: MetricsData, names: Collection[str]) -> MetricsData:
    """The metrics without those entries of long maps that do not belong to one of `names`."""
    keys = {field: _keys(field, names) for field in _MAPS}
    return metrics.model_copy(
        update={field: _selected(getattr(metrics, field), keys[field]) for field in _MAPS}
    )


def pages(metrics: MetricsData, page_bytes: int = PAGE_BYTES) -> list[MetricsData]:
    """The metrics in parts: the first has all fields that are no maps."""
    parts: list[dict[str, dict[str, Any]]] = [{}]
    size = 0
    for field, key, value in _entries(metrics):
        size += _entry_bytes(field, key)
        if size > page_bytes and parts[-1]:
            parts.append({})
            size = _entry_bytes(field, key)
        parts[-1].setdefault(field, {})[key] = value
    empty: dict[str, dict[str, Any]] = {field: {} for field in _MAPS}
    first, *others = parts
    return [
        metrics.model_copy(update={**empty, **first}),
        *(MetricsData().model_copy(update={**empty, **part}) for part in others),
    ]


def without_maps(metrics: MetricsData) -> MetricsData:
    return metrics.model_copy(update={field: {} for field in _MAPS})


def size_bytes(metrics: MetricsData) -> int:
    """About the size of the maps as JSON."""
    return sum(_entry_bytes(field, key) for field, key, _ in _entries(metrics))


def merge_update(known: MetricsData, update: MetricsData, names: Iterable[str]) -> MetricsData:
    """The newest metrics after an update that wrote `names`; changes the maps of `known`."""
    for name in names:
        known.not_finite.pop(name, None)
    merge_page(known, update)
    return update.model_copy(update={field: getattr(known, field) for field in _MAPS})


def merge_page(known: MetricsData, page: MetricsData) -> None:
    """Add the entries of a page to the maps of `known`."""
    for field in _MAPS:
        getattr(known, field).update(getattr(page, field))


def _entries(metrics: MetricsData) -> Iterator[tuple[str, str, Any]]:
    for field in _MAPS:
        for key, value in getattr(metrics, field).items():
            yield field, key, value


def _entry_bytes(field: str, key: str) -> int:
    return len(key.encode("utf-8", "replace")) + _ENTRY_BYTES.get(field, _USUAL_ENTRY_BYTES)


def _keys(field: str, names: Collection[str]) -> Iterable[str]:
    """The keys that belong to MLflow `names` in one of the maps."""
    if field == "critical_conditions":
        return dict.fromkeys(_members(names, MetricGroup.CRITICAL, MetricGroup.CRITICAL_SUPPORT))
    if field == "per_class":
        return _members(names, MetricGroup.PER_CLASS)
    return names


def _members(names: Iterable[str], *groups: MetricGroup) -> Iterator[str]:
    for name in names:
        group, _, member = name.partition("/")
        if group in groups:
            yield member


def _selected(whole: Mapping[str, Any], keys: Iterable[str]) -> Mapping[str, Any]:
    if len(whole) <= MOST_WHOLE:
        return whole
    return {key: whole[key] for key in keys if key in whole}
