"""States what was not shown of a model: rules on what a run has recorded, each a sentence."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from api.alerts.records import Alert
from api.alerts.state_machine import AlertState
from api.projects.schemas import ProjectDetail
from api.reports.evaluations import Evaluation, EvaluationKind
from api.reports.facts import ReportFacts, RunFacts
from api.reports.metric_rows import intervals_of
from api.reports.words import Words
from api.runs.metric_values import logged_value
from tracking_plugin.names import RunStatus

SUBGROUP_TAG = "factors"
FOREIGN_DATA = "test_on_"
"""The beginning of the name of an evaluation on other data than the run's own."""

_SHOWN = "meets_floor"
_CALIBRATION_ENDINGS = ("calibration_error", "/ece", "_ece", "brier")
_OWN_SPLITS = ("train", "val")
_MOST_SENTENCES = 60
_MOST_NAMED = 20
MOST_OF_COMPARISON = 200


def limits_of(run: RunFacts, t: Words, project: ProjectDetail | None = None) -> list[str]:
    """The limits of the model of one run; the gravest first."""
    found = [
        *_about_the_run(run, t),
        *_about_evaluations(run, t),
        *_about_subgroups(run, t),
        *_about_numbers(run, t),
        *_about_versions(run, t),
        *(
            t("limit_override", column=each.column)
            for each in (project.overrides if project else ())
        ),
        *(t("limit_own", text=text) for text in run.logged.not_shown),
        *(
            t("limit_own", text=note)
            for evaluation in run.logged.evaluations
            for note in evaluation.notes
        ),
    ]
    rest = len(found) - _MOST_SENTENCES
    return [*found[:_MOST_SENTENCES], *([t("more", num=rest)] if rest > 0 else [])]


def limits_of_comparison(facts: ReportFacts, t: Words) -> list[str]:
    digests = {
        tuple(sorted(each.digest for each in run.mlflow.datasets if each.digest))
        for run in facts.runs
    }
    is_same = len(digests) == 1 and () not in digests
    of_all = [*([] if is_same else [t("limit_same_data")]), t("limit_chosen")]
    return [*of_all, *_of_each(facts.runs, t)]


def _of_each(runs: Sequence[RunFacts], t: Words) -> Iterator[str]:
    """Each sentence once, with the numbers of the runs that it is about."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, run in enumerate(runs, start=1):
        for text in dict.fromkeys(limits_of(run, t)):
            numbers[text].append(number)
    for text, about in list(numbers.items())[:MOST_OF_COMPARISON]:
        if len(about) == len(runs):
            yield t("limit_of_all", text=text)
        else:
            yield t("limit_of_runs", text=text, numbers=", ".join(map(str, about)))
    if len(numbers) > MOST_OF_COMPARISON:
        yield t("more", num=len(numbers) - MOST_OF_COMPARISON)


def independent_evaluations(run: RunFacts) -> list[Evaluation]:
    return [it for it in run.logged.evaluations if it.is_independent and not _is_on_own_split(it)]


def unseen_alerts(alerts: Sequence[Alert]) -> list[Alert]:
    """Those that are open, and those that nobody has acknowledged."""
    return [it for it in alerts if it.state is AlertState.FIRING or it.acknowledged_by is None]


def _about_the_run(run: RunFacts, t: Words) -> Iterator[str]:
    if "intended_use" not in run.mlflow.card:
        yield t("limit_use")
    if run.status is not RunStatus.COMPLETED:
        yield t("limit_status", status=t.known(run.status))
    unseen = unseen_alerts(run.alerts.entries)
    if unseen:
        names = ", ".join(list(dict.fromkeys(it.rule for it in unseen))[:_MOST_NAMED])
        yield t("limit_alerts", num=len(unseen), names=names)
    for path in run.logged.unreadable:
        yield t("limit_unreadable", path=path)


def _about_evaluations(run: RunFacts, t: Words) -> Iterator[str]:
    if not independent_evaluations(run):
        yield t("limit_no_evaluation")
    for evaluation in run.logged.evaluations:
        yield from _about_evaluation(evaluation, evaluation_title(evaluation, t), t)


def _about_evaluation(evaluation: Evaluation, name: str, t: Words) -> Iterator[str]:
    num_seen = (evaluation.trained_on or 0) + (evaluation.chosen_with or 0)
    if num_seen:
        yield t("limit_seen", name=name, num=num_seen)
    elif evaluation.kind is EvaluationKind.TEST and evaluation.trained_on is None:
        yield t("limit_seen_unknown", name=name)
    for condition in evaluation.conditions:
        if condition.verdict != _SHOWN:
            verdict = t.known(condition.verdict or "not_assessed")
            yield t("limit_condition", condition=condition.name, name=name, verdict=verdict)
    for each in evaluation.classes:
        if each.support == 0:
            yield t("limit_class", class_name=each.name, name=name)


def _about_subgroups(run: RunFacts, t: Words) -> Iterator[str]:
    if not any(it.name.startswith(FOREIGN_DATA) for it in independent_evaluations(run)):
        yield t("limit_external")
    if SUBGROUP_TAG not in run.mlflow.card:
        yield t("limit_subgroups")


def _about_numbers(run: RunFacts, t: Words) -> Iterator[str]:
    estimates = [
        estimate for found in run.logged.evaluations for estimate in found.metrics.values()
    ]
    if not any(it.interval for it in estimates) and not intervals_of(run.state):
        yield t("limit_intervals")
    if not _has_calibration(run):
        yield t("limit_calibration")
    newest = (logged_value(point.value) for point in run.state.latest.values())
    num = sum(not math.isfinite(value) for value in newest)
    if num:
        yield t("limit_not_finite", num=num)


def _has_calibration(run: RunFacts) -> bool:
    names = {*run.state.latest, *(name for it in run.logged.evaluations for name in it.metrics)}
    return any(it.reliability for it in run.logged.evaluations) or any(
        name == "ece" or name.endswith(_CALIBRATION_ENDINGS) for name in names
    )


def _about_versions(run: RunFacts, t: Words) -> Iterator[str]:
    if not any(it.digest for it in run.mlflow.datasets):
        yield t("limit_data")
    if not run.mlflow.code.commit:
        yield t("limit_commit")
    if not any(it.requirements for it in run.mlflow.libraries):
        yield t("limit_libraries")


def evaluation_title(evaluation: Evaluation, t: Words) -> str:
    return t(f"kind_{evaluation.kind}", name=evaluation.name)


def _is_on_own_split(evaluation: Evaluation) -> bool:
    """`test_on_val` and `test_on_train_fundus` score what the run was trained or chosen with."""
    named = evaluation.name.removeprefix(FOREIGN_DATA)
    return named != evaluation.name and named.split("_")[0] in _OWN_SPLITS
