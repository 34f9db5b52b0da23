"""Histogram gradient boosting of scikit-learn."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from training.tables.labels import Booleans
from training.tables.learners.hist_trees import trees_of
from training.tables.learners.hyperparameter import Hyperparameter, Params
from training.tables.learners.learner import (
    Examples,
    FittedModel,
    LearningTask,
    ShouldStop,
    Suggestions,
)
from training.tables.learners.library_learner import LibraryLearner
from training.tables.learners.lightgbm_model import (
    LightGBMModel,
    TreeInput,
    TreeOutput,
    tree_values,
)
from training.tables.learners.lightgbm_text import model_text
from training.tables.learners.model_folder import ModelDescription
from training.tables.learners.rounds import patience_of

ROUNDS_AT_ONCE = 10
"""Between two looks at `should_stop`; each costs the time of about two rounds."""
HYPERPARAMETERS = (
    Hyperparameter(
        name="max_iter", type="int", default=500, minimum=1, maximum=20_000,
        description="The most boosting rounds; fewer if validation gets no better.",
    ),
    Hyperparameter(
        name="learning_rate", type="float", default=0.06, minimum=1e-4, maximum=1,
        description="The weight of each tree.",
    ),
    Hyperparameter(
        name="max_leaf_nodes", type="int", default=31, minimum=2, maximum=4096,
        description="The most leaves of a tree.",
    ),
    Hyperparameter(
        name="min_samples_leaf", type="int", default=20, minimum=1, maximum=100_000,
        description="The fewest rows of a leaf.",
    ),
    Hyperparameter(
        name="l2_regularization", type="float", default=1.0, minimum=0, maximum=1e6,
        description="L2 regularisation of leaves.",
    ),
    Hyperparameter(
        name="max_features", type="float", default=0.8, minimum=0.01, maximum=1,
        description="The share of features that a split sees.",
    ),
    Hyperparameter(
        name="max_bins", type="int", default=255, minimum=2, maximum=255,
        description="The most bins of a feature.",
    ),
)  # fmt: skip


class HistGradientBoostingLearner(LibraryLearner):
    """Its trees are kept as a LightGBM model, which does not depend on scikit-learn's version."""

    name: ClassVar[str] = "hist_gradient_boosting"
    title: ClassVar[str] = "Histogram gradient boosting"

    def hyperparameters(self, task: LearningTask | None = None) -> tuple[Hyperparameter, ...]:
        return HYPERPARAMETERS

    def suggest(self, trial: Suggestions, task: LearningTask) -> Params:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 7, 127, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 100, log=True),
            "l2_regularization": trial.suggest_float("l2_regularization", 1e-2, 30.0, log=True),
            "max_features": trial.suggest_float("max_features", 0.2, 1.0),
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
        is_category = task.is_categorical & (task.num_categories < int(params["max_bins"]))
        model = _model(task, params, is_category, validates=validation is not None)
        values = tree_values(train.values, task, TreeInput.MISSING_AS_CODE)
        # The library fails at a feature without a value; one that is constant is never used.
        values[:, np.isnan(values).all(axis=0)] = 0
        validated: dict[str, Any] = {}
        if validation is not None:
            validated["X_val"] = tree_values(validation.values, task, TreeInput.MISSING_AS_CODE)
            validated["y_val"] = validation.targets
        most_rounds = int(params["max_iter"])
        while True:
            model.max_iter = min(model.max_iter + ROUNDS_AT_ONCE, most_rounds)
            model.fit(values, train.targets, **validated)
            rounds = int(model.n_iter_)
            if should_stop(rounds) or rounds < model.max_iter or rounds == most_rounds:
                break
        best = rounds if validation is None else max(1, int(np.argmax(model.validation_score_)))
        text = model_text(
            trees_of(model, task, is_category, best),
            num_features=task.num_features,
            num_outputs=task.num_outputs,
        )
        return LightGBMModel(
            self.name,
            task,
            text,
            rounds=best,
            output=TreeOutput.LOG_ODDS if task.has_classes else TreeOutput.NUMBER,
            tree_input=TreeInput.MISSING_AS_CODE,
        )

    def _load(self, folder: Path, task: LearningTask, description: ModelDescription) -> FittedModel:
        return LightGBMModel.load(folder, task, description)


def _model(task: LearningTask, params: Params, is_category: Booleans, *, validates: bool) -> Any:
    kind = HistGradientBoostingClassifier if task.has_classes else HistGradientBoostingRegressor
    return kind(
        **{**params, "max_iter": 0},
        categorical_features=is_category if is_category.any() else None,
        warm_start=True,
        early_stopping=validates,
        n_iter_no_change=patience_of(float(params["learning_rate"])),
        tol=0,
        random_state=task.seed,
    )
