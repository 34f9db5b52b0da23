"""Trees of scikit-learn predict the same as LightGBM models."""

import numpy as np
import pytest
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)

from tests.training.tables.learners.made_examples import MULTICLASS, REGRESSION, examples
from training.tables.learners.hist_gradient_boosting import HistGradientBoostingLearner
from training.tables.learners.hist_trees import trees_of
from training.tables.learners.learner import LearningTask
from training.tables.learners.lightgbm_model import (
    LightGBMModel,
    TreeInput,
    TreeOutput,
    tree_values,
)
from training.tables.learners.lightgbm_text import model_text
from training.tables.learners.random_forest import RandomForestLearner


@pytest.mark.parametrize("unseen_code", [None, 1])
def test_histogram_gradient_boosting_keeps_its_predictions(unseen_code: int | None) -> None:
    train, others = examples(MULTICLASS), examples(MULTICLASS, 500, seed=1)
    kept = train.values[:, 2] != unseen_code
    model = HistGradientBoostingClassifier(
        max_iter=12, learning_rate=0.3, categorical_features=MULTICLASS.is_categorical
    )
    coded = tree_values(train.values, MULTICLASS, TreeInput.MISSING_AS_CODE)
    model.fit(coded[kept], train.targets[kept])
    text = model_text(
        trees_of(model, MULTICLASS, MULTICLASS.is_categorical, 12), num_features=4, num_outputs=3
    )
    kept_model = LightGBMModel(
        "hist_gradient_boosting", MULTICLASS, text, rounds=12, output=TreeOutput.LOG_ODDS,
        tree_input=TreeInput.MISSING_AS_CODE,
    )  # fmt: skip
    expected = model.predict_proba(
        tree_values(others.values, MULTICLASS, TreeInput.MISSING_AS_CODE)
    )
    assert kept_model.predict(others.values) == pytest.approx(expected, abs=1e-9)


def test_histogram_gradient_boosting_takes_more_categories_than_bins() -> None:
    draw = np.random.default_rng(0)
    task = LearningTask(
        problem_type=REGRESSION.problem_type,
        num_classes=0,
        is_categorical=np.array([True, True]),
        num_categories=np.array([1000, 3]),
    )
    known = examples(REGRESSION)
    values = np.column_stack([draw.integers(0, 1000, 240), draw.integers(0, 3, 240)]).astype(float)
    values[:20] = np.nan
    model = HistGradientBoostingLearner().fit(
        task, type(known)(values, known.targets), None, {"max_iter": 5}
    )
    assert model.contributions(values).sum(axis=2) == pytest.approx(model.margin(values))


@pytest.mark.parametrize("task", [MULTICLASS, REGRESSION], ids=["classes", "numbers"])
def test_a_forest_keeps_its_predictions(task: LearningTask) -> None:
    train, others = examples(task), examples(task, 500, seed=1)
    kept_model = RandomForestLearner().fit(task, train, None, {"n_estimators": 25})
    kind = RandomForestClassifier if task.has_classes else RandomForestRegressor
    params = RandomForestLearner().check({"n_estimators": 25}, task)
    model = kind(**params, random_state=task.seed).fit(train.values, train.targets)
    expected = (
        model.predict_proba(others.values)
        if task.has_classes
        else model.predict(others.values)[:, np.newaxis]
    )
    assert kept_model.predict(others.values) == pytest.approx(expected, abs=1e-9)
