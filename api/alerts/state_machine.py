"""The state machine of an alert: a pure function from one sample to the next, without a clock.

States are those of Prometheus, levels those of Alertmanager. `for` counts evaluations instead of
seconds, because values that are logged once an epoch are sparse.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from api.alerts.conditions import Condition
from api.alerts.samples import ConditionResult, Evidence, Level, Sample


class AlertState(StrEnum):
    """The state of a rule on one metric of one run."""

    NO_DATA = "no_data"
    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Patience:
    """The number of consecutive evaluations needed to fire, and to resolve or to lower the level."""

    to_fire: int = 1
    to_clear: int = 2


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The state that the next evaluation depends on; `window` has the condition's values, oldest first."""

    state: AlertState = AlertState.NO_DATA
    level: Level | None = None
    """None unless firing."""
    num_bad: int = 0
    num_good: int = 0
    num_milder: int = 0
    """Consecutive evaluations that were milder than `level`, including good ones."""
    last_step: int | None = None
    window: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One step of the state machine."""

    sample: Sample
    result: ConditionResult
    evidence: Evidence
    before: Progress
    after: Progress

    @property
    def is_change(self) -> bool:
        """Whether an alert began, ended or changed its level."""
        before, after = self.before, self.after
        concerns_alert = AlertState.FIRING in (before.state, after.state)
        return concerns_alert and (before.state, before.level) != (after.state, after.level)


def evaluate(
    condition: Condition, patience: Patience, before: Progress, sample: Sample
) -> Evaluation:
    """Take one step. Samples must come in the order of their steps, each step once."""
    result = condition.check(sample, before.window)
    after = replace(
        _next_progress(patience, before, result),
        last_step=sample.step,
        window=_next_window(condition, before, sample),
    )
    return Evaluation(
        sample=sample,
        result=result,
        evidence=condition.evidence(sample),
        before=before,
        after=after,
    )


def evaluate_all(
    condition: Condition,
    patience: Patience,
    samples: Iterable[Sample],
    progress: Progress | None = None,
) -> Iterator[Evaluation]:
    """Evaluate `samples` one by one, from `progress` or from the beginning."""
    progress = progress or Progress()
    for sample in samples:
        evaluation = evaluate(condition, patience, progress, sample)
        progress = evaluation.after
        yield evaluation


def _next_progress(patience: Patience, before: Progress, result: ConditionResult) -> Progress:
    if not result.has_data:
        return _without_data(before)
    if before.state is AlertState.FIRING:
        return _firing(patience, before, result.level)
    if result.level is None:
        return replace(before, state=AlertState.OK, num_bad=0)
    num_bad = before.num_bad + 1
    if num_bad < patience.to_fire:
        return replace(before, state=AlertState.PENDING, num_bad=num_bad)
    return replace(before, state=AlertState.FIRING, level=result.level, num_bad=0)


def _without_data(before: Progress) -> Progress:
    """Without data, an alert is neither confirmed nor resolved."""
    if before.state in (AlertState.PENDING, AlertState.FIRING):
        return before
    return replace(before, state=AlertState.NO_DATA)


def _firing(patience: Patience, before: Progress, level: Level | None) -> Progress:
    """The level rises at once. It falls, and the alert resolves, after `patience.to_clear` evaluations."""
    assert before.level is not None
    if level is not None and level >= before.level:
        return replace(before, level=level, num_good=0, num_milder=0)
    num_good = before.num_good + 1 if level is None else 0
    if num_good >= patience.to_clear:
        return replace(before, state=AlertState.RESOLVED, level=None, num_good=0, num_milder=0)
    num_milder = before.num_milder + 1
    if num_milder < patience.to_clear:
        return replace(before, num_good=num_good, num_milder=num_milder)
    return replace(before, level=Level.WARNING, num_good=num_good, num_milder=num_good)


def _next_window(condition: Condition, before: Progress, sample: Sample) -> tuple[float, ...]:
    is_finite = sample.value - sample.value == 0
    if condition.window == 0 or not is_finite:
        return before.window
    return (*before.window, sample.value)[-condition.window :]
