"""Stages 5 and 6: tries each learner, tunes the promising ones, and combines the best."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracking_plugin.names import CANDIDATE_LOSS, PipelineMetric, PipelineStage, RunStatus
from training.recipe_spec import TrainingSession
from training.recipes.tables.candidate_runs import CandidateRecord, CandidateRuns
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.progress import PipelineProgress
from training.recipes.tables.selection_commands import SelectionCommands
from training.recipes.tables.stages.analysis import Analysis
from training.recipes.tables.stages.features import EncodedTable
from training.recipes.tables.trial_runners import ray_runner
from training.tables.features.feature import FeatureKind
from training.tables.learners.learner import LearningTask
from training.tables.learners.registry import LEARNERS
from training.tables.selection.candidate import Candidate, CandidateStatus
from training.tables.selection.machine import num_cores
from training.tables.selection.select import select
from training.tables.selection.selection import Selection, SelectionProgress

_ENDED_AS = {
    CandidateStatus.FINISHED: RunStatus.COMPLETED,
    CandidateStatus.STOPPED: RunStatus.STOPPED,
    CandidateStatus.SKIPPED: RunStatus.STOPPED,
    CandidateStatus.FAILED: RunStatus.ERROR,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectedModel:
    """The ensemble, and whether a person ended the selection before its budget was spent."""

    found: Selection
    was_stopped: bool

    def document(self) -> Mapping[str, Any]:
        found = self.found
        weights = dict(zip(found.model_numbers, found.model.weights, strict=True))
        return {
            "selected_models": _used(found),
            "loss_name": found.loss_name,
            "loss": found.loss,
            "seconds": round(found.seconds, 1),
            "was_stopped": self.was_stopped,
            "notes": list(found.notes),
            "candidates": [
                {
                    "number": item.number,
                    "learner": item.learner,
                    "params": item.params,
                    "status": str(item.status),
                    "message": item.message,
                    "loss": item.score,
                    "fold_losses": list(item.fold_scores),
                    "fold_rounds": list(item.fold_rounds),
                    "metrics": item.metrics,
                    "seconds": round(item.seconds, 1),
                    "weight": weights.get(item.number, 0.0),
                }
                for item in found.candidates
            ],
        }


def _used(found: Selection) -> list[str]:
    """The learners of the ensemble, each once, the one of the greatest weight first."""
    learners = {item.number: item.learner for item in found.candidates}
    pairs = sorted(zip(found.model.weights, found.model_numbers, strict=True), reverse=True)
    return list(dict.fromkeys(learners[number] for _, number in pairs))


class ModelSelection:
    """Records each candidate as it ends, and follows the commands of the run."""

    def __init__(
        self, session: TrainingSession, progress: PipelineProgress, runs: CandidateRuns
    ) -> None:
        self._session, self._progress, self._runs = session, progress, runs
        self._is_tuning = False

    def run(self, config: TablesConfig, analysis: Analysis, encoded: EncodedTable) -> SelectedModel:
        """Raises TableError if no candidate was finished."""
        learners = config.learners or tuple(LEARNERS)
        commands = SelectionCommands(self._session, config.budget_s)

        def report(now: SelectionProgress) -> None:
            commands.running = [trial.number for trial in now.running]
            self._report(now, num_learners=len(learners))

        task = learning_task(config, analysis, encoded)
        runner = ray_runner(config.trials, encoded.values.size)
        if runner is not None:
            task = replace(task, num_threads=runner.num_threads)
            self._progress.say(f"Trials are tasks on Ray, {runner.num_slots} at a time.")
        found = select(
            task,
            encoded.values,
            analysis.labels.numbers,
            analysis.split,
            learners=learners,
            params=config.hyperparameters or None,
            budget_s=config.budget_s,
            control=commands,
            runner=runner,
            on_candidate=self._record,
            on_progress=report,
        )
        self._begin_tuning()
        return SelectedModel(found=found, was_stopped=commands.is_stopped)

    def _report(self, now: SelectionProgress, *, num_learners: int) -> None:
        if now.num_candidates >= num_learners:
            self._begin_tuning()
        fraction = (
            now.elapsed_s / now.budget_s if self._is_tuning else now.num_candidates / num_learners
        )
        self._progress.update(fraction, seconds_left=max(0.0, now.budget_s - now.elapsed_s))

    def _begin_tuning(self) -> None:
        """The stage of training; the pipeline passes it even if no time is left for it."""
        if not self._is_tuning:
            self._is_tuning = True
            self._progress.enter(PipelineStage.MODEL_TRAINING)

    def _record(self, candidate: Candidate) -> None:
        title = LEARNERS[candidate.learner].title
        result = f"loss {candidate.score:.4g}" if candidate.score is not None else candidate.message
        self._progress.say(
            f"Trial {candidate.number}: {title}, {candidate.status} after {candidate.seconds:.0f} s,"
            f" {result}"
        )
        self._progress.log({PipelineMetric.NUM_CANDIDATES: float(candidate.number + 1)})
        loss = {} if candidate.score is None else {CANDIDATE_LOSS: candidate.score}
        others = {f"selection/{name}": value for name, value in candidate.metrics.items()}
        self._runs.add(
            CandidateRecord(
                name=f"{title}, trial {candidate.number}",
                params={"learner": candidate.learner, **candidate.params},
                metrics={**loss, **others, "selection/seconds": candidate.seconds},
                status=_ENDED_AS[candidate.status],
                message=candidate.message,
            )
        )


def learning_task(config: TablesConfig, analysis: Analysis, encoded: EncodedTable) -> LearningTask:
    features = encoded.encoder.features
    return LearningTask(
        problem_type=analysis.target.problem_type,
        num_classes=len(analysis.labels.classes),
        is_categorical=np.array([item.kind is FeatureKind.CATEGORY for item in features]),
        num_categories=np.array([item.num_categories for item in features], np.int64),
        seed=config.seed,
        num_threads=num_cores(),
    )
