"""Checks the hyperparameters of a fine-tuning against the models that it continues."""

from collections.abc import Mapping
from typing import Any

from training.tables.errors import TableError
from training.tables.learners.hyperparameter import Params
from training.tables.learners.learner import Learner, LearningTask
from training.tables.learners.registry import learner_named
from training.tables.printable import name_list
from training.tables.selection.ensemble_model import EnsembleModel


def continued_params(
    ensemble: EnsembleModel, task: LearningTask, given: Mapping[str, Any]
) -> Mapping[str, Params]:
    """The complete hyperparameters of each learner of the ensemble that can continue, by its name.

    A given one is for all learners that have it; those that nobody gave are the defaults.
    Raises TableError if no model can continue, no continued model has a given hyperparameter or
    can still change it, or a value is not allowed.
    """
    names = dict.fromkeys(model.learner_name for model in ensemble.models)
    learners = [learner_named(name) for name in names]
    continuing = [learner for learner in learners if learner.can_continue]
    if not continuing:
        titles = ", ".join(learner.title for learner in learners)
        raise TableError(
            f"Expected a model that can be continued, but this one is of {titles}, which cannot. "
            "Train a new model on the rows of both tables."
        )
    changeable = {learner.name: _changeable(learner, task) for learner in continuing}
    known = dict.fromkeys(name for names in changeable.values() for name in names)
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise TableError(
            f"Expected hyperparameters that the continued models have, but got {name_list(unknown)}. "
            f"{' '.join(_what_there_is(learner, changeable[learner.name]) for learner in continuing)}"
        )
    return {
        learner.name: learner.check(
            {name: it for name, it in given.items() if name in changeable[learner.name]}, task
        )
        for learner in continuing
    }


def _changeable(learner: Learner, task: LearningTask) -> list[str]:
    return [
        item.name
        for item in learner.hyperparameters(task)
        if item.name not in learner.kept_by_continuing
    ]


def _what_there_is(learner: Learner, names: list[str]) -> str:
    kept = "".join(f"; it keeps its {name}" for name in learner.kept_by_continuing)
    return f"{learner.title} has {', '.join(names)}{kept}."
