"""Validates the contents of a taxonomy file; its errors name file and field, and quote no value.

A path in a request may lead to any file, so an error must not show what is in it.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictStr,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from training.errors import DataError
from training.taxonomies.field_errors import MAX_NAMED_ERRORS, expectation, field_name
from training.taxonomies.names import MAX_NAME_CHARS, composed, metric_part, name_problem


def _class_name(text: str) -> str:
    name = composed(text)
    if (problem := name_problem(name)) is not None:
        raise PydanticCustomError("class_name", "{problem}", {"problem": problem})
    return name


def _condition_name(text: str) -> str:
    # Alert rules name the metrics of a condition, so these keep its name as it is.
    name = _class_name(text)
    if metric_part(name) != name:
        raise PydanticCustomError(
            "condition_name",
            "expected only letters, digits, '_', '-', '.', ':' and spaces, "
            "which MLflow accepts in the names of metrics",
        )
    return name


_Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_NAME_CHARS)]
ClassName = Annotated[_Text, AfterValidator(_class_name)]
ConditionName = Annotated[_Text, AfterValidator(_condition_name)]
Sensitivity = Annotated[float, Field(gt=0, le=1, strict=True, allow_inf_nan=False)]


def _name_or_index(value: object) -> int | str:
    # bool is a subclass of int, but `true` in a list of classes is a mistake.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PydanticCustomError("class_reference", "expected the name or the index of a class")
    return composed(value) if isinstance(value, str) else value


ClassReference = Annotated[int | str, PlainValidator(_name_or_index)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassEntry(_Entry):
    """One class; its name is also the name of its folder."""

    name: ClassName
    modality: Literal["fundus", "oct", "other"]


class ConditionEntry(_Entry):
    """One critical condition; `classes` are names or indices of the file's classes."""

    name: ConditionName
    classes: tuple[ClassReference, ...] = Field(min_length=1)
    min_sensitivity: Sensitivity


class TaxonomyEntry(_Entry):
    """The contents of a taxonomy file."""

    name: ConditionName
    source: StrictStr = ""
    classes: tuple[ClassEntry, ...] = Field(min_length=2)
    critical_conditions: tuple[ConditionEntry, ...] = ()

    def indices_of(self, condition: ConditionEntry) -> tuple[int, ...]:
        """Indices of the condition's classes, ascending; only for a valid taxonomy."""
        names = [item.name for item in self.classes]
        return tuple(
            sorted(names.index(ref) if isinstance(ref, str) else ref for ref in condition.classes)
        )


def parse_taxonomy(values: object, *, origin: str) -> TaxonomyEntry:
    """Validate `values`; raises DataError with every invalid field, each after `origin`."""
    try:
        entry = TaxonomyEntry.model_validate(values)
    except ValidationError as error:
        if not isinstance(values, dict) or "classes" not in values:
            raise DataError(
                f"{origin}: classes: expected a taxonomy with this field, but it is missing"
            ) from None
        messages = list(islice(_messages(error, origin), MAX_NAMED_ERRORS + 1))
        if len(messages) > MAX_NAMED_ERRORS:
            messages[MAX_NAMED_ERRORS] = "and more"
        raise DataError("; ".join(messages)) from None
    problems = [*_class_problems(entry), *_condition_problems(entry)]
    if problems:
        raise DataError("; ".join(f"{origin}: {problem}" for problem in problems))
    return entry


def _messages(error: ValidationError, origin: str) -> Iterable[str]:
    for item in error.errors():
        if _is_consequence(item):
            continue
        field = field_name(item["loc"]) or "the whole document"
        yield f"{origin}: {field}: {_expectation(item)}"


def _is_consequence(item: ErrorDetails) -> bool:
    """Whether pydantic reports a list as too short only because it dropped invalid entries."""
    return item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]


def _expectation(error: ErrorDetails) -> str:
    if error["type"] == "model_type":
        return "expected a mapping of field names to values"
    return expectation(error)


def _class_problems(entry: TaxonomyEntry) -> Iterable[str]:
    first_indices: dict[str, int] = {}
    for index, item in enumerate(entry.classes):
        if item.name in first_indices:
            yield (
                f"classes[{index}].name: expected each class once, "
                f"but classes[{first_indices[item.name]}] has the same name"
            )
        first_indices.setdefault(item.name, index)


def _condition_problems(entry: TaxonomyEntry) -> Iterable[str]:
    names: set[str] = set()
    for position, item in enumerate(entry.critical_conditions):
        field = f"critical_conditions[{position}]"
        if item.name in names:
            yield f"{field}.name: expected each condition once, but its name is repeated"
        names.add(item.name)
        if not all(_is_class(ref, entry) for ref in item.classes):
            last = len(entry.classes) - 1
            yield f"{field}.classes: expected names of classes above or indices 0 to {last}"
        elif len(set(entry.indices_of(item))) < len(item.classes):
            yield f"{field}.classes: expected each class once"


def _is_class(ref: int | str, entry: TaxonomyEntry) -> bool:
    if isinstance(ref, str):
        return any(ref == item.name for item in entry.classes)
    return 0 <= ref < len(entry.classes)
