"""Turns features into the dense, scaled inputs of linear models and neural networks."""

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

from training.tables.labels import Floats, Integers
from training.tables.learners.learner import LearningTask

MAX_QUANTILES = 1000
MAX_SAMPLED_ROWS = 100_000
"""By which quantiles are found."""
MAX_CATEGORIES = 50
"""Of a feature; rarer ones share an input."""


def fit_inputs(task: LearningTask, values: Floats) -> ColumnTransformer:
    """Numbers get a normal distribution by their quantiles, categories an input each.

    A missing number is the median, with an input that says so if training has missing ones. A
    missing category has 0 in all inputs.
    """
    numbers, categories = np.flatnonzero(~task.is_categorical), np.flatnonzero(task.is_categorical)
    scaled = make_pipeline(
        QuantileTransformer(
            n_quantiles=max(2, min(MAX_QUANTILES, len(values))),
            output_distribution="normal",
            subsample=MAX_SAMPLED_ROWS,
            random_state=task.seed,
        ),
        SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True),
    )
    one_hot = OneHotEncoder(
        handle_unknown="ignore",
        max_categories=MAX_CATEGORIES,
        sparse_output=False,
        dtype=np.float64,
    )
    known = filled(task, values)
    # Quantiles need a value; the inputs of an empty feature stay constant.
    known[:, np.isnan(known).all(axis=0)] = 0
    inputs = ColumnTransformer([("numbers", scaled, numbers), ("categories", one_hot, categories)])
    return inputs.fit(known)


def dense_inputs(inputs: ColumnTransformer, task: LearningTask, values: Floats) -> Floats:
    """The inputs of these rows, (num_rows, num_inputs)."""
    return np.asarray(inputs.transform(filled(task, values)), np.float64)


def filled(task: LearningTask, values: Floats) -> Floats:
    """The values with -1 as the code of a missing category, which the encoder knows or ignores."""
    return np.where(np.isnan(values) & task.is_categorical, -1.0, values)


def feature_of_inputs(inputs: ColumnTransformer, task: LearningTask) -> Integers:
    """(num_inputs,): the feature that each input is made from."""
    numbers, categories = np.flatnonzero(~task.is_categorical), np.flatnonzero(task.is_categorical)
    features: list[Integers] = []
    if len(numbers):
        indicator: Any = inputs.named_transformers_["numbers"][-1].indicator_
        features += [numbers, numbers[indicator.features_]]
    if len(categories):
        names = inputs.named_transformers_["categories"].get_feature_names_out(
            [str(at) for at in categories]
        )
        features.append(np.array([int(name.split("_")[0]) for name in names], np.int64))
    return np.concatenate(features)
