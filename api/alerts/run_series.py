"""The live series of one run: one for each rule and each metric that it matches."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from api.alerts.live_series import LiveSeries
from api.alerts.records import RuleInstance
from api.alerts.rules import Rule
from api.alerts.samples import Sample
from api.runs.metric_values import count
from api.runs.run_over import RunEnd, end_of
from api.runs.state import RunState, TrainingPosition, position_at
from tracking_plugin.events import LoggedPoint


class RunSeries:
    """`state` is read once: its parameters are used, not its points."""

    def __init__(self, state: RunState, workspace: str | None, rules: Sequence[Rule]) -> None:
        self._state = state
        self._workspace = workspace
        self._rules = rules
        self._by_metric: dict[str, list[LiveSeries]] = {}
        self._by_support: defaultdict[str, list[LiveSeries]] = defaultdict(list)

    @property
    def end(self) -> RunEnd | None:
        """How the run had ended when its state was read; None if it had not."""
        return end_of(self._state.mlflow_status, is_deleted=self._state.deleted)

    def series_of(self, metric: str) -> list[LiveSeries]:
        """The series whose value is `metric`. The rules are matched once per metric."""
        found = self._by_metric.get(metric)
        if found is None:
            found = self._by_metric[metric] = [
                self._series(rule, metric)
                for rule in self._rules
                if rule.metric.match(metric) is not None
            ]
        return found

    def supported_by(self, metric: str) -> Sequence[LiveSeries]:
        """The series for which `metric` is the number of cases."""
        return self._by_support.get(metric, ())

    @property
    def all_series(self) -> Iterator[LiveSeries]:
        return (series for of_metric in self._by_metric.values() for series in of_metric)

    def position(self, step: int) -> TrainingPosition:
        return position_at(self._state, step)

    def _series(self, rule: Rule, metric: str) -> LiveSeries:
        instance = RuleInstance(
            run_id=self._state.run_id, workspace=self._workspace, rule=rule, metric=metric
        )
        series = LiveSeries(instance)
        if (support := rule.support_of(metric)) is not None:
            self._by_support[support].append(series)
        return series


@dataclass(frozen=True)
class WrittenPoints:
    """The points of one write by metric and step. Of several points at one step, the newest counts."""

    _of_metric: Mapping[str, Mapping[int, LoggedPoint]]

    @classmethod
    def of(cls, points: Iterable[LoggedPoint]) -> Self:
        of_metric: dict[str, dict[int, LoggedPoint]] = {}
        for point in sorted(points, key=lambda point: (point.step, point.timestamp_ms)):
            of_metric.setdefault(point.name, {})[point.step] = point
        return cls(of_metric)

    @property
    def metrics(self) -> Collection[str]:
        return self._of_metric.keys()

    def samples(self, instance: RuleInstance) -> list[Sample] | None:
        """The samples of `instance` by step; None if their numbers of cases are missing."""
        support = instance.rule.support_of(instance.metric)
        counted = self._of_metric.get(support, {}) if support is not None else {}
        points = self._of_metric[instance.metric]
        if support is not None and not points.keys() <= counted.keys():
            return None
        return [
            Sample(
                step=step,
                value=point.value,
                timestamp_ms=point.timestamp_ms,
                support=count(counted[step].value) if step in counted else None,
            )
            for step, point in points.items()
        ]
