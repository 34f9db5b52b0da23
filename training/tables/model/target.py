"""Describes what a model predicts, and gives labels the type they have in the table."""

from enum import StrEnum
from functools import cached_property

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from training.tables.descriptions import TypedTable
from training.tables.labels import Floats
from training.tables.target import TargetChoice
from training.tables.targets.problem_type import ProblemType

Label = bool | int | float | str
"""A predicted class or number, of the type of the target."""


class LabelType(StrEnum):
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"


class ModelTarget(BaseModel):
    """The target column; a regression predicts numbers, also of whole ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    problem_type: ProblemType
    classes: tuple[str, ...] = Field(max_length=100_000)
    """As text, in the order of their codes; empty for a regression."""
    label_type: LabelType
    unit: str | None = None

    @property
    def has_classes(self) -> bool:
        return self.problem_type is not ProblemType.REGRESSION

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """The classes with the type of the target. Raises ValueError if one does not have it."""
        return tuple(_label(text, self.label_type) for text in self.classes)

    def labels_of(self, predicted: Floats) -> tuple[Label, ...]:
        """The predicted numbers, or the classes of the greatest probabilities."""
        if not self.has_classes:
            return tuple(predicted[:, 0].tolist())
        labels = self.labels
        return tuple(labels[code] for code in predicted.argmax(axis=1))


def describe_target(typed: TypedTable, choice: TargetChoice) -> ModelTarget:
    """The target as the model keeps it."""
    is_regression = choice.problem_type is ProblemType.REGRESSION
    kind = typed.table.schema.field(choice.column).type
    return ModelTarget(
        column=choice.column,
        problem_type=choice.problem_type,
        classes=tuple(choice.classes),
        label_type=LabelType.NUMBER if is_regression else _label_type(kind),
        unit=typed.column(choice.column).unit,
    )


def _label_type(kind: pa.DataType) -> LabelType:
    if pa.types.is_boolean(kind):
        return LabelType.BOOLEAN
    if pa.types.is_integer(kind):
        return LabelType.INTEGER
    return LabelType.NUMBER if pa.types.is_floating(kind) else LabelType.TEXT


def _label(text: str, kind: LabelType) -> Label:
    match kind:
        case LabelType.BOOLEAN:
            if text not in ("true", "false"):
                raise ValueError("a boolean class is true or false")
            return text == "true"
        case LabelType.INTEGER:
            return int(text)
        case LabelType.NUMBER:
            return float(text)
    return text
