"""Gradient boosting of LightGBM (Ke et al. 2017)."""

from pathlib import Path
from typing import ClassVar

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv, EarlyStopException

from training.tables.learners.hyperparameter import Hyperparameter, Params
from training.tables.learners.learner import (
    Examples,
    FittedModel,
    LearningTask,
    ShouldStop,
    Suggestions,
)
from training.tables.learners.library_learner import LibraryLearner
from training.tables.learners.lightgbm_model import LightGBMModel, TreeOutput
from training.tables.learners.model_folder import ModelDescription
from training.tables.learners.rounds import RoundWatch, patience_of
from training.tables.targets.problem_type import ProblemType

_OBJECTIVES = {
    ProblemType.BINARY: ("binary", "binary_logloss"),
    ProblemType.MULTICLASS: ("multiclass", "multi_logloss"),
    ProblemType.REGRESSION: ("regression", "rmse"),
}
HYPERPARAMETERS = (
    Hyperparameter(
        name="n_estimators", type="int", default=1000, minimum=1, maximum=20_000,
        description="The most boosting rounds; fewer if validation gets no better.",
    ),
    Hyperparameter(
        name="learning_rate", type="float", default=0.05, minimum=1e-4, maximum=1,
        description="The weight of each tree.",
    ),
    Hyperparameter(
        name="num_leaves", type="int", default=31, minimum=2, maximum=4096,
        description="The most leaves of a tree.",
    ),
    Hyperparameter(
        name="max_depth", type="int", default=-1, minimum=-1, maximum=64,
        description="The greatest depth of a tree; -1 or 0 for no limit.",
    ),
    Hyperparameter(
        name="min_child_samples", type="int", default=20, minimum=1, maximum=100_000,
        description="The fewest rows of a leaf.",
    ),
    Hyperparameter(
        name="min_child_weight", type="float", default=1e-3, minimum=0, maximum=1e6,
        description="The least sum of second derivatives of a leaf.",
    ),
    Hyperparameter(
        name="min_split_gain", type="float", default=0.0, minimum=0, maximum=1e6,
        description="The least gain of a split.",
    ),
    Hyperparameter(
        name="subsample", type="float", default=0.9, minimum=0.05, maximum=1,
        description="The share of rows that a round sees.",
    ),
    Hyperparameter(
        name="subsample_freq", type="int", default=1, minimum=0, maximum=1000,
        description="Rounds after which other rows are drawn; 0 for all rows always.",
    ),
    Hyperparameter(
        name="colsample_bytree", type="float", default=0.8, minimum=0.05, maximum=1,
        description="The share of features that a tree sees.",
    ),
    Hyperparameter(
        name="reg_alpha", type="float", default=0.0, minimum=0, maximum=1e6,
        description="L1 regularisation of leaves.",
    ),
    Hyperparameter(
        name="reg_lambda", type="float", default=1.0, minimum=0, maximum=1e6,
        description="L2 regularisation of leaves.",
    ),
)  # fmt: skip


class LightGBMLearner(LibraryLearner):
    name: ClassVar[str] = "lightgbm"
    title: ClassVar[str] = "LightGBM"
    can_continue: ClassVar[bool] = True
    continues_by: ClassVar[str] = "further boosting rounds after the given ones"

    def hyperparameters(self, task: LearningTask | None = None) -> tuple[Hyperparameter, ...]:
        return HYPERPARAMETERS

    def suggest(self, trial: Suggestions, task: LearningTask) -> Params:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.15, log=True),
            "num_leaves": trial.suggest_int("num_leaves", 7, 127, log=True),
            "min_child_samples": trial.suggest_int("min_child_samples", 5, 100, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
            "reg_alpha": trial.suggest_float("reg_alpha", 1e-3, 10.0, log=True),
            "reg_lambda": trial.suggest_float("reg_lambda", 1e-2, 30.0, log=True),
        }

    def _fit(
        self,
        task: LearningTask,
        train: Examples,
        validation: Examples | None,
        params: Params,
        should_stop: ShouldStop,
        initial: FittedModel | None,
    ) -> FittedModel:
        settings = {**params, **_settings(task)}
        num_rounds = int(settings.pop("n_estimators"))
        watch = RoundWatch(should_stop, patience_of(float(params["learning_rate"])))
        categories = np.flatnonzero(task.is_categorical).tolist()
        data = lightgbm.Dataset(
            train.values, train.targets, categorical_feature=categories, params=settings
        )
        validated = (
            []
            if validation is None
            else [lightgbm.Dataset(validation.values, validation.targets, reference=data)]
        )
        started = initial if isinstance(initial, LightGBMModel) else None
        booster = lightgbm.train(
            settings,
            data,
            num_rounds,
            valid_sets=validated,
            init_model=None if started is None else started.booster,
            callbacks=[_WatchCallback(watch)],
        )
        rounds = (0 if started is None else started.rounds) + watch.best_rounds
        return LightGBMModel(
            self.name,
            task,
            booster.model_to_string(num_iteration=rounds),
            rounds=rounds,
            output=TreeOutput.LOG_ODDS if task.has_classes else TreeOutput.NUMBER,
        )

    def _load(self, folder: Path, task: LearningTask, description: ModelDescription) -> FittedModel:
        return LightGBMModel.load(folder, task, description)


class _WatchCallback:
    """Ends the training of LightGBM when the watch says so."""

    order = 0

    def __init__(self, watch: RoundWatch) -> None:
        self._watch = watch

    def __call__(self, env: CallbackEnv) -> None:
        results = env.evaluation_result_list
        loss = float(results[0][2]) if results else None
        if self._watch.is_over(env.iteration - env.begin_iteration + 1, loss):
            raise EarlyStopException(env.iteration, results or [])


def _settings(task: LearningTask) -> dict[str, int | str | bool]:
    objective, metric = _OBJECTIVES[task.problem_type]
    settings: dict[str, int | str | bool] = {
        "objective": objective,
        "metric": metric,
        "seed": task.seed,
        "num_threads": task.num_threads,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    if task.num_outputs > 1:
        settings["num_class"] = task.num_classes
    return settings
