"""The learners by name."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from training.tables.errors import TableError
from training.tables.learners.catboost_learner import CatBoostLearner
from training.tables.learners.hist_gradient_boosting import HistGradientBoostingLearner
from training.tables.learners.learner import FittedModel, Learner
from training.tables.learners.lightgbm_learner import LightGBMLearner
from training.tables.learners.linear import LinearLearner
from training.tables.learners.model_folder import read_description
from training.tables.learners.neural_network import NeuralNetworkLearner
from training.tables.learners.random_forest import RandomForestLearner
from training.tables.learners.xgboost_learner import XGBoostLearner
from training.tables.printable import printable

_LEARNERS: tuple[Learner, ...] = (
    LinearLearner(),
    LightGBMLearner(),
    XGBoostLearner(),
    HistGradientBoostingLearner(),
    RandomForestLearner(),
    CatBoostLearner(),
    NeuralNetworkLearner(),
)
LEARNERS: Mapping[str, Learner] = MappingProxyType({item.name: item for item in _LEARNERS})
"""Those that are usually quick come first."""


def learner_named(name: str) -> Learner:
    """Raises TableError that lists the names if there is no such learner."""
    if name not in LEARNERS:
        raise TableError(
            f"Expected one of the models {', '.join(LEARNERS)}, but '{printable(name)}' came."
        )
    return LEARNERS[name]


def load_model(folder: Path) -> FittedModel:
    """The model that any learner saved in this folder; TableError if there is none."""
    description = read_description(folder)
    return learner_named(description.learner).load(folder, description.task.task())
