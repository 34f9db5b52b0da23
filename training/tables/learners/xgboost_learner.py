"""Gradient boosting of XGBoost (Chen and Guestrin 2016)."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xgboost

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
from training.tables.learners.target_scale import scaled, target_scale
from training.tables.targets.problem_type import ProblemType

FILE_NAME = "model.ubj"
_OBJECTIVES = {
    ProblemType.BINARY: ("binary:logistic", "logloss"),
    ProblemType.MULTICLASS: ("multi:softprob", "mlogloss"),
    ProblemType.REGRESSION: ("reg:squarederror", "rmse"),
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
        name="max_depth", type="int", default=6, minimum=1, maximum=16,
        description="The greatest depth of a tree.",
    ),
    Hyperparameter(
        name="min_child_weight", type="float", default=1.0, minimum=0, maximum=1e6,
        description="The least sum of second derivatives of a leaf.",
    ),
    Hyperparameter(
        name="gamma", type="float", default=0.0, minimum=0, maximum=1e6,
        description="The least gain of a split.",
    ),
    Hyperparameter(
        name="subsample", type="float", default=0.9, minimum=0.05, maximum=1,
        description="The share of rows that a round sees.",
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
    Hyperparameter(
        name="max_bin", type="int", default=256, minimum=2, maximum=1024,
        description="The most bins of a feature's histogram.",
    ),
)  # fmt: skip


class XGBoostModel(FittedModel):
    """Contributions are exact, path-dependent SHAP values (Lundberg et al. 2020).

    The library computes in single precision, so numbers are learned around their mean.
    """

    learner_name = "xgboost"

    def __init__(
        self, task: LearningTask, booster: xgboost.Booster, scale: tuple[float, float]
    ) -> None:
        self.task, self.booster, self.scale = task, booster, scale
        self.rounds = booster.num_boosted_rounds()
        self.margin_name = LOG_ODDS_NAMES[task.problem_type]
        booster.set_param({"nthread": task.num_threads})

    def predict(self, values: Floats) -> Floats:
        margin = self.margin(values)
        return probabilities_of(margin) if self.task.has_classes else margin

    def margin(self, values: Floats) -> Floats:
        margin = self.booster.predict(_matrix(self.task, values), output_margin=True)
        mean, deviation = self.scale
        shape = (len(values), self.task.num_outputs)
        return np.asarray(margin, np.float64).reshape(shape) * deviation + mean

    def contributions(self, values: Floats) -> Floats:
        parts = self.booster.predict(_matrix(self.task, values), pred_contribs=True)
        mean, deviation = self.scale
        shape = (len(values), self.task.num_outputs, self.task.num_features + 1)
        contributions = np.asarray(parts, np.float64).reshape(shape) * deviation
        contributions[:, :, -1] += mean
        return contributions

    def save(self, folder: Path) -> None:
        description = ModelDescription(
            learner=self.learner_name,
            rounds=self.rounds,
            task=TaskDescription.of(self.task),
            details={"mean": self.scale[0], "deviation": self.scale[1]},
        )
        write_description(folder, description)
        self.booster.save_model(folder / FILE_NAME)


class XGBoostLearner(LibraryLearner):
    name: ClassVar[str] = "xgboost"
    title: ClassVar[str] = "XGBoost"
    can_continue: ClassVar[bool] = True
    continues_by: ClassVar[str] = "further boosting rounds after the given ones"

    def hyperparameters(self, task: LearningTask | None = None) -> tuple[Hyperparameter, ...]:
        return HYPERPARAMETERS

    def suggest(self, trial: Suggestions, task: LearningTask) -> Params:
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.15, log=True),
            "max_depth": trial.suggest_int("max_depth", 3, 9),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 20.0, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
            "reg_alpha": trial.suggest_float("reg_alpha", 1e-3, 10.0, log=True),
            "reg_lambda": trial.suggest_float("reg_lambda", 1e-1, 30.0, log=True),
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
        started = initial if isinstance(initial, XGBoostModel) else None
        scale = target_scale(task, train.targets) if started is None else started.scale
        return boost(
            task,
            _matrix(task, train.values, scaled(train.targets, scale)),
            None if validation is None else _validation(task, validation, scale),
            params,
            should_stop=should_stop,
            scale=scale,
            initial=started,
        )

    def _load(self, folder: Path, task: LearningTask, description: ModelDescription) -> FittedModel:
        content = (folder / FILE_NAME).read_bytes()
        scale = (float(description.details["mean"]), float(description.details["deviation"]))
        return XGBoostModel(task, xgboost.Booster(model_file=bytearray(content)), scale)


def boost(
    task: LearningTask,
    train: xgboost.DMatrix,
    validation: xgboost.DMatrix | None,
    params: Params,
    *,
    should_stop: ShouldStop,
    scale: tuple[float, float],
    initial: XGBoostModel | None = None,
) -> XGBoostModel:
    """The model of matrices of any kind, whose targets are scaled by `scale`.

    `params` are complete, as `XGBoostLearner.check` gives them.
    """
    settings = {**params, **_settings(task)}
    num_rounds = int(params["n_estimators"])
    del settings["n_estimators"]
    watch = RoundWatch(should_stop, patience_of(float(params["learning_rate"])))
    booster = xgboost.train(
        settings,
        train,
        num_rounds,
        evals=[] if validation is None else [(validation, "validation")],
        xgb_model=None if initial is None else initial.booster,
        callbacks=[_WatchCallback(watch)],
        verbose_eval=False,
    )
    rounds = (0 if initial is None else initial.rounds) + watch.best_rounds
    return XGBoostModel(task, booster[:rounds], scale)


class _WatchCallback(xgboost.callback.TrainingCallback):
    """Ends the training of XGBoost when the watch says so."""

    def __init__(self, watch: RoundWatch) -> None:
        super().__init__()
        self._watch = watch
        self._finished = 0

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._finished += 1
        losses = [values for metrics in evals_log.values() for values in metrics.values()]
        return self._watch.is_over(self._finished, float(losses[0][-1]) if losses else None)


def _matrix(task: LearningTask, values: Floats, targets: Floats | None = None) -> xgboost.DMatrix:
    return xgboost.DMatrix(
        bounded(values, task),
        targets,
        feature_types=["c" if is_category else "q" for is_category in task.is_categorical],
        enable_categorical=True,
        nthread=task.num_threads,
    )


def _validation(
    task: LearningTask, validation: Examples, scale: tuple[float, float]
) -> xgboost.DMatrix:
    return _matrix(task, validation.values, scaled(validation.targets, scale))


def _settings(task: LearningTask) -> dict[str, int | str]:
    objective, metric = _OBJECTIVES[task.problem_type]
    settings: dict[str, int | str] = {
        "objective": objective,
        "eval_metric": metric,
        "seed": task.seed,
        "nthread": task.num_threads,
        "tree_method": "hist",
        "verbosity": 0,
    }
    if task.num_outputs > 1:
        settings["num_class"] = task.num_classes
    return settings
