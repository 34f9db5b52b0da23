"""Random forest of scikit-learn (Breiman 2001)."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

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
from training.tables.learners.lightgbm_text import TreeNodes, model_text
from training.tables.learners.model_folder import ModelDescription

TREES_AT_ONCE = 10
"""Between two looks at `should_stop`."""
_LEAVES_OF_OUTPUTS = 1500
"""An explanation passes each node of each tree, once for each output."""
_MIN_LEAVES = 128


class RandomForestLearner(LibraryLearner):
    """Takes codes of categories as numbers.

    Its trees are kept as a LightGBM model, which does not depend on scikit-learn's version.
    """

    name: ClassVar[str] = "random_forest"
    title: ClassVar[str] = "Random forest"

    def hyperparameters(self, task: LearningTask | None = None) -> tuple[Hyperparameter, ...]:
        num_outputs = 1 if task is None else task.num_outputs
        most_leaves = max(_MIN_LEAVES, _LEAVES_OF_OUTPUTS // num_outputs)
        return (
            Hyperparameter(
                name="n_estimators", type="int", default=100, minimum=1, maximum=2000,
                description="The number of trees.",
            ),
            Hyperparameter(
                name="max_depth", type="int", default=24, minimum=1, maximum=64,
                description="The greatest depth of a tree.",
            ),
            Hyperparameter(
                name="max_leaf_nodes", type="int", default=most_leaves, minimum=2, maximum=100_000,
                description="The most leaves of a tree.",
            ),
            Hyperparameter(
                name="min_samples_leaf", type="int", default=5, minimum=1, maximum=100_000,
                description="The fewest rows of a leaf.",
            ),
            Hyperparameter(
                name="min_samples_split", type="int", default=2, minimum=2, maximum=100_000,
                description="The fewest rows of a node that is split.",
            ),
            Hyperparameter(
                name="max_features", type="float", default=0.3, minimum=0.01, maximum=1,
                description="The share of features that a split sees.",
            ),
            Hyperparameter(
                name="bootstrap", type="bool", default=True,
                description="Whether each tree sees rows drawn with replacement.",
            ),
        )  # fmt: skip

    def suggest(self, trial: Suggestions, task: LearningTask) -> Params:
        return {
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 20, log=True),
            "max_features": trial.suggest_float("max_features", 0.1, 1.0),
            "bootstrap": trial.suggest_categorical("bootstrap", [True, False]),
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
        kind = RandomForestClassifier if task.has_classes else RandomForestRegressor
        most_trees = int(params["n_estimators"])
        model: Any = kind(
            **{**params, "n_estimators": 0},
            warm_start=True,
            n_jobs=task.num_threads,
            random_state=task.seed,
        )
        values = tree_values(train.values, task, TreeInput.SINGLE_PRECISION).astype(np.float32)
        while model.n_estimators < most_trees:
            model.n_estimators = min(model.n_estimators + TREES_AT_ONCE, most_trees)
            model.fit(values, train.targets)
            if should_stop(model.n_estimators):
                break
        text = model_text(
            [tree for grown in model.estimators_ for tree in _trees(grown.tree_, task, model)],
            num_features=task.num_features,
            num_outputs=task.num_outputs,
        )
        return LightGBMModel(
            self.name,
            task,
            text,
            rounds=model.n_estimators,
            output=TreeOutput.PROBABILITY if task.has_classes else TreeOutput.NUMBER,
            tree_input=TreeInput.SINGLE_PRECISION,
        )

    def _load(self, folder: Path, task: LearningTask, description: ModelDescription) -> FittedModel:
        return LightGBMModel.load(folder, task, description)


def _trees(grown: Any, task: LearningTask, model: Any) -> list[TreeNodes]:
    """One tree for each output, with the same splits."""
    # (num_nodes, num_classes) shares, or (num_nodes, 1) means.
    values = grown.value[:, 0, :]
    outputs = values[:, 1:] if task.num_classes == 2 else values
    return [
        TreeNodes(
            is_leaf=grown.children_left < 0,
            feature=grown.feature,
            threshold=grown.threshold,
            missing_goes_left=grown.missing_go_to_left == 1,
            left=grown.children_left,
            right=grown.children_right,
            value=output / model.n_estimators,
            count=np.rint(grown.weighted_n_node_samples).astype(np.int64),
        )
        for output in outputs.T
    ]
