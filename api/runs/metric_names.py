"""Resolves the name of a metric in a request: an MLflow name, a short name or a group."""

from collections.abc import Collection

from api.errors import NotFoundError
from api.runs.metrics_data import SHORT_NAMES
from tracking_plugin.names import MetricGroup

_GROUPS = {
    "critical_conditions": (MetricGroup.CRITICAL, MetricGroup.CRITICAL_SUPPORT),
    "per_class": (MetricGroup.PER_CLASS,),
}
_MOST_SHOWN = 50
_LONGEST_SHOWN = 250


class MetricNotFoundError(NotFoundError):
    """The run has no metric of that name."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        shown = ", ".join(sorted(known)[:_MOST_SHOWN]) or "none yet"
        more = f" and {len(known) - _MOST_SHOWN} more" if len(known) > _MOST_SHOWN else ""
        super().__init__(
            f"The run has no metric {name[:_LONGEST_SHOWN]!r}. It has: {shown}{more}. "
            f"Short names are: {', '.join(SHORT_NAMES)}"
        )


def resolve_metrics(name: str, known: Collection[str]) -> list[str]:
    """Those of the run's `known` metrics that `name` stands for.

    The result may be empty for a short name or group. If a metric of the run has the same name, it
    is included. Raises MetricNotFoundError for any other unknown name.
    """
    if name not in known and name not in SHORT_NAMES and name not in _GROUPS:
        raise MetricNotFoundError(name, known)
    of_group = [
        metric for metric in sorted(known) if metric.partition("/")[0] in _GROUPS.get(name, ())
    ]
    of_short_name = [metric for metric in SHORT_NAMES.get(name, ()) if metric in known]
    return list(dict.fromkeys([*([name] if name in known else []), *of_short_name, *of_group]))
