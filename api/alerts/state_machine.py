"""How an alert comes and goes: one pure step from sample to sample, without a clock.

States as in Prometheus, levels as in Alertmanager; `for` counts evaluations, since epochs are sparse.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from api.alerts.conditions import Condition
from api.alerts.samples import ConditionResult, Evidence, Level, Sample


class AlertState(StrEnum):
    """Where a rule is on one metric of one run."""

    NO_DATA = "no_data"
    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How many evaluations in a row it takes to fire, and to take that back or lower the level."""

    to_fire: int = 1
    to_clear: int = 2


@dataclass(frozen=True, kw_only=True)
class Progress:
    """All that the next step depends on; `window` is the condition's, oldest first."""

    state: AlertState = AlertState.NO_DATA
    level: Level | None = None
    """While firing."""
    num_bad: int = 0
    num_good: int = 0
    num_milder: int = 0
    """Evaluations in a row that were milder than `level`, good ones included."""
    last_step: int | None = None
    window: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What became of a rule with one sample."""

    sample: Sample
    judgement: ConditionResult
    evidence: Evidence
    before: Progress
    after: Progress

    @property
    def is_change(self) -> bool:
        """Whether there is something to tell: an alert began, ended, or changed its level."""
        before, after = self.before, self.after
        concerns_alert = AlertState.FIRING in (before.state, after.state)
        return concerns_alert and (before.state, before.level) != (after.state, after.level)


def evaluate(
    condition: Condition, patience: Patience, before: Progress, sample: Sample
) -> Evaluation:
    """The next step; samples come in the order of their steps, each step once."""
    judgement = condition.judge(sample, before.window)
    after = replace(
        _moved(patience, before, judgement),
        last_step=sample.step,
        window=_remembered(condition, before, sample),
    )
    return Evaluation(
        sample=sample,
        judgement=judgement,
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
    """Step by step from `progress`, or from the beginning."""
    progress = progress or Progress()
    for sample in samples:
        evaluation = evaluate(condition, patience, progress, sample)
        progress = evaluation.after
        yield evaluation


def _moved(patience: Patience, before: Progress, judgement: ConditionResult) -> Progress:
    if not judgement.has_data:
        return _without_data(before)
    if before.state is AlertState.FIRING:
        return _firing(patience, before, judgement.level)
    if judgement.level is None:
        return replace(before, state=AlertState.OK, num_bad=0)
    num_bad = before.num_bad + 1
    if num_bad < patience.to_fire:
        return replace(before, state=AlertState.PENDING, num_bad=num_bad)
    return replace(before, state=AlertState.FIRING, level=judgement.level, num_bad=0)


def _without_data(before: Progress) -> Progress:
    """What says nothing neither confirms an alert nor takes it back."""
    if before.state in (AlertState.PENDING, AlertState.FIRING):
        return before
    return replace(before, state=AlertState.NO_DATA)


def _firing(patience: Patience, before: Progress, level: Level | None) -> Progress:
    """The level rises at once; it falls, and the alert ends, with patience."""
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


def _remembered(condition: Condition, before: Progress, sample: Sample) -> tuple[float, ...]:
    is_finite = sample.value - sample.value == 0
    if condition.window == 0 or not is_finite:
        return before.window
    return (*before.window, sample.value)[-condition.window :]
