"""Proposes hyperparameters by what earlier trials of the learner reached."""

import optuna

from training.tables.learners.hyperparameter import Params
from training.tables.learners.learner import LearningTask
from training.tables.learners.registry import learner_named
from training.tables.selection.candidate import Candidate

_STARTUP_TRIALS = 5
"""Random ones, before there is something to learn from."""


class Proposals:
    """A study for each learner with the tree-structured Parzen estimator (Bergstra et al. 2011).

    The same results in the same order give the same proposals.
    """

    def __init__(self, task: LearningTask) -> None:
        self._task = task
        self._studies: dict[str, optuna.Study] = {}
        self._trials: dict[int, optuna.Trial] = {}
        optuna.logging.set_verbosity(optuna.logging.WARNING)

    def propose(self, number: int, learner: str) -> Params:
        """Hyperparameters for the trial of this number."""
        trial = self._study(learner).ask()
        self._trials[number] = trial
        return learner_named(learner).suggest(trial, self._task)

    def tell(self, candidate: Candidate) -> None:
        """Learn from a trial that was proposed; others are ignored."""
        trial = self._trials.pop(candidate.number, None)
        if trial is None:
            return
        study = self._study(candidate.learner)
        if candidate.score is not None:
            study.tell(trial, candidate.score)
            return
        if candidate.fold_scores:
            mean = sum(candidate.fold_scores) / len(candidate.fold_scores)
            trial.report(mean, len(candidate.fold_scores))
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return
        study.tell(trial, state=optuna.trial.TrialState.FAIL)

    def _study(self, learner: str) -> optuna.Study:
        if learner not in self._studies:
            sampler = optuna.samplers.TPESampler(
                seed=self._task.seed, n_startup_trials=_STARTUP_TRIALS
            )
            self._studies[learner] = optuna.create_study(direction="minimize", sampler=sampler)
        return self._studies[learner]
