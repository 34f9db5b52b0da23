"""Evaluates rules over everything that a run has logged, with the same steps as live evaluation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.alerts.rules import Rule
from api.alerts.samples import Sample
from api.alerts.state_machine import Evaluation, evaluate_all
from api.runs.metric_values import count, logged_value
from api.runs.series import Series


@dataclass(frozen=True, kw_only=True)
class RuleReplay:
    """All evaluations of a rule on one of the metrics that it matches."""

    rule: Rule
    metric: str
    evaluations: Sequence[Evaluation]

    @property
    def changes(self) -> Iterator[Evaluation]:
        """The evaluations at which an alert began, ended or changed its level."""
        return (evaluation for evaluation in self.evaluations if evaluation.is_change)


def replay(rules: Iterable[Rule], history: Mapping[str, Series]) -> list[RuleReplay]:
    """Evaluate every rule on every metric that it matches; `history` maps metric names to series."""
    return [
        RuleReplay(
            rule=rule,
            metric=metric,
            evaluations=tuple(
                evaluate_all(rule.condition, rule.patience, samples(rule, metric, history))
            ),
        )
        for rule in rules
        for metric in history
        if rule.metric.match(metric) is not None
    ]


def samples(rule: Rule, metric: str, history: Mapping[str, Series]) -> Iterator[Sample]:
    """The values of `metric` in the order of steps, each with its number of cases."""
    support = history.get(rule.support_of(metric) or "")
    supports = {} if support is None else dict(zip(support.steps, support.values, strict=True))
    series = history[metric]
    for step, time_ms, value in zip(series.steps, series.timestamps_ms, series.values, strict=True):
        yield Sample(
            step=int(step),
            value=logged_value(float(value)),
            timestamp_ms=int(time_ms),
            support=count(supports.get(step)),
        )
