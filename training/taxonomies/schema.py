"""Validates the contents of a taxonomy file; its errors name the file and the field."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import (
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

# Class and condition names become parts of MLflow metric names (`per_class/<Class>`).
MetricSafeName = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[\w.\- :]+$", max_length=200)
]
Sensitivity = Annotated[float, Field(gt=0, le=1, strict=True, allow_inf_nan=False)]


def _name_or_index(value: object) -> int | str:
    # bool is a subclass of int, but `true` in a list of classes is a mistake.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PydanticCustomError("class_reference", "expected the name or the index of a class")
    return value


ClassReference = Annotated[int | str, PlainValidator(_name_or_index)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassEntry(_Entry):
    """One class; its name is also the name of its folder."""

    name: MetricSafeName
    modality: Literal["fundus", "oct", "other"]


class ConditionEntry(_Entry):
    """One critical condition; `classes` are names or indices of the file's classes."""

    name: MetricSafeName
    classes: tuple[ClassReference, ...] = Field(min_length=1)
    min_sensitivity: Sensitivity


class TaxonomyEntry(_Entry):
    """The contents of a taxonomy file."""

    name: MetricSafeName
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
        raise DataError("; ".join(_messages(error, origin))) from None
    problems = [*_class_problems(entry), *_condition_problems(entry)]
    if problems:
        raise DataError("; ".join(f"{origin}: {problem}" for problem in problems))
    return entry


def _messages(error: ValidationError, origin: str) -> Iterable[str]:
    for item in error.errors():
        if _is_consequence(item):
            continue
        message = f"{origin}: {_field_name(item['loc'])}: {_expectation(item)}"
        yield message if item["type"] == "missing" else f"{message}, but got {item['input']!r:.80}"


def _is_consequence(item: ErrorDetails) -> bool:
    """Whether pydantic reports a list as too short only because it dropped invalid entries."""
    return item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]


def _expectation(item: ErrorDetails) -> str:
    match item["type"]:
        case "missing":
            return "expected this field, but it is missing"
        case "extra_forbidden":
            return "expected no such field"
        case "model_type":
            return "expected a mapping of field names to values"
        case "too_short":
            return f"expected at least {item['ctx']['min_length']}"
        case "string_pattern_mismatch":
            return "expected only letters, digits, '_', '-', '.', ':' and spaces, as in MLflow metric names"
        case _:
            return item["msg"].replace("Input should be", "expected")


def _field_name(location: tuple[int | str, ...]) -> str:
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return name.removeprefix(".") or "the whole document"


def _class_problems(entry: TaxonomyEntry) -> Iterable[str]:
    first_indices: dict[str, int] = {}
    for index, item in enumerate(entry.classes):
        if item.name in first_indices:
            yield (
                f"classes[{index}].name: expected each class once, "
                f"but {item.name!r} is also classes[{first_indices[item.name]}]"
            )
        first_indices.setdefault(item.name, index)


def _condition_problems(entry: TaxonomyEntry) -> Iterable[str]:
    names: set[str] = set()
    for position, item in enumerate(entry.critical_conditions):
        field = f"critical_conditions[{position}]"
        if item.name in names:
            yield f"{field}.name: expected each condition once, but {item.name!r} is repeated"
        names.add(item.name)
        unknown = [ref for ref in item.classes if not _is_class(ref, entry)]
        if unknown:
            yield (
                f"{field}.classes: expected class names or indices 0 to "
                f"{len(entry.classes) - 1}, but got {unknown}"
            )
        elif len(set(entry.indices_of(item))) < len(item.classes):
            yield f"{field}.classes: expected each class once, but got {list(item.classes)}"


def _is_class(ref: int | str, entry: TaxonomyEntry) -> bool:
    if isinstance(ref, str):
        return any(ref == item.name for item in entry.classes)
    return 0 <= ref < len(entry.classes)
