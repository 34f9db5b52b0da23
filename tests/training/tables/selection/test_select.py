"""What is tried, what ends early, and what is chosen."""

import math
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from tests.training.tables.learners.made_examples import MULTICLASS, examples
from tests.training.tables.selection.made_tables import split_rows
from tests.training.tables.selection.scripted_runner import FakeClock, Script, ScriptedRunner
from training.tables.errors import TableError
from training.tables.learners.registry import LEARNERS
from training.tables.selection.candidate import Candidate, CandidateStatus
from training.tables.selection.ensemble_model import EnsembleModel
from training.tables.selection.select import SelectionSettings, select
from training.tables.selection.selection import Selection, SelectionProgress

KNOWN = examples(MULTICLASS, 150)
SPLIT = split_rows(150)


class ScriptedControl:
    """A control whose answers a test changes while the selection runs."""

    def __init__(self, clock: FakeClock, budget_s: float) -> None:
        self.clock, self.budget = clock, budget_s
        self.stop_at_step = math.inf
        self.pauses_s: list[float] = []
        self.skipped: set[int] = set()
        self.steps: list[int] = []

    def should_stop(self, step: int) -> bool:
        self.steps.append(step)
        if self.pauses_s:
            self.clock.now += self.pauses_s.pop()
        return step >= self.stop_at_step

    def skipped_trials(self) -> Collection[int]:
        return self.skipped

    def budget_s(self) -> float:
        return self.budget


class Scene:
    """A selection with scripted trials."""

    def __init__(self, budget_s: float, **scripts: Script) -> None:
        self.clock = FakeClock()
        self.runner = ScriptedRunner(self.clock, scripts)
        self.control = ScriptedControl(self.clock, budget_s)
        self.seen: list[Candidate] = []
        self.progress: list[SelectionProgress] = []
        self.split = SPLIT

    def select(self, settings: SelectionSettings | None = None) -> Selection:
        return select(
            MULTICLASS,
            KNOWN.values,
            KNOWN.targets,
            self.split,
            learners=tuple(self.runner.scripts),
            budget_s=0,
            control=self.control,
            runner=self.runner,
            on_candidate=self.seen.append,
            on_progress=self.progress.append,
            settings=settings or SelectionSettings(),
            clock=self.clock,
        )


def test_defaults_come_first_and_then_the_promising_are_tuned() -> None:
    scene = Scene(100, linear=Script(share=0.4), lightgbm=Script(), catboost=Script(share=0.59))
    selection = scene.select(SelectionSettings(max_trials=9))
    learners = [spec.learner for spec in scene.runner.started]
    assert learners[:3] == ["linear", "lightgbm", "catboost"]
    assert "linear" not in learners[3:]
    assert learners[3:].count("lightgbm") == learners[3:].count("catboost") == 3
    for spec in scene.runner.started:
        assert spec.params.keys() == LEARNERS[spec.learner].check({}, MULTICLASS).keys()
    assert scene.runner.started[0].params == LEARNERS["linear"].check({}, MULTICLASS)
    tuned = [spec.params["learning_rate"] for spec in scene.runner.started[3:]]
    assert len(set(tuned)) == 6
    assert selection.best.learner == "lightgbm"
    assert selection.best.score == pytest.approx(-math.log(0.6))
    assert [item.number for item in selection.candidates] == list(range(9))
    assert scene.runner.is_closed
    assert set(scene.runner.killed) == set(range(9))


def test_equal_selections_propose_the_same() -> None:
    first, second = (Scene(100, lightgbm=Script(), xgboost=Script()) for _ in range(2))
    for scene in (first, second):
        scene.select(SelectionSettings(max_trials=8, trial_memory_bytes=2**30))
    assert first.runner.started[2:] == second.runner.started[2:]


def test_the_end_of_the_budget_ends_the_trial_that_runs() -> None:
    scene = Scene(21.7, linear=Script(), lightgbm=Script(share=0.9, fold_s=5))
    scene.control.pauses_s = [0.4] * 100
    selection = scene.select()
    late = selection.candidates[-1]
    assert (late.learner, late.status, late.score) == ("lightgbm", "stopped", None)
    assert late.message == "There was no time left for it."
    assert len(late.fold_scores) == 3
    assert selection.best.learner == "linear"
    assert selection.model_numbers == (0,)


def test_a_budget_can_be_extended_while_it_runs() -> None:
    scene = Scene(6.5, linear=Script(), lightgbm=Script(share=0.9))

    def extend(number: int) -> None:
        if number == 1:
            scene.control.budget = 8.5

    scene.runner.on_poll = extend
    assert scene.select().best.learner == "lightgbm"


def test_without_a_finished_trial_the_first_one_may_take_longer() -> None:
    scene = Scene(1, linear=Script(fold_s=5), lightgbm=Script())
    selection = scene.select()
    assert [item.learner for item in selection.candidates] == ["linear"]


def test_a_trial_takes_half_of_the_budget_at_most() -> None:
    scene = Scene(30, linear=Script(), catboost=Script(share=0.9, fold_s=8), lightgbm=Script())
    selection = scene.select(SelectionSettings(max_trials=3))
    assert [item.status for item in selection.candidates] == ["finished", "stopped", "finished"]


def test_a_trial_that_would_not_end_in_time_ends_after_its_first_fold() -> None:
    scene = Scene(50, linear=Script(), catboost=Script(share=0.9, fold_s=20))
    slow = scene.select(SelectionSettings(max_trials=2)).candidates[1]
    assert slow.message == "With 20 s a fold it would not end within the budget."
    assert len(slow.fold_scores) == 1


def test_a_stop_keeps_the_best_so_far() -> None:
    scene = Scene(1000, linear=Script(), lightgbm=Script(share=0.9))
    scene.control.stop_at_step = 50
    selection = scene.select()
    assert [item.status for item in selection.candidates] == ["finished", "stopped"]
    assert selection.candidates[1].message == "The selection was stopped."
    assert selection.best.learner == "linear", "an interrupted trial never wins"
    assert scene.control.steps == sorted(scene.control.steps)


def test_a_stop_before_the_first_candidate_says_so() -> None:
    scene = Scene(1000, linear=Script())
    scene.control.stop_at_step = 10
    with pytest.raises(TableError, match="stopped before its first candidate was finished"):
        scene.select()
    assert scene.runner.is_closed


def test_a_trial_can_be_skipped_while_it_runs() -> None:
    scene = Scene(1000, linear=Script(), lightgbm=Script(share=0.9), xgboost=Script())

    def skip(number: int) -> None:
        if number == 1:
            scene.control.skipped.add(1)

    scene.runner.on_poll = skip
    selection = scene.select(SelectionSettings(max_trials=3))
    assert [item.status for item in selection.candidates] == ["finished", "skipped", "finished"]
    assert 1 not in selection.model_numbers


def test_a_pause_does_not_use_up_the_budget() -> None:
    scene = Scene(9, linear=Script(), lightgbm=Script())
    scene.control.pauses_s = [500.0]
    selection = scene.select(SelectionSettings(max_trials=2))
    assert [item.status for item in selection.candidates] == ["finished", "finished"]
    assert selection.seconds == 8


def test_a_trial_that_fails_is_named_and_fails_alone() -> None:
    scene = Scene(100, linear=Script(), lightgbm=Script(failure="It needed more than 5 MiB."))
    selection = scene.select(SelectionSettings(max_trials=3))
    assert selection.notes == ("LightGBM (trial 1) failed: It needed more than 5 MiB.",)
    assert [item.status for item in scene.seen] == ["finished", "failed", "finished"]
    assert selection.model_numbers


def test_without_any_model_the_failures_are_named() -> None:
    scene = Scene(100, linear=Script(failure="first"), lightgbm=Script(failure="second"))
    with pytest.raises(TableError, match=r"trial 0\) failed: first .*trial 1\) failed: second"):
        scene.select()


def test_hopeless_trials_end_after_their_first_folds() -> None:
    scene = Scene(100, lightgbm=Script(share=0.7))

    def worsen(number: int) -> None:
        if number == 1:
            scene.runner.scripts["lightgbm"].share = 0.5

    scene.runner.on_poll = worsen
    selection = scene.select(SelectionSettings(max_trials=2))
    pruned = selection.candidates[1]
    assert (pruned.status, len(pruned.fold_scores)) == (CandidateStatus.STOPPED, 1)
    assert "After 1 of 3 folds" in pruned.message


def test_several_trials_run_at_a_time_where_there_is_room() -> None:
    scene = Scene(100, linear=Script(), lightgbm=Script(), xgboost=Script())
    scene.runner.num_slots = 2
    scene.select(SelectionSettings(max_trials=3))
    assert max(len(item.running) for item in scene.progress) == 2
    last = scene.progress[-1]
    assert (last.num_candidates, last.budget_s) == (3, 100)


def test_the_oldest_rows_are_never_validated_and_short_windows_are_not_kept() -> None:
    scene = Scene(100, linear=Script())
    scene.split = split_rows(150, is_ordered=True)
    selection = scene.select(SelectionSettings(max_trials=1))
    oldest = scene.split.folds[0].train
    assert np.isnan(selection.oof[oldest]).all()
    assert not np.isnan(selection.oof[len(oldest) :]).any()
    assert len(selection.model.main.members) == 2


def test_a_name_that_is_no_model_is_refused() -> None:
    with pytest.raises(TableError, match="Expected one of the models"):
        Scene(10, perceptron=Script()).select()
    with pytest.raises(TableError, match="at least one model"):
        Scene(10).select()


def test_real_trials_make_an_ensemble_that_is_kept(tmp_path: Path) -> None:
    selection = select(
        MULTICLASS,
        KNOWN.values,
        KNOWN.targets,
        SPLIT,
        learners=("linear", "random_forest"),
        budget_s=300,
        settings=SelectionSettings(max_trials=2),
    )
    assert [item.status for item in selection.candidates] == ["finished", "finished"]
    assert selection.selection_metric == "macro_f1"
    assert 0.5 < selection.selection_score <= 1
    assert selection.loss <= min(item.metrics["log_loss"] for item in selection.candidates)
    assert not np.isnan(selection.oof).any()
    assert len(selection.model.main.members) == 3
    holdout = KNOWN.values[SPLIT.holdout]
    predicted = selection.model.predict(holdout)
    assert (predicted.argmax(axis=1) == KNOWN.targets[SPLIT.holdout]).mean() > 0.5
    selection.model.save(tmp_path / "ensemble")
    loaded = EnsembleModel.load(tmp_path / "ensemble")
    assert np.array_equal(loaded.predict(holdout), predicted)
    parts = loaded.main.contributions(holdout)
    assert parts.sum(axis=2) == pytest.approx(loaded.main.margin(holdout), abs=1e-4)
    assert loaded.predict(holdout[:0]).shape == (0, 3)
    with pytest.raises(TableError, match=r"ensemble\.json"):
        EnsembleModel.load(tmp_path)
