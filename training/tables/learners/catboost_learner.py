"""Gradient boosting of CatBoost (Prokhorenkova et al. 2018)."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import catboost
import numpy as np
import pandas as pd

from training.tables.labels import Floats
from training.tables.learners.hyperparameter import Hyperparameter, Params
from training.tables.learners.inputs import bounded
from training.tables.learners.learner import (
    Examples,
    FittedModel,
    LearningTask,
    ShouldStop,
    Suggestions,
)
from training.tables.learners.library_learner import LibraryLearner
from training.tables.learners.links import LOG_ODDS_NAMES, probabilities_of
from training.tables.learners.model_folder import (
    ModelDescription,
    TaskDescription,
    write_description,
)
from training.tables.learners.rounds import RoundWatch, patience_of
from training.tables.targets.problem_type import ProblemType

FILE_NAME = "model.cbm"
_LOSSES = {
    ProblemType.BINARY: "Logloss",
    ProblemType.MULTICLASS: "MultiClass",
    ProblemType.REGRESSION: "RMSE",
}
HYPERPARAMETERS = (
    Hyperparameter(
        name="iterations", type="int", default=1000, minimum=1, maximum=20_000,
        description="The most boosting rounds; fewer if validation gets no better.",
    ),
    Hyperparameter(
        name="learning_rate", type="float", default=0.08, minimum=1e-4, maximum=1,
        description="The weight of each tree.",
    ),
    Hyperparameter(
        name="depth", type="int", default=6, minimum=1, maximum=12,
        description="The depth of the symmetric trees.",
    ),
    Hyperparameter(
        name="l2_leaf_reg", type="float", default=3.0, minimum=0, maximum=1e6,
        description="L2 regularisation of leaves.",
    ),
    Hyperparameter(
        name="random_strength", type="float", default=1.0, minimum=0, maximum=1000,
        description="The randomness of scores of splits.",
    ),
    Hyperparameter(
        name="bagging_temperature", type="float", default=1.0, minimum=0, maximum=100,
        description="How much the random weights of rows differ; 0 for equal weights.",
    ),
    Hyperparameter(
        name="border_count", type="int", default=254, minimum=1, maximum=1024,
        description="The most bins of a number.",
    ),
)  # fmt: skip


class CatBoostModel(FittedModel):
    """Contributions are the library's own SHAP values, path-dependent (Lundberg et al. 2020)."""

    learner_name = "catboost"

    def __init__(self, task: LearningTask, model: catboost.CatBoost) -> None:
        self.task, self.model = task, model
        self.rounds = int(model.tree_count_)
        self.margin_name = LOG_ODDS_NAMES[task.problem_type]

    def predict(self, values: Floats) -> Floats:
        margin = self.margin(values)
        return probabilities_of(margin) if self.task.has_classes else margin

    def margin(self, values: Floats) -> Floats:
        margin = self.model.predict(
            _pool(self.task, values),
            prediction_type="RawFormulaVal",
            thread_count=self.task.num_threads,
        )
        return np.asarray(margin, np.float64).reshape(len(values), self.task.num_outputs)

    def contributions(self, values: Floats) -> Floats:
        parts = self.model.get_feature_importance(
            _pool(self.task, values), type="ShapValues", thread_count=self.task.num_threads
        )
        shape = (len(values), self.task.num_outputs, self.task.num_features + 1)
        return np.asarray(parts, np.float64).reshape(shape)

    def save(self, folder: Path) -> None:
        description = ModelDescription(
            learner=self.learner_name, rounds=self.rounds, task=TaskDescription.of(self.task)
        )
        write_description(folder, description)
        self.model.save_model(str(folder / FILE_NAME), format="cbm")


class CatBoostLearner(LibraryLearner):
    name: ClassVar[str] = "catboost"
    title: ClassVar[str] = "CatBoost"
    can_continue: ClassVar[bool] = True
    continues_by: ClassVar[str] = "further boosting rounds after the given ones"
    continues_without_classes: ClassVar[bool] = False

    def hyperparameters(self, task: LearningTask | None = None) -> tuple[Hyperparameter, ...]:
        return HYPERPARAMETERS

    def suggest(self, trial: Suggestions, task: LearningTask) -> Params:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.2, log=True),
            "depth": trial.suggest_int("depth", 4, 8),
            "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 1.0, 30.0, log=True),
            "random_strength": trial.suggest_float("random_strength", 0.1, 10.0, log=True),
            "bagging_temperature": trial.suggest_float("bagging_temperature", 0.0, 2.0),
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
        watch = RoundWatch(should_stop, patience_of(float(params["learning_rate"])))
        model = catboost.CatBoost({**params, **_settings(task)})
        started = initial if isinstance(initial, CatBoostModel) else None
        model.fit(
            _pool(task, train.values, train.targets),
            eval_set=None
            if validation is None
            else _pool(task, validation.values, validation.targets),
            init_model=None if started is None else started.model,
            callbacks=[_WatchCallback(watch)],
        )
        model.shrink((0 if started is None else started.rounds) + watch.best_rounds)
        return CatBoostModel(task, model)

    def _load(self, folder: Path, task: LearningTask, description: ModelDescription) -> FittedModel:
        content = (folder / FILE_NAME).read_bytes()
        return CatBoostModel(task, catboost.CatBoost().load_model(blob=content))


class _WatchCallback:
    """Ends the training of CatBoost when the watch says so."""

    def __init__(self, watch: RoundWatch) -> None:
        self._watch = watch
        self._finished = 0

    def after_iteration(self, info: SimpleNamespace) -> bool:
        """True to go on."""
        self._finished += 1
        losses = [values[-1] for values in info.metrics.get("validation", {}).values()]
        return not self._watch.is_over(self._finished, float(losses[0]) if losses else None)


def _pool(task: LearningTask, values: Floats, targets: Floats | None = None) -> catboost.Pool:
    values = bounded(values, task)
    codes = None if targets is None or not task.has_classes else targets.astype(np.int64)
    categories = np.flatnonzero(task.is_categorical).tolist()
    return catboost.Pool(
        _frame(values, categories) if categories else values,
        targets if codes is None else codes,
        cat_features=categories or None,
        thread_count=task.num_threads,
    )


def _frame(values: Floats, categories: list[int]) -> pd.DataFrame:
    """CatBoost takes categories as whole numbers only; -1 stands for a missing one."""
    frame = pd.DataFrame(values)
    for at in categories:
        frame[at] = np.nan_to_num(values[:, at], nan=-1).astype(np.int64)
    return frame


def _settings(task: LearningTask) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "loss_function": _LOSSES[task.problem_type],
        "random_seed": task.seed,
        "thread_count": task.num_threads,
        "bootstrap_type": "Bayesian",
        "allow_writing_files": False,
        "use_best_model": False,
        "logging_level": "Silent",
    }
    if task.has_classes:
        settings["class_names"] = list(range(task.num_classes))
    return settings
