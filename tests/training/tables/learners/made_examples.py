"""Small made examples with numbers, categories and missing values."""

import numpy as np

from training.tables.labels import Floats
from training.tables.learners.learner import Examples, LearningTask
from training.tables.targets.problem_type import ProblemType

NUM_CATEGORIES = 5
NUM_FEATURES = 4


def task_of(problem_type: ProblemType, num_classes: int = 0) -> LearningTask:
    return LearningTask(
        problem_type=problem_type,
        num_classes=num_classes,
        is_categorical=np.array([False, False, True, False]),
        num_categories=np.array([0, 0, NUM_CATEGORIES, 0]),
        seed=3,
        num_threads=1,
    )


BINARY = task_of(ProblemType.BINARY, 2)
MULTICLASS = task_of(ProblemType.MULTICLASS, 3)
REGRESSION = task_of(ProblemType.REGRESSION)
TASKS = (BINARY, MULTICLASS, REGRESSION)


def examples(task: LearningTask, num_rows: int = 240, seed: int = 0) -> Examples:
    """Numbers at 0, 1 and 3, a category at 2; a tenth of all values is missing."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(num_rows, NUM_FEATURES))
    values[:, 1] = np.exp(3 * values[:, 1])
    values[:, 2] = draw.integers(0, NUM_CATEGORIES, num_rows)
    score = values[:, 0] + np.log(values[:, 1]) / 3 + np.where(values[:, 2] % 2, 1.0, -1.0)
    values[draw.random(values.shape) < 0.1] = np.nan
    return Examples(values, targets(task, score))


def targets(task: LearningTask, score: Floats) -> Floats:
    if not task.has_classes:
        return 1000 + 50 * score
    edges = np.quantile(score, np.linspace(0, 1, task.num_classes + 1)[1:-1])
    return np.searchsorted(edges, score).astype(np.float64)


QUICK: dict[str, dict[str, object]] = {
    "catboost": {"iterations": 25, "depth": 3, "learning_rate": 0.3},
    "lightgbm": {"n_estimators": 25, "learning_rate": 0.3},
    "xgboost": {"n_estimators": 25, "learning_rate": 0.3},
    "hist_gradient_boosting": {"max_iter": 25, "learning_rate": 0.3},
    "random_forest": {"n_estimators": 15, "min_samples_leaf": 2},
    "linear": {},
    "neural_network": {"max_iter": 20, "hidden_layer_sizes": "32", "learning_rate_init": 0.01},
}
"""Hyperparameters with which each learner learns these examples within a tenth of a second."""
