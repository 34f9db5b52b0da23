"""The metrics that a caller means by a name: MLflow's own, or one of the monitor's short ones."""

from collections.abc import Collection

from api.errors import NotFoundError
from api.runs.metrics_data import SHORT_NAMES
from tracking_plugin.names import MetricGroup

_GROUPS = {
    "critical_conditions": (MetricGroup.CRITICAL, MetricGroup.CRITICAL_SUPPORT),
    "per_class": (MetricGroup.PER_CLASS,),
}
_MOST_NAMED = 50
_LONGEST_NAMED = 250


class MetricNotFoundError(NotFoundError):
    """The run has logged nothing under that name."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        named = ", ".join(sorted(known)[:_MOST_NAMED]) or "none yet"
        more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
        super().__init__(
            f"The run has no metric {name[:_LONGEST_NAMED]!r}. It has: {named}{more}. "
            f"Short names are: {', '.join(SHORT_NAMES)}"
        )


def metrics_meant(name: str, known: Collection[str]) -> list[str]:
    """Those of the run's `known` metrics that `name` stands for.

    A short name may stand for none yet; where a metric of the run is called like one, it is meant
    too. MetricNotFoundError for any other name that is not known.
    """
    if name not in known and name not in SHORT_NAMES and name not in _GROUPS:
        raise MetricNotFoundError(name, known)
    of_group = [
        metric for metric in sorted(known) if metric.partition("/")[0] in _GROUPS.get(name, ())
    ]
    of_short_name = [metric for metric in SHORT_NAMES.get(name, ()) if metric in known]
    return list(dict.fromkeys([*([name] if name in known else []), *of_short_name, *of_group]))
