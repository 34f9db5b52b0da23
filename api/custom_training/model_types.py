"""The names that clients give to kinds of models, and the learners that they stand for."""

from collections.abc import Mapping

from api.jobs.learners import learner_schemas
from api.jobs.params import refusal

AUTOMATIC = ("auto", "automatic", "ensemble")
"""All learners are tried, and the best are combined."""

_OTHER_NAMES: Mapping[str, str] = {
    "xgb": "xgboost",
    "lgbm": "lightgbm",
    "lightgbmclassifier": "lightgbm",
    "cat_boost": "catboost",
    "rf": "random_forest",
    "randomforest": "random_forest",
    "linear_regression": "linear",
    "logistic": "linear",
    "logistic_regression": "linear",
    "ridge": "linear",
    "gradient_boosting": "hist_gradient_boosting",
    "mlp": "neural_network",
    "neural_net": "neural_network",
    "nn": "neural_network",
}


def learner_of(model_type: str) -> str | None:
    """The learner of that name; None if all are to be tried.

    Raises RequestValidationError that lists the names if there is no such model.
    """
    name = model_type.strip().lower().replace(" ", "_").replace("-", "_")
    if name in AUTOMATIC:
        return None
    learner = _OTHER_NAMES.get(name, name)
    if learner not in learner_schemas():
        known = ", ".join((*learner_schemas(), "logistic_regression", AUTOMATIC[0]))
        shown = f"there is no {model_type[:64]!r}; " if name else ""
        raise refusal(("body", "model_type"), f"{shown}one of {known} was expected")
    return learner
