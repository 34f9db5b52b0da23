"""Checks that the parts of a model were made for each other."""

from collections.abc import Sequence

import numpy as np

from training.tables.errors import TableError
from training.tables.features.encoder import TableEncoder
from training.tables.features.feature import FeatureKind
from training.tables.learners.learner import LearningTask
from training.tables.model.input_column import InputColumn
from training.tables.model.target import ModelTarget
from training.tables.printable import name_list
from training.tables.selection.ensemble_model import EnsembleModel

_ADVICE = "The files are not all of the same model: save it again, or train again."


def check_parts(
    encoder: TableEncoder,
    ensemble: EnsembleModel,
    target: ModelTarget,
    inputs: Sequence[InputColumn],
) -> None:
    """Raise TableError that says which part does not fit."""
    _check_inputs(encoder, inputs)
    _check_classes(target)
    tasks = [member.task for model in ensemble.models for member in model.members]
    if not tasks or len(ensemble.weights) != len(ensemble.models):
        raise TableError(f"Expected an ensemble of models with a weight each. {_ADVICE}")
    if min(ensemble.weights) < 0 or not 0 < sum(ensemble.weights) < float("inf"):
        raise TableError(f"Expected weights of 0 or more with a positive sum. {_ADVICE}")
    for task in tasks:
        _check_task(task, encoder, target)


def _check_inputs(encoder: TableEncoder, inputs: Sequence[InputColumn]) -> None:
    described = tuple((column.name, column.kind) for column in inputs)
    encoded = tuple((column.name, column.kind) for column in encoder.columns)
    if described != encoded:
        differing = [name for name, _ in dict.fromkeys(set(described) ^ set(encoded))]
        raise TableError(
            "Expected a description of each column that is encoded, in the same order, but they "
            f"differ{f' in {name_list(sorted(differing))}' if differing else ''}. {_ADVICE}"
        )


def _check_classes(target: ModelTarget) -> None:
    if target.has_classes != bool(target.classes) or len(set(target.classes)) != len(
        target.classes
    ):
        raise TableError(f"Expected different classes, or none for a regression. {_ADVICE}")
    try:
        labels = target.labels
    except ValueError:
        raise TableError(
            f"Expected classes of the type '{target.label_type}', but one has another. {_ADVICE}"
        ) from None
    if len(set(labels)) != len(labels):
        raise TableError(f"Expected different classes, but two are the same label. {_ADVICE}")


def _check_task(task: LearningTask, encoder: TableEncoder, target: ModelTarget) -> None:
    if task.problem_type is not target.problem_type or task.num_classes != len(target.classes):
        raise TableError(
            f"Expected models of a {target.problem_type} problem with {len(target.classes)} "
            f"classes, but one is of a {task.problem_type} problem with {task.num_classes}. "
            f"{_ADVICE}"
        )
    features = encoder.features
    if task.num_features != len(features):
        raise TableError(
            f"Expected models of {len(features)} features, which the encoder gives, but one takes "
            f"{task.num_features}. {_ADVICE}"
        )
    is_category = np.array([item.kind is FeatureKind.CATEGORY for item in features])
    num_categories = np.array([item.num_categories for item in features])
    if not (
        np.array_equal(task.is_categorical, is_category)
        and np.array_equal(task.num_categories, num_categories)
    ):
        raise TableError(
            f"Expected models of the categories that the encoder gives, but one differs. {_ADVICE}"
        )
