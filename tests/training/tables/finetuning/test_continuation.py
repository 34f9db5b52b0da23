"""Members of an ensemble continue on the folds of a new table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.training.tables.learners.made_examples import MULTICLASS, QUICK, REGRESSION, examples
from tests.training.tables.selection.made_tables import split_rows
from training.tables.errors import TableError
from training.tables.finetuning.continuation import Continued, continue_ensemble
from training.tables.finetuning.hyperparameters import continued_params
from training.tables.finetuning.member import MemberRecord, MemberStatus
from training.tables.learners.learner import Examples, LearningTask
from training.tables.learners.registry import LEARNERS
from training.tables.selection.bagged_model import BaggedModel
from training.tables.selection.ensemble_model import EnsembleModel

CONTINUING = [name for name, learner in LEARNERS.items() if learner.can_continue]
NUM_FOLDS = 3


@dataclass
class Control:
    """Stops after so many rounds, and has so many seconds."""

    stops_after: int = 10**9
    seconds: float = 1e6
    passes: float = 0.0
    """Seconds that each question takes."""
    finished_members: list[MemberRecord] = field(default_factory=list)

    def should_stop(self, num_rounds: int) -> bool:
        self.seconds -= self.passes
        return num_rounds >= self.stops_after

    def seconds_left(self) -> float:
        return self.seconds

    def finished(self, record: MemberRecord, *, num_done: int, num_members: int) -> None:
        self.finished_members.append(record)
        assert num_done == len(self.finished_members) <= num_members


def ensemble(task: LearningTask, *learners: str, num_members: int = 2) -> EnsembleModel:
    models = tuple(
        BaggedModel(
            tuple(
                LEARNERS[name].fit(task, examples(task, 150, seed), None, QUICK[name])
                for seed in range(num_members)
            )
        )
        for name in learners
    )
    return EnsembleModel(models, (1 / len(models),) * len(models))


def shifted(task: LearningTask) -> Examples:
    """A new table: what the numbers mean has moved, and classes or sizes with it."""
    known = examples(task, 300, seed=9)
    if task.has_classes:
        return Examples(known.values, (known.targets + 1) % task.num_classes)
    return Examples(known.values, known.targets + 100)


def continued(
    source: EnsembleModel,
    task: LearningTask,
    control: Control,
    params: Mapping[str, object] | None = None,
    table: Callable[[LearningTask], Examples] = shifted,
) -> Continued:
    known = table(task)
    split = split_rows(len(known.targets), num_folds=NUM_FOLDS)
    checked = continued_params(source, task, params or {})
    return continue_ensemble(source, task, known.values, known.targets, split, checked, control)


def loss_on_holdout(model: EnsembleModel, task: LearningTask) -> float:
    known = shifted(task)
    rows = split_rows(len(known.targets)).holdout
    predicted = model.predict(known.values[rows])
    if not task.has_classes:
        return float(np.abs(predicted[:, 0] - known.targets[rows]).mean())
    codes = known.targets[rows].astype(int)
    return float(1 - predicted[np.arange(len(rows)), codes].mean())


@pytest.mark.parametrize("task", [MULTICLASS, REGRESSION], ids=lambda it: it.problem_type.value)
@pytest.mark.parametrize("name", CONTINUING)
def test_each_learner_that_can_continues_and_still_explains_itself(
    name: str, task: LearningTask
) -> None:
    source, control = ensemble(task, name), Control()
    rounds = QUICK[name].keys() & {"iterations", "n_estimators", "max_iter"}
    quick = {**QUICK[name], **dict.fromkeys(rounds, 30)}
    quick.pop("hidden_layer_sizes", None)
    found = continued(source, task, control, quick)

    assert [it.status for it in found.members] == [MemberStatus.CONTINUED] * NUM_FOLDS
    assert [(it.member, it.fold) for it in found.members] == [(0, 0), (1, 1), (0, 2)]
    assert found.members == tuple(control.finished_members)
    assert all(it.loss_after < it.loss_before for it in found.members)
    assert loss_on_holdout(found.ensemble, task) < loss_on_holdout(source, task)
    values = shifted(task).values
    (bagged,) = found.ensemble.models
    assert np.abs(bagged.predict(values) - source.predict(values)).max() > 0.01
    sums = bagged.contributions(values).sum(axis=2)
    assert np.abs(sums - bagged.margin(values)).max() < 1e-4 * max(1, np.abs(sums).max())
    assert np.isfinite(found.oof).all()


def test_a_learner_that_cannot_continue_is_kept_and_the_record_says_so() -> None:
    source = ensemble(MULTICLASS, "random_forest", "lightgbm")
    found = continued(source, MULTICLASS, Control(), {"n_estimators": 20, "learning_rate": 0.3})

    kept = [it for it in found.members if it.learner == "random_forest"]
    assert {it.status for it in kept} == {MemberStatus.KEPT}
    assert kept[0].message == "Random forest cannot continue a model."
    assert {it.status for it in found.members if it.model == 1} == {MemberStatus.CONTINUED}
    # The labels have changed, so that nothing the forest knew is right.
    assert found.weights[1] > 0.8
    assert sum(found.ensemble.weights) == pytest.approx(1)


def test_a_stop_keeps_what_was_continued_so_far() -> None:
    source = ensemble(MULTICLASS, "lightgbm")
    found = continued(source, MULTICLASS, Control(stops_after=5), {"learning_rate": 0.3})

    first, *others = found.members
    assert (first.status, first.rounds_after) == (MemberStatus.CONTINUED, first.rounds_before + 5)
    assert {it.message for it in others} == {"The run was stopped before it."}
    assert np.isfinite(found.oof).all()


def test_the_budget_is_shared_by_all_members() -> None:
    source = ensemble(MULTICLASS, "lightgbm")
    control = Control(seconds=60, passes=1)
    found = continued(source, MULTICLASS, control, {"learning_rate": 0.01})

    rounds = [it.rounds_after - it.rounds_before for it in found.members]
    assert all(15 <= it <= 21 for it in rounds), rounds
    assert control.seconds_left() == pytest.approx(0, abs=3)


def test_a_member_that_gets_no_better_stays_as_it_was() -> None:
    def same(task: LearningTask) -> Examples:
        return examples(task, 300, seed=0)

    source = ensemble(MULTICLASS, "lightgbm", num_members=1)
    found = continued(source, MULTICLASS, Control(), {"learning_rate": 1.0}, same)

    assert {it.status for it in found.members} == {MemberStatus.KEPT}
    assert "No further round" in found.members[0].message
    assert found.num_continued == 0


def test_a_table_on_which_every_member_fails_is_named() -> None:
    def without_a_class(task: LearningTask) -> Examples:
        known = shifted(task)
        return Examples(known.values, np.minimum(known.targets, 1))

    source = ensemble(MULTICLASS, "catboost")
    with pytest.raises(TableError, match="CatBoost continues only with rows of each class"):
        continued(source, MULTICLASS, Control(), {}, without_a_class)


@pytest.mark.parametrize(
    ("learners", "params", "words"),
    [
        (("lightgbm",), {"speed": 1}, "got 'speed'. LightGBM has n_estimators, learning_rate"),
        (
            ("lightgbm", "linear"),
            {"learning_rate": 2},
            "learning_rate of LightGBM must be a number",
        ),
        (("lightgbm",), {"n_estimators": 10**6}, "n_estimators of LightGBM must be a whole number"),
        (("neural_network",), {"hidden_layer_sizes": "64"}, "it keeps its hidden_layer_sizes"),
        (("random_forest",), {}, "is of Random forest, which cannot"),
    ],
)
def test_hyperparameters_are_those_of_the_models_that_continue(
    learners: tuple[str, ...], params: dict[str, object], words: str
) -> None:
    source = ensemble(MULTICLASS, *learners, num_members=1)
    with pytest.raises(TableError, match=words):
        continued_params(source, MULTICLASS, params)


def test_a_hyperparameter_is_for_all_models_that_have_it() -> None:
    source = ensemble(MULTICLASS, "lightgbm", "catboost", "linear", num_members=1)
    params = continued_params(source, MULTICLASS, {"learning_rate": 0.2, "C": 3})
    assert params["lightgbm"]["learning_rate"] == params["catboost"]["learning_rate"] == 0.2
    assert params["linear"] == {"C": 3.0, "max_iter": 500}
