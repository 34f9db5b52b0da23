"""Scores columns together with a small boosted model, on rows that it did not see."""

import warnings
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from training.tables.labels import Booleans, Floats, Integers, Labels
from training.tables.leaks.bin_score import NO_SCORE, rank_score
from training.tables.leaks.scoring_features import ScoringFeatures
from training.tables.splits.table_split import Fold

NUM_ROUNDS = 60
LEARNING_RATE = 0.12
MAX_TREES = 360
"""Each round makes a tree for each of more than two classes, so many classes have fewer rounds."""
_MIN_ROUNDS = 8
_MAX_LEAVES = 15
_MAX_BINS = 64
"""A quarter of the usual bins and half of the leaves take a third of the time for the same score."""
_MIN_ROWS_OF_LEAF = 20


class ModelScore(BaseModel):
    """What a model reaches with some columns, on validated rows, averaged over the folds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_columns: int
    score: float
    """As in `BinScore.mean`: from 0.5 to 1, area under the ROC curve or rank correlation."""
    macro_f1: float | None = None
    """Of all classes that training has; None for a regression."""
    accuracy: float | None = None
    r2: float | None = None
    """The coefficient of determination; None with classes."""


def score_model(
    features: ScoringFeatures, labels: Labels, folds: Sequence[Fold], *, seed: int = 0
) -> ModelScore:
    """The score of histogram gradient boosting with few rounds (Ke et al. 2017, LightGBM).

    The same input gives the same score. Without features, the score is that of chance.
    """
    num_columns = len(set(features.columns))
    scores = [_score_fold(features, labels, fold, num_columns, seed) for fold in folds]
    found = [score for score in scores if score is not None]
    if not found:
        return ModelScore(num_columns=num_columns, score=NO_SCORE.mean)
    return ModelScore(
        num_columns=num_columns,
        score=float(np.mean([item.score for item in found])),
        macro_f1=_average([item.macro_f1 for item in found]),
        accuracy=_average([item.accuracy for item in found]),
        r2=_average([item.r2 for item in found]),
    )


def _average(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return float(np.mean(present)) if present else None


def _score_fold(
    features: ScoringFeatures, labels: Labels, fold: Fold, num_columns: int, seed: int
) -> ModelScore | None:
    train, validation = features.train_and_validation(fold.train, fold.validation)
    numbers = labels.numbers
    if not train.shape[1] or not len(validation) or len(np.unique(numbers[fold.train])) < 2:
        return None
    settings = {
        "max_iter": max(_MIN_ROUNDS, min(NUM_ROUNDS, MAX_TREES // max(1, len(labels.classes)))),
        "learning_rate": LEARNING_RATE,
        "max_leaf_nodes": _MAX_LEAVES,
        "max_bins": _MAX_BINS,
        "min_samples_leaf": min(_MIN_ROWS_OF_LEAF, max(2, len(train) // 20)),
        "categorical_features": features.is_category,
        "early_stopping": False,
        "random_state": seed,
    }
    with warnings.catch_warnings():
        # A column without a value in training is no reason to warn.
        warnings.simplefilter("ignore")
        if labels.has_classes:
            model = HistGradientBoostingClassifier(**settings)
            model.fit(train, labels.strata[fold.train])
            probabilities = model.predict_proba(validation)
            return _score_classes(
                probabilities, model.classes_, labels.strata[fold.validation], num_columns
            )
        model = HistGradientBoostingRegressor(**settings).fit(train, numbers[fold.train])
        return _score_numbers(model.predict(validation), numbers[fold.validation], num_columns)


def _score_classes(
    probabilities: Floats, learned: Integers, true: Integers, num_columns: int
) -> ModelScore | None:
    areas = [area(probabilities[:, at], true == code) for at, code in enumerate(learned)]
    present = [value for value in areas if value is not None]
    if not present:
        return None
    predicted = learned[probabilities.argmax(axis=1)]
    classes = np.union1d(learned, true)
    hits = np.array([((predicted == code) & (true == code)).sum() for code in classes])
    sizes = np.array([(predicted == code).sum() + (true == code).sum() for code in classes])
    return ModelScore(
        num_columns=num_columns,
        score=float(np.mean(present)),
        macro_f1=float(np.mean(2 * hits[sizes > 0] / sizes[sizes > 0])),
        accuracy=float((predicted == true).mean()),
    )


def area(scores: Floats, is_positive: Booleans) -> float | None:
    """The area under the ROC curve; None if all rows are of one kind."""
    num_positive = int(is_positive.sum())
    num_negative = len(scores) - num_positive
    if not num_positive or not num_negative:
        return None
    above = rankdata(scores)[is_positive].sum() - num_positive * (num_positive + 1) / 2
    return float(above / (num_positive * num_negative))


def _score_numbers(predicted: Floats, true: Floats, num_columns: int) -> ModelScore | None:
    score = rank_score(predicted, true)
    if score is None:
        return None
    residual = float(((true - predicted) ** 2).sum())
    total = float(((true - true.mean()) ** 2).sum())
    r2 = 1 - residual / total if np.isfinite(residual) and np.isfinite(total) and total else None
    return ModelScore(num_columns=num_columns, score=score.mean, r2=r2)
