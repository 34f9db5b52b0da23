"""Logistic or ridge regression of scikit-learn."""

import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from training.tables.labels import Floats
from training.tables.learners.dense_inputs import dense_inputs, feature_of_inputs, fit_inputs
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
from training.tables.learners.skops_file import read_skops, write_skops

FILE_NAME = "model.skops"
ITERATIONS_AT_ONCE = 50
"""Between two looks at `should_stop`."""
C = Hyperparameter(
    name="C", type="float", default=1.0, minimum=1e-6, maximum=1e6,
    description="Of classes: the inverse of the L2 regularisation.",
)  # fmt: skip
MAX_ITER = Hyperparameter(
    name="max_iter", type="int", default=500, minimum=1, maximum=10_000,
    description="Of classes: the most iterations of the solver.",
)  # fmt: skip
ALPHA = Hyperparameter(
    name="alpha", type="float", default=1.0, minimum=1e-6, maximum=1e9,
    description="Of numbers: the L2 regularisation.",
)  # fmt: skip


class LinearModel(FittedModel):
    """Contributions are exact: of each input, its weight times its distance from the mean."""

    learner_name = "linear"

    def __init__(
        self, task: LearningTask, inputs: ColumnTransformer, regression: Any, means: Floats
    ) -> None:
        self.task, self.inputs, self.regression, self._means = task, inputs, regression, means
        self.weights = np.atleast_2d(regression.coef_)
        self.rounds = 0
        self.margin_name = LOG_ODDS_NAMES[task.problem_type]

    def predict(self, values: Floats) -> Floats:
        margin = self.margin(values)
        return probabilities_of(margin) if self.task.has_classes else margin

    def margin(self, values: Floats) -> Floats:
        inputs = dense_inputs(self.inputs, self.task, bounded(values, self.task))
        margin: Floats = inputs @ self.weights.T + np.ravel(self.regression.intercept_)
        return margin

    def contributions(self, values: Floats) -> Floats:
        inputs = dense_inputs(self.inputs, self.task, bounded(values, self.task)) - self._means
        shape = (len(values), self.task.num_outputs, self.task.num_features + 1)
        contributions = np.zeros(shape)
        for at, feature in enumerate(feature_of_inputs(self.inputs, self.task).tolist()):
            contributions[:, :, feature] += np.outer(inputs[:, at], self.weights[:, at])
        contributions[:, :, -1] = self.weights @ self._means + np.ravel(self.regression.intercept_)
        return contributions

    def save(self, folder: Path) -> None:
        description = ModelDescription(
            learner=self.learner_name, task=TaskDescription.of(self.task)
        )
        write_description(folder, description)
        content = {"inputs": self.inputs, "regression": self.regression, "means": self._means}
        write_skops(folder / FILE_NAME, content)


class LinearLearner(LibraryLearner):
    """Continued, logistic regression begins with the weights of the given model.

    Ridge regression then keeps the new weights close to the given ones instead of close to 0.
    The weights of logistic regression are pulled to 0, so that with enough iterations they are
    those of the new rows alone.
    """

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "Logistic or ridge regression"
    can_continue: ClassVar[bool] = True
    continues_by: ClassVar[str] = (
        "warm start: logistic regression begins with the given weights, and ends, unless max_iter "
        "stops it before, with those of the new rows alone; ridge regression stays near them"
    )
    continues_without_classes: ClassVar[bool] = False

    def hyperparameters(self, task: LearningTask | None = None) -> tuple[Hyperparameter, ...]:
        if task is None:
            return (C, MAX_ITER, ALPHA)
        return (C, MAX_ITER) if task.has_classes else (ALPHA,)

    def suggest(self, trial: Suggestions, task: LearningTask) -> Params:
        if task.has_classes:
            return {"C": trial.suggest_float("C", 1e-3, 100.0, log=True)}
        return {"alpha": trial.suggest_float("alpha", 1e-2, 1e4, log=True)}

    def _fit(
        self,
        task: LearningTask,
        train: Examples,
        validation: Examples | None,
        params: Params,
        should_stop: ShouldStop,
        initial: FittedModel | None,
    ) -> FittedModel:
        started = initial if isinstance(initial, LinearModel) else None
        inputs = fit_inputs(task, train.values) if started is None else started.inputs
        dense = dense_inputs(inputs, task, train.values)
        if task.has_classes:
            regression = _logistic(dense, train.targets, params, should_stop, started)
        else:
            regression = _ridge(dense, train.targets, params, started)
        return LinearModel(task, inputs, regression, dense.mean(axis=0))

    def _load(self, folder: Path, task: LearningTask, description: ModelDescription) -> FittedModel:
        content = read_skops(folder / FILE_NAME)
        return LinearModel(task, content["inputs"], content["regression"], content["means"])


def _logistic(
    inputs: Floats,
    targets: Floats,
    params: Params,
    should_stop: ShouldStop,
    started: LinearModel | None,
) -> LogisticRegression:
    regression = LogisticRegression(C=params["C"], warm_start=True)
    if started is not None:
        regression.coef_ = started.regression.coef_.copy()
        regression.intercept_ = started.regression.intercept_.copy()
        regression.classes_ = started.regression.classes_
    most = int(params["max_iter"])
    for done in range(0, most, ITERATIONS_AT_ONCE):
        regression.max_iter = min(ITERATIONS_AT_ONCE, most - done)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            regression.fit(inputs, targets)
        finished = int(regression.n_iter_.max())
        if should_stop(done + finished) or finished < regression.max_iter:
            break
    return regression


def _ridge(inputs: Floats, targets: Floats, params: Params, started: LinearModel | None) -> Ridge:
    regression = Ridge(alpha=params["alpha"])
    if started is None:
        return regression.fit(inputs, targets)
    before = started.regression
    regression.fit(inputs, targets - before.predict(inputs))
    regression.coef_ = regression.coef_ + before.coef_
    regression.intercept_ = regression.intercept_ + before.intercept_
    return regression
