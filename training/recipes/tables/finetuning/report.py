"""Compares a model with what became of it, on rows that neither learned from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from tracking_plugin.wilson_interval import Interval
from training.recipes.tables.stages.evaluation import MAIN_METRIC
from training.tables.evaluation.difference import compare_predictions
from training.tables.evaluation.gap import LESS_IS_BETTER, METRIC_TITLES, shown_number
from training.tables.evaluation.holdout import evaluate_holdout
from training.tables.evaluation.schema import Estimate, HoldoutReport
from training.tables.evaluation.settings import EvaluationSettings
from training.tables.finetuning.continuation import Continued
from training.tables.labels import Floats, Integers, Labels
from training.tables.learners.registry import learner_named


class Verdict(StrEnum):
    """By the 95 % interval of the difference of the main metric."""

    BETTER = "better"
    NO_GAIN = "no_gain"
    """The interval contains 0, or there is none."""
    WORSE = "worse"


@dataclass(frozen=True, kw_only=True, eq=False)
class Transfer:
    """The scores on the holdout of the new table, before and after the fine-tuning."""

    metric: str
    before: HoldoutReport
    after: HoldoutReport
    difference: Mapping[str, Estimate]
    """After minus before, by metric; the intervals are paired."""

    @property
    def verdict(self) -> Verdict:
        interval = self.difference[self.metric].interval
        if interval is None or interval[0] <= 0 <= interval[1]:
            return Verdict.NO_GAIN
        is_less = interval[1] < 0
        return Verdict.BETTER if is_less is (self.metric in LESS_IS_BETTER) else Verdict.WORSE

    @property
    def sentence(self) -> str:
        title = METRIC_TITLES.get(self.metric, self.metric)
        found = self.difference[self.metric]
        if found.value is None:
            return f"The {title} is undefined on the held-out rows: nothing shows a gain."
        scores = (
            f"On {self.after.num_rows:,} held-out rows in {self.after.num_groups:,} groups, the "
            f"{title} was {_shown(self.before.metrics[self.metric])} before and is "
            f"{_shown(self.after.metrics[self.metric])} after fine-tuning; the difference is "
            f"{_shown(found)}."
        )
        return f"{scores} {self._conclusion(found)}"

    def metrics(self) -> Mapping[str, float]:
        """Those that are defined, by the names that MLflow shows."""
        found = {
            **{f"before/{name}": it.value for name, it in self.before.metrics.items()},
            **{f"difference/{name}": it.value for name, it in self.difference.items()},
        }
        return {name: value for name, value in found.items() if value is not None}

    def document(self) -> Mapping[str, Any]:
        return {
            "metric": self.metric,
            "verdict": str(self.verdict),
            "sentence": self.sentence,
            "before": self.before.model_dump(mode="json"),
            "after": {name: it.model_dump() for name, it in self.after.metrics.items()},
            "difference": {name: it.model_dump() for name, it in self.difference.items()},
        }

    def _conclusion(self, found: Estimate) -> str:
        if self.verdict is Verdict.BETTER:
            return "Fine-tuning helped, by more than chance explains."
        if self.verdict is Verdict.WORSE:
            return "Fine-tuning made the model worse. Keep the version it began with."
        assert found.value is not None
        sign = -1 if self.metric in LESS_IS_BETTER else 1
        if sign * found.value <= 0:
            return "Fine-tuning did not help."
        why = (
            "The held-out rows are too few groups to tell"
            if found.interval is None
            else "The interval of the difference contains 0"
        )
        return f"{why}: no gain is shown."


def compare(
    labels: Labels,
    before: Floats,
    after: HoldoutReport,
    predicted_after: Floats,
    groups: Integers,
    *,
    seed: int,
) -> Transfer:
    """All arguments are of the rows of the holdout; predictions are calibrated."""
    settings = EvaluationSettings(seed=seed)
    return Transfer(
        metric=MAIN_METRIC[labels.problem_type],
        before=evaluate_holdout(labels, before, groups, settings=settings),
        after=after,
        difference=compare_predictions(labels, before, predicted_after, groups, settings=settings),
    )


def selection_document(
    found: Continued, params: Mapping[str, Mapping[str, Any]], weights_before: tuple[float, ...]
) -> Mapping[str, Any]:
    """What became of each model and member, as the document of a selection has candidates."""
    numbers = range(len(weights_before))
    candidates = [_candidate(number, found, params, weights_before[number]) for number in numbers]
    used = sorted(candidates, key=lambda it: -it["weight"])
    return {
        "selected_models": list(dict.fromkeys(it["learner"] for it in used if it["weight"] > 0)),
        "num_members_continued": found.num_continued,
        "candidates": candidates,
    }


def _candidate(
    number: int, found: Continued, params: Mapping[str, Mapping[str, Any]], weight_before: float
) -> dict[str, Any]:
    members = [it for it in found.members if it.model == number]
    learner = learner_named(members[0].learner)
    return {
        "number": number,
        "learner": learner.name,
        "params": params.get(learner.name),
        "continued_by": learner.continues_by or f"{learner.title} cannot continue: it is kept",
        "weight_before": weight_before,
        "weight": found.weights[number],
        "members": [{**asdict(it), "seconds": round(it.seconds, 1)} for it in members],
    }


def _shown(estimate: Estimate) -> str:
    if estimate.value is None:
        return "undefined"
    return f"{shown_number(estimate.value)}{_interval(estimate.interval)}"


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f" (95 % interval {shown_number(interval[0])} to {shown_number(interval[1])})"
