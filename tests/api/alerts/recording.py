"""Series, rule instances and evaluations for tests of stored alerts."""

import uuid
from collections.abc import Sequence

from api.alerts.conditions import Bound
from api.alerts.metric_pattern import MetricPattern
from api.alerts.records import RuleInstance
from api.alerts.rules import Rule, RuleAction
from api.alerts.samples import Sample
from api.alerts.state_machine import Evaluation, Patience, evaluate_all
from api.runs.state import TrainingPosition

NOW_MS = 1_800_000_000_000


def rule_instance(
    rule: str = "RAO", patience: Patience | None = None, **more: object
) -> RuleInstance:
    return RuleInstance(
        run_id=uuid.uuid4().hex,
        workspace=None,
        rule=Rule(
            name=rule,
            metric=MetricPattern("critical/*"),
            condition=Bound(below=0.9),
            patience=patience or Patience(to_clear=1),
            action=RuleAction.PAUSE,
            recommendation="look",
        ),
        metric="critical/RAO",
    )


def at(step: int) -> TrainingPosition:
    return TrainingPosition(step, epoch=step // 10, batch=step % 10)


def evaluated(instance: RuleInstance, samples: Sequence[Sample]) -> list[Evaluation]:
    return list(evaluate_all(instance.rule.condition, instance.rule.patience, samples))


def series(*values: float) -> list[Sample]:
    return [
        Sample(step=step, value=value, timestamp_ms=0, support=20)
        for step, value in enumerate(values, 1)
    ]
