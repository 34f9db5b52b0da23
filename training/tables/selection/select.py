"""Tries learners and hyperparameters within a budget of seconds, and combines the best."""

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from training.tables.errors import TableError
from training.tables.labels import Floats
from training.tables.learners.learner import LearningTask
from training.tables.learners.model_folder import TaskDescription
from training.tables.learners.registry import LEARNERS, learner_named
from training.tables.selection.active_trial import ActiveTrial
from training.tables.selection.candidate import Candidate, CandidateStatus
from training.tables.selection.control import NoControl, SelectionControl
from training.tables.selection.local_runner import LocalRunner
from training.tables.selection.machine import memory_bytes, threads_and_slots
from training.tables.selection.outcome import OutOfFold, candidate_of, combined
from training.tables.selection.proposals import Proposals
from training.tables.selection.pruning import is_hopeless
from training.tables.selection.runner import TrialRunner
from training.tables.selection.schedule import next_learner
from training.tables.selection.scores import MACRO_F1, RMSE, loss_name
from training.tables.selection.selection import Selection, SelectionProgress
from training.tables.selection.trial import TrialData, TrialSpec
from training.tables.splits.table_split import TableSplit

_POLL_S = 0.2
_PROGRESS_EVERY_S = 1.0
_PAUSE_S = 0.5
"""A control that blocks for longer has paused the selection."""
_MEMORY_SHARE = 0.8
_MAX_COMBINED = 20
"""Of the finished candidates, the best; models of others are deleted at once."""


@dataclass(frozen=True, kw_only=True)
class SelectionSettings:
    """Bounds of a selection."""

    max_trials: int = 1000
    max_trial_share: float = 0.5
    """Of the budget, for one trial, once another is finished."""
    first_trial_extra_s: float = 60.0
    """If no trial is finished within the budget, one may take three times as long, and this."""
    trial_memory_bytes: int | None = None
    """That one trial may take; None for its share of most of the memory that is free."""


DEFAULT_SETTINGS = SelectionSettings()


def select(  # noqa: PLR0913 — all but the data and the budget have defaults.
    task: LearningTask,
    values: Floats,
    targets: Floats,
    split: TableSplit,
    *,
    learners: Sequence[str] = tuple(LEARNERS),
    params: Mapping[str, Any] | None = None,
    budget_s: float,
    control: SelectionControl | None = None,
    runner: TrialRunner | None = None,
    on_candidate: Callable[[Candidate], None] = lambda _: None,
    on_progress: Callable[[SelectionProgress], None] = lambda _: None,
    settings: SelectionSettings = DEFAULT_SETTINGS,
    clock: Callable[[], float] = time.monotonic,
) -> Selection:
    """The best ensemble of models that were validated on the folds of `split`.

    `values` (num_rows, num_features) and `targets` (num_rows,) are of all rows of the table; the
    holdout is not looked at. Each learner is tried with its defaults first, in the order of
    `learners`, then those that promise most are tuned. With `params`, hyperparameters of the only
    learner, there is one trial, with these. With a `control`, its budget counts. Without
    a `runner`, trials are processes on this machine, which share `task.num_threads` cores.
    Raises TableError if there is no such learner, or if no trial was finished.
    """
    for name in learners:
        learner_named(name)
    if not learners:
        raise TableError("Expected at least one model to try. Name some, or leave the choice out.")
    if runner is None:
        threads, slots = threads_and_slots(
            len(split.development) * task.num_features, task.num_threads
        )
        task = replace(task, num_threads=threads)
        runner = LocalRunner(num_threads=threads, num_slots=slots)
    control = NoControl(budget_s) if control is None else control
    if params is not None:
        learner_named(learners[0]).check(params, task)
        settings = replace(settings, max_trials=1)
    run = _SelectionRun(task, targets, split, learners, control, runner, settings, clock)
    run.first_params = params or {}
    run.on_candidate, run.on_progress = on_candidate, on_progress
    try:
        runner.prepare(TrialData(np.asarray(values, np.float64), targets, split.folds))
        run.run_trials()
        return run.selection()
    finally:
        run.close()


class _SelectionRun:
    """One selection, from the first trial to the ensemble."""

    def __init__(
        self,
        task: LearningTask,
        targets: Floats,
        split: TableSplit,
        learners: Sequence[str],
        control: SelectionControl,
        runner: TrialRunner,
        settings: SelectionSettings,
        clock: Callable[[], float],
    ) -> None:
        self._task, self._split, self._learners = task, split, learners
        self._control, self._runner, self._settings = control, runner, settings
        self._clock = clock
        self._rows = OutOfFold(task, targets, split)
        self._proposals = Proposals(task)
        self._folder = Path(tempfile.mkdtemp(prefix="fovea-selection-"))
        self._begin = clock()
        self._paused_s = 0.0
        self._reported_s = -_PROGRESS_EVERY_S
        self._is_stopped = False
        self._active: list[ActiveTrial] = []
        self._begun: list[str] = []
        self._candidates: list[Candidate] = []
        self._folders: dict[int, Path] = {}
        self._past_rounds = 0
        self.first_params: Mapping[str, Any] = {}
        self.on_candidate: Callable[[Candidate], None]
        self.on_progress: Callable[[SelectionProgress], None]

    def run_trials(self) -> None:
        """Until the budget is over, the user stops, or nothing is left to try."""
        while True:
            self._ask_control()
            self._start_trials()
            if not self._active:
                return
            for trial in list(self._active):
                if trial.poll(_POLL_S / len(self._active)):
                    self._prune(trial)
                self._end_if_due(trial)
                if trial.status is not None:
                    self._finish(trial)
            self._report()

    def selection(self) -> Selection:
        finished = self._finished()
        if not finished:
            raise TableError(self._nothing_finished())
        kept = finished[:_MAX_COMBINED]
        folders = [self._folders[candidate.number] for candidate in kept]
        model, numbers, oof = combined(self._task, kept, folders, self._rows, self._split)
        metrics = self._rows.metrics(oof)
        metric = MACRO_F1 if self._task.has_classes else RMSE
        name = loss_name(has_classes=self._task.has_classes)
        return Selection(
            candidates=tuple(self._candidates),
            best=finished[0],
            model=model,
            model_numbers=numbers,
            oof=oof,
            selection_metric=metric,
            selection_score=metrics[metric],
            loss_name=name,
            loss=metrics[name],
            seconds=self._elapsed_s(),
            notes=self._notes(),
        )

    def close(self) -> None:
        for trial in self._active:
            trial.kill()
        self._runner.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _elapsed_s(self) -> float:
        return self._clock() - self._begin - self._paused_s

    def _total_rounds(self) -> int:
        return self._past_rounds + sum(trial.total_rounds for trial in self._active)

    def _ask_control(self) -> None:
        before = self._clock()
        self._is_stopped = self._control.should_stop(self._total_rounds())
        waited = self._clock() - before
        if waited > _PAUSE_S:
            self._paused_s += waited

    def _start_trials(self) -> None:
        while not self._is_stopped and len(self._active) < self._runner.num_slots:
            left_s = self._control.budget_s() - self._elapsed_s()
            if len(self._begun) >= self._settings.max_trials:
                return
            if not self._begun:
                # Whatever the budget is, there has to be a result.
                left_s = max(left_s, 1.0)
            learner = next_learner(self._learners, self._begun, self._candidates, left_s)
            if learner is None:
                return
            self._start(learner)

    def _start(self, learner: str) -> None:
        number, is_default = len(self._begun), learner not in self._begun
        proposed = self._proposals.propose(number, learner) if not is_default else self.first_params
        params = learner_named(learner).check(proposed, self._task)
        folder = self._folder / f"trial-{number}"
        folder.mkdir()
        spec = TrialSpec(
            number=number,
            learner=learner,
            params=params,
            task=TaskDescription.of(self._task),
            memory_bytes=self._trial_memory_bytes(),
        )
        self._begun.append(learner)
        self._active.append(
            ActiveTrial(
                number,
                learner,
                params,
                is_default=is_default,
                running=self._runner.start(spec, folder),
                folder=folder,
                begun_s=self._elapsed_s(),
            )
        )

    def _trial_memory_bytes(self) -> int:
        if self._settings.trial_memory_bytes is not None:
            return self._settings.trial_memory_bytes
        return max(1, int(_MEMORY_SHARE * memory_bytes() / self._runner.num_slots))

    def _prune(self, trial: ActiveTrial) -> None:
        """After a fold, end a trial that will not end in time or will not be good."""
        finished, num_folds = self._finished(), len(self._split.folds)
        if not finished or len(trial.fold_scores) == num_folds:
            return
        elapsed_s = self._elapsed_s()
        fold_s = (elapsed_s - trial.begun_s) / len(trial.fold_scores)
        if trial.begun_s + num_folds * fold_s > self._control.budget_s():
            message = f"With {fold_s:.0f} s a fold it would not end within the budget."
            trial.end(CandidateStatus.STOPPED, message, elapsed_s)
        elif not trial.is_default and is_hopeless(trial.fold_scores, finished[0].fold_scores):
            message = (
                f"After {len(trial.fold_scores)} of {num_folds} folds it was much worse than the "
                "best candidate."
            )
            trial.end(CandidateStatus.STOPPED, message, elapsed_s)

    def _end_if_due(self, trial: ActiveTrial) -> None:
        elapsed_s = self._elapsed_s()
        if self._is_stopped:
            trial.end(CandidateStatus.STOPPED, "The selection was stopped.", elapsed_s)
        elif trial.number in self._control.skipped_trials():
            trial.end(CandidateStatus.SKIPPED, "It was skipped.", elapsed_s)
        elif elapsed_s > self._last_moment_s():
            trial.end(CandidateStatus.STOPPED, "There was no time left for it.", elapsed_s)
        elif self._finished() and elapsed_s - trial.begun_s > self._longest_trial_s():
            message = f"It took longer than the {self._longest_trial_s():.0f} s of one trial."
            trial.end(CandidateStatus.STOPPED, message, elapsed_s)

    def _last_moment_s(self) -> float:
        budget_s = self._control.budget_s()
        return budget_s if self._finished() else 3 * budget_s + self._settings.first_trial_extra_s

    def _longest_trial_s(self) -> float:
        return self._settings.max_trial_share * self._control.budget_s()

    def _finish(self, trial: ActiveTrial) -> None:
        trial.kill()
        self._active.remove(trial)
        self._past_rounds += trial.total_rounds
        candidate = candidate_of(trial, self._rows, self._elapsed_s() - trial.begun_s)
        self._candidates.append(candidate)
        self._folders[candidate.number] = trial.folder
        self._proposals.tell(candidate)
        kept = {item.number for item in self._finished()[:_MAX_COMBINED]}
        for number in self._folders.keys() - kept:
            shutil.rmtree(self._folders.pop(number), ignore_errors=True)
        self.on_candidate(candidate)

    def _finished(self) -> list[Candidate]:
        """The finished candidates, the best first."""
        finished = [item for item in self._candidates if item.score is not None]
        return sorted(finished, key=lambda item: (item.score, item.number))

    def _report(self) -> None:
        elapsed_s = self._elapsed_s()
        if elapsed_s - self._reported_s < _PROGRESS_EVERY_S:
            return
        self._reported_s = elapsed_s
        finished = self._finished()
        num_folds = len(self._split.folds)
        self.on_progress(
            SelectionProgress(
                elapsed_s=elapsed_s,
                budget_s=self._control.budget_s(),
                num_candidates=len(self._candidates),
                best_score=finished[0].score if finished else None,
                running=tuple(trial.progress(num_folds) for trial in self._active),
                total_rounds=self._total_rounds(),
            )
        )

    def _notes(self) -> tuple[str, ...]:
        return tuple(
            f"{learner_named(item.learner).title} (trial {item.number}) failed: {item.message}"
            for item in self._candidates
            if item.status is CandidateStatus.FAILED
        )

    def _nothing_finished(self) -> str:
        found = " ".join(self._notes())
        if self._is_stopped:
            return "The selection was stopped before its first candidate was finished." + (
                f" {found}" if found else ""
            )
        return (
            "Expected at least one model that is fitted on all folds, but none was. "
            f"{found or 'Give more seconds, or fewer rows.'}"
        )
